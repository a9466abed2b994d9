import pathlib
import wave

import numpy as np
import pytest
import soundfile

from performer.errors import PerformerError
from performer.output import wav_file
from performer.output.file_output import FileOutput
from tests.performer.conftest import Ramp

RATE = 48_000


def underrun() -> None:
    raise RuntimeError("a block was given up")


def test_a_file_is_whole_at_every_moment_and_holds_every_sample(tmp_path: pathlib.Path) -> None:
    ramp, path = Ramp(), tmp_path / "set.wav"
    output = FileOutput(path, render=ramp, underrun=underrun, sample_rate=RATE).start()
    assert ramp.enough.wait(10)
    while_open, _ = soundfile.read(path)  # as after kill -9
    output.close()
    audio, rate = soundfile.read(path)
    assert rate == RATE
    assert len(while_open) >= 8192
    assert len(audio) == ramp.at
    np.testing.assert_allclose(audio[:, 0], (np.arange(len(audio)) % 1000) / 1000, atol=1e-6)
    np.testing.assert_allclose(audio[:, 1], -audio[:, 0])


def test_a_file_is_never_overwritten(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "set.wav"
    path.write_bytes(b"a set of last year")
    with pytest.raises(PerformerError, match=r"set.wav: the file exists, a new one is needed"):
        FileOutput(path, render=Ramp(), underrun=underrun, sample_rate=RATE)
    assert path.read_bytes() == b"a set of last year"


def test_a_folder_that_is_not_there_is_one_line(tmp_path: pathlib.Path) -> None:
    with pytest.raises(PerformerError, match=r"nowhere/set.wav: No such file or directory; .* choose another path"):
        FileOutput(tmp_path / "nowhere" / "set.wav", render=Ramp(), underrun=underrun, sample_rate=RATE)


def test_a_full_disk_is_told_counted_and_waited_for_and_the_recording_goes_on(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lost: list[int] = []
    output = FileOutput(tmp_path / "set.wav", render=Ramp(), underrun=lambda: lost.append(1), sample_rate=RATE)
    block = np.full((4096, 2), 0.5, np.float32)
    output.write(block)
    full = True

    def write_frames(self: wave.Wave_write, data: bytes) -> None:
        if full:
            raise OSError(28, "No space left on device")
        whole(self, data)

    whole = wave.Wave_write.writeframes
    monkeypatch.setattr(wave.Wave_write, "writeframes", write_frames)
    for _ in range(5):
        output.write(block)
    assert len(lost) == 5
    assert capsys.readouterr().err.count("\n") == 1
    full = False
    output.recording.retry_s = 0.0
    output.write(block)
    assert "the recording goes on in" in capsys.readouterr().err
    output.recording.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set-2.wav", "set.wav"]
    assert len(soundfile.read(tmp_path / "set.wav")[0]) == 4096
    assert len(soundfile.read(tmp_path / "set-2.wav")[0]) == 4096


def test_a_file_that_is_full_is_followed_by_the_next(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav_file, "MAX_BYTES", 8000 * 6)
    output = FileOutput(tmp_path / "set.wav", render=Ramp(), underrun=underrun, sample_rate=RATE)
    for _ in range(5):
        output.write(np.full((4096, 2), 0.5, np.float32))
    output.recording.close()
    lengths = {path.name: len(soundfile.read(path)[0]) for path in tmp_path.iterdir()}
    assert lengths == {"set.wav": 8192, "set-2.wav": 8192, "set-3.wav": 4096}


def test_a_recording_begins_with_the_first_sound(tmp_path: pathlib.Path) -> None:
    output = FileOutput(tmp_path / "set.wav", render=Ramp(), underrun=underrun, sample_rate=RATE)
    for level in (0.0, 0.0, 0.5, 0.0):
        output.write(np.full((4096, 2), level, np.float32))
    output.recording.close()
    assert len(soundfile.read(tmp_path / "set.wav")[0]) == 2 * 4096
