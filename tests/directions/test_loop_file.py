"""A file -> the 2-bar loop in it."""

import pathlib

import numpy as np
import pytest
import soundfile

from directions.errors import DirectionError
from directions.loop_file import guess_tempo, list_loops, read_loop


def ramp(path: pathlib.Path, n_samples: int, *, rate: int = 48_000, n_channels: int = 1) -> pathlib.Path:
    """A file whose samples tell where they come from: it rises from -0.5 to 0.5."""
    audio = np.repeat(np.linspace(-0.5, 0.5, n_samples)[:, None], n_channels, axis=1)
    soundfile.write(path, audio, rate, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("duration_s", "tempo_bpm"),
    [(4.0, 120.0), (2.0, 120.0), (8.0, 120.0), (2.824, 85.0), (3.429, 140.0), (1.2, 200.0), (16.0, 60.0)],
)
def test_length_is_1_2_or_4_bars_at_what_comes_nearest_to_120_bpm(duration_s: float, tempo_bpm: float) -> None:
    assert guess_tempo(pathlib.Path("a.wav"), duration_s) == pytest.approx(tempo_bpm, rel=1e-3)


@pytest.mark.parametrize("duration_s", [0.5, 1.1, 17.0, 200.0])
def test_length_of_no_tempo_is_refused(duration_s: float) -> None:
    with pytest.raises(DirectionError, match=r"a\.wav: .* s are not 1, 2 or 4 bars at 60 to 200 BPM; give its tempo"):
        guess_tempo(pathlib.Path("a.wav"), duration_s)


@pytest.mark.parametrize(("file_bars", "start"), [(1, -0.5), (2, 0.0), (4, -0.25)])
def test_two_bars_are_taken_and_one_goes_round_twice(tmp_path: pathlib.Path, file_bars: int, start: float) -> None:
    loop = read_loop(ramp(tmp_path / "a.wav", file_bars * 96_000))
    assert loop.audio.shape == (192_000,)
    assert loop.audio.dtype == np.float32
    assert (loop.tempo_bpm, loop.file_bars) == (120.0, file_bars)
    np.testing.assert_allclose(loop.audio[[0, 96_000]], [-0.5, start], atol=1e-3)
    assert loop.tell() == f"a.wav: taken as {file_bars} {'bar' if file_bars == 1 else 'bars'} at 120 BPM"


def test_tempo_that_is_given_says_where_two_bars_end(tmp_path: pathlib.Path) -> None:
    loop = read_loop(ramp(tmp_path / "a.wav", 480_000), tempo_bpm=150.0)
    assert loop.audio.shape == (153_600,)
    np.testing.assert_allclose(loop.audio[-1], -0.5 + 153_600 / 480_000, atol=1e-3)
    assert loop.file_bars == pytest.approx(6.25)


@pytest.mark.parametrize("n_samples", [94_000, 190_000])
def test_last_bar_may_lack_a_little_which_is_silent(tmp_path: pathlib.Path, n_samples: int) -> None:
    loop = read_loop(ramp(tmp_path / "a.wav", n_samples), tempo_bpm=120.0)
    assert loop.audio.shape == (192_000,)
    assert not loop.audio[n_samples : round(n_samples / 96_000) * 96_000].any()
    np.testing.assert_allclose(
        loop.audio[-1] if n_samples == 190_000 else loop.audio[96_000], -0.5 * (n_samples == 94_000)
    )


def test_channels_are_mixed_and_the_rate_is_48_khz(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.flac"
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(88_200) / 44_100)
    soundfile.write(path, np.stack([tone, 0 * tone], axis=1), 44_100)
    loop = read_loop(path)
    assert loop.tempo_bpm == 120.0
    expected = 0.25 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
    np.testing.assert_allclose(loop.audio[1000:95_000], expected[1000:95_000], atol=1e-3)


def test_less_than_a_bar_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DirectionError, match=r"a\.wav: 1 s, at least a bar of 2 s is needed at 120 BPM; give"):
        read_loop(ramp(tmp_path / "a.wav", 48_000), tempo_bpm=120.0)


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.zeros(96_000), "is silent, a loop is needed"),
        (np.zeros(0), "is silent, a loop is needed"),
        (np.full(96_000, np.nan), "holds NaN or infinity"),
    ],
    ids=["silent", "empty", "nan"],
)
def test_file_without_sound_is_refused(tmp_path: pathlib.Path, audio: np.ndarray, message: str) -> None:
    soundfile.write(tmp_path / "a.wav", audio, 48_000, subtype="FLOAT")
    with pytest.raises(DirectionError, match=rf"a\.wav: {message}"):
        read_loop(tmp_path / "a.wav")


def test_file_that_cannot_be_read_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound at all")
    for name in ("a.wav", "gone.wav"):
        with pytest.raises(DirectionError, match=rf"{name}: cannot be read \(.*\), an audio file is needed"):
            read_loop(tmp_path / name)


def test_folder_lists_its_audio_files_sorted(tmp_path: pathlib.Path) -> None:
    for name in ("b.WAV", "a.flac", "note.txt", "c.aif"):
        (tmp_path / name).touch()
    (tmp_path / "d.wav").mkdir()
    assert [path.name for path in list_loops(tmp_path)] == ["a.flac", "b.WAV", "c.aif"]
    with pytest.raises(DirectionError, match="gone: no such folder, one with loops is needed"):
        list_loops(tmp_path / "gone")
