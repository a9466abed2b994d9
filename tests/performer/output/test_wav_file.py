import pathlib
import wave

import numpy as np
import pytest
import soundfile

from performer.errors import PerformerError
from performer.output.wav_file import pcm24, write_wav

RATE = 48_000


def test_pcm24_hits_full_scale_and_clips(tmp_path: pathlib.Path) -> None:
    block = np.array([[0, 1], [-1, 2], [-0.5, 1 / (2**23 - 1)]], np.float32)
    path = tmp_path / "x.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 3, RATE, 0, "NONE", ""))
        file.writeframes(pcm24(block))
    integers, _ = soundfile.read(path, dtype="int32")
    top = 2**23 - 1
    np.testing.assert_array_equal(integers >> 8, [[0, top], [-top, top], [-(2**22), 1]])


def test_a_wav_is_written_whole_or_not_at_all(rng: np.random.Generator, tmp_path: pathlib.Path) -> None:
    audio = rng.uniform(-1, 1, (1000, 2)).astype(np.float32)
    path = tmp_path / "a.wav"
    write_wav(path, audio, sample_rate=48_000)
    first = path.read_bytes()
    write_wav(path, audio, sample_rate=48_000)
    assert path.read_bytes() == first
    read, rate = soundfile.read(path)
    assert rate == 48_000
    np.testing.assert_allclose(read, audio, atol=2**-22)
    with pytest.raises(PerformerError, match=r"nowhere/a.wav: No such file or directory"):
        write_wav(tmp_path / "nowhere" / "a.wav", audio, sample_rate=48_000)
    assert list(tmp_path.iterdir()) == [path]
