"""A folder of audio files -> loops."""

import pathlib

import numpy as np
import pytest
import soundfile

from training.errors import TrainingError
from training.vocoder_evaluation.real_loops import make_loop, read_real_loops


def test_longer_sound_is_cut_and_its_end_leads_into_its_beginning() -> None:
    ramp = np.linspace(0, 1, 250_000)
    loop = make_loop(ramp)
    assert loop.shape == (192_000,)
    assert loop.dtype == np.float32
    np.testing.assert_allclose(loop[2400:], ramp[2400:192_000], atol=1e-6)
    assert loop[0] == pytest.approx(ramp[192_000], abs=1e-3)  # what would have come next
    assert np.abs(np.diff(np.append(loop, loop[0]))).max() < 1e-3


@pytest.mark.parametrize(("length", "period"), [(1, 24_000), (24_000, 24_000), (24_001, 48_000), (70_000, 96_000)])
def test_shorter_sound_is_repeated_on_the_beat(length: int, period: int) -> None:
    loop = make_loop(np.full(length, 0.5))
    expected = (np.arange(192_000) % period < length) * 0.5
    np.testing.assert_array_equal(loop, expected)


def test_sound_a_little_over_four_seconds_wraps_and_stays_in_range() -> None:
    loop = make_loop(np.full(193_000, 0.8))
    assert loop[:1000] == pytest.approx(np.ones(1000))
    assert loop[1000:] == pytest.approx(np.full(191_000, 0.5))


def test_folder_is_read_and_broken_files_are_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "sub").mkdir()
    tone = 0.5 * np.sin(2 * np.pi * 441 * np.arange(44_100) / 44_100)
    soundfile.write(tmp_path / "b.wav", np.stack([tone, np.zeros_like(tone)], axis=1), 44_100)
    soundfile.write(tmp_path / "sub" / "a.FLAC", tone[:8000], 48_000, format="FLAC")
    (tmp_path / "broken.flac").write_bytes(b"fLaC and then nothing")
    (tmp_path / "truncated.wav").write_bytes((tmp_path / "b.wav").read_bytes()[:30])
    soundfile.write(tmp_path / "silent.wav", np.zeros(500), 48_000)
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 48_000)
    (tmp_path / "notes.txt").write_text("no audio")
    reported: list[str] = []
    loops = dict(read_real_loops(tmp_path, report=reported.append))
    assert list(loops) == ["b.wav", "sub/a.FLAC"]
    assert [line.split(":")[0].rsplit("/", 1)[1] for line in reported] == [
        "broken.flac",
        "empty.wav",
        "silent.wav",
        "truncated.wav",
    ]
    assert "audio file is needed; remove or repair it" in reported[0]
    assert "0 samples that hold no sound" in reported[1]
    spectrum = np.abs(np.fft.rfft(loops["b.wav"][4000:40_000])) * 2 / 36_000
    assert spectrum.argmax() * 48_000 / 36_000 == pytest.approx(441, abs=1)  # mono and resampled
    assert np.abs(loops["b.wav"][4000:40_000]).max() == pytest.approx(0.25, abs=0.01)


def test_some_of_the_files_are_spread_over_all(tmp_path: pathlib.Path) -> None:
    for index in range(10):
        soundfile.write(tmp_path / f"{index}.wav", np.full(100, 0.1), 48_000)
    names = [name for name, _ in read_real_loops(tmp_path, report=print, n_loops=3)]
    assert names == ["0.wav", "3.wav", "6.wav"]


def test_folder_without_audio_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(TrainingError, match=r"holds no audio file, at least one file \(\.aif, .* is needed; choose"):
        read_real_loops(tmp_path, report=print)
    with pytest.raises(TrainingError, match="missing: no such folder, at least one file"):
        read_real_loops(tmp_path / "missing", report=print)
    for name in ("a.wav", "b.mp3"):
        (tmp_path / name).write_bytes(b"no audio")
    with pytest.raises(TrainingError, match=r"no audio file that can be read \(of 2\), at least one is needed"):
        read_real_loops(tmp_path, report=print)
