"""One-shots of a folder: which files count, and how they are cut."""

import pathlib

import numpy as np
import pytest
import soundfile

from training.errors import TrainingError
from training.procedural import read_one_shots
from training.procedural.kit import VOICES
from training.procedural.one_shots import VOICE_NAMES, voice_of


def write_hit(path: pathlib.Path, *, rate: int = 44_100, duration_s: float = 0.3, silence_s: float = 0.05) -> None:
    """A stereo tone of 500 Hz that dies away, after some silence."""
    time_s = np.arange(int(duration_s * rate)) / rate
    hit = 0.4 * np.cos(2 * np.pi * 500 * time_s) * np.exp(-10 * time_s / duration_s)
    mono = np.concatenate([np.zeros(int(silence_s * rate)), hit])
    soundfile.write(path, np.stack([mono, mono], axis=1), rate)


@pytest.mark.parametrize(
    ("name", "voice"),
    [("bd_boom", "kick"), ("elec_soft_kick", "kick"), ("SN_dub", "snare"), ("hat_tap", "hat"), ("tom_lo_1", "tom_low"),
     ("drum_tom_hi_soft", "tom_high"), ("drum_cymbal_open", "open_hat"), ("drum_splash_hard", "crash"),
     ("tabla_ghe1", "hand_low"), ("perc_snap", "rim"), ("perc_impact1", "fm_drum"), ("drum_cowbell", "cowbell"),
     ("loop_amen", None), ("ambi_choir", None), ("vinyl_hiss", None)],
)  # fmt: skip
def test_voice_is_told_by_the_name(name: str, voice: str | None) -> None:
    assert voice_of(name) == voice


def test_named_voices_exist() -> None:
    assert {voice for voice, _ in VOICE_NAMES} <= set(VOICES)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_hit_is_mono_at_48_khz_from_its_onset_with_peak_1(tmp_path: pathlib.Path, rate: int) -> None:
    write_hit(tmp_path / "bd_a.flac", rate=rate)
    (hit,) = read_one_shots(tmp_path).sounds["kick"]
    assert hit.dtype == np.float32
    assert hit.ndim == 1
    assert np.max(np.abs(hit[:375])) > 0.9
    assert abs(hit[-1]) < 1e-3
    peak = np.argmax(np.abs(np.fft.rfft(hit, 48_000)))
    assert abs(int(peak) - 500) < 4


def test_others_are_passed_over(tmp_path: pathlib.Path) -> None:
    write_hit(tmp_path / "hat_a.flac")
    write_hit(tmp_path / "bd_long.flac", duration_s=4.0)
    write_hit(tmp_path / "loop_kick.flac")
    write_hit(tmp_path / "vinyl.flac")
    soundfile.write(tmp_path / "sn_silent.flac", np.zeros(1000), 48_000)
    (tmp_path / "bd_notes.txt").write_text("no sound")
    one_shots = read_one_shots(tmp_path)
    assert set(one_shots.sounds) == {"hat"}
    assert len(one_shots) == 1


def test_missing_folder_is_one_clear_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(TrainingError, match=r"gone: no such folder; a folder of drum hits is needed; check --samples"):
        read_one_shots(tmp_path / "gone")


def test_folder_without_hits_is_one_clear_error(tmp_path: pathlib.Path) -> None:
    write_hit(tmp_path / "violin.flac")
    with pytest.raises(TrainingError, match=r"no drum hit found, short files named like bd_boom\.flac"):
        read_one_shots(tmp_path)


def test_broken_file_is_one_clear_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "bd_a.flac").write_bytes(b"not a sound")
    with pytest.raises(TrainingError, match=r"bd_a\.flac: cannot be read .* replace or delete it"):
        read_one_shots(tmp_path)
