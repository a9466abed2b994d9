"""Tempi in names, in lengths and in onset envelopes."""

import numpy as np
import pytest

from training.errors import TrainingError
from training.recordings.onsets import RATE_HZ
from training.recordings.settings import Settings
from training.recordings.tempo import refine_tempo, tempo_candidates
from training.recordings.tempo_hint import named_tempo
from training.recordings.whole_bars import felt_tempo, is_whole_bars, whole_tempi


@pytest.mark.parametrize(
    ("name", "tempo_bpm"),
    [
        ("Full_Kit_126bpm_03.wav", 126), ("126 BPM.flac", 126), ("a-97.5-Bpm.wav", 97.5), ("bpm_174 x.wav", 174),
        ("BPM140.ogg", 140), ("808 kick.wav", None), ("1126bpm.wav", None), ("20bpm.wav", None),
        ("break 174.wav", None),
        ("take 3 999bpm 120bpm.wav", 120),
    ],
)  # fmt: skip
def test_tempo_is_read_from_a_name(name: str, tempo_bpm: float | None) -> None:
    assert named_tempo(name) == tempo_bpm


@pytest.mark.parametrize(
    ("n_samples", "rate", "tempi"),
    [
        (192_000, 48_000, [120.0]),
        (round(240 * 44_100 / 126), 44_100, [126.0]),
        (round(4 * 240 * 44_100 / 97), 44_100, [97.0]),
        (round(4 * 240 * 48_000 / 174) + 40, 48_000, []),
        (576_000, 48_000, [80.0, 160.0]),
    ],
)
def test_length_of_whole_bars_tells_a_whole_tempo(n_samples: int, rate: int, tempi: list[float]) -> None:
    assert sorted(whole_tempi(n_samples, rate)) == tempi
    assert all(is_whole_bars(n_samples, rate, tempo_bpm=tempo) for tempo in tempi)


def test_few_lengths_are_whole_bars_by_chance() -> None:
    lengths = np.random.default_rng(0).integers(4 * 48_000, 60 * 48_000, 2000)
    assert np.mean([bool(whole_tempi(int(n), 48_000)) for n in lengths]) < 0.01


def pulses(tempo_bpm: float, *, duration_s: float, every: float = 0.5) -> np.ndarray:
    envelope = np.zeros(round(duration_s * RATE_HZ))
    times_s = np.arange(0.2, duration_s - 0.1, every * 60 / tempo_bpm)
    place = times_s * RATE_HZ
    first = place.astype(int)
    envelope[first] += 1 - (place - first)
    envelope[first + 1] += place - first
    return envelope


@pytest.mark.parametrize("tempo_bpm", [75.3, 97.0, 126.37, 174.0])
def test_tempo_of_pulses_is_among_the_candidates_and_refined_to_a_ten_thousandth(tempo_bpm: float) -> None:
    envelope = pulses(tempo_bpm, duration_s=60)
    near = [tempo for tempo in tempo_candidates(envelope) if abs(tempo / tempo_bpm - 1) < 0.004]
    assert near
    assert refine_tempo(envelope, near[0]) == pytest.approx(tempo_bpm, rel=1e-4)


def test_envelope_that_is_too_short_has_no_tempo() -> None:
    assert tempo_candidates(np.zeros(3)) == []


def test_length_is_no_tempo_where_onsets_do_not_keep_to_it() -> None:
    rng = np.random.default_rng(2)
    audio = np.zeros(round(8.123 * 48_000), np.float32)
    for start in rng.integers(0, len(audio) - 4000, 40):
        audio[start : start + 4000] += (np.exp(-np.arange(4000) / 600) * rng.standard_normal(4000)).astype(np.float32)
    assert felt_tempo(audio, heard_bpm=None) is None
    assert felt_tempo(audio[:8000], heard_bpm=None) is None


def test_settings_that_do_not_exist_are_told() -> None:
    with pytest.raises(TrainingError, match="role is 'lead', one of rhythm, bass, pad, texture is needed; choose one"):
        Settings(role="lead")
    with pytest.raises(TrainingError, match="bpm is 20, 40 to 250 is needed; correct it"):
        Settings(tempo_bpm=20)
