"""Grid and tempo of loops whose rhythm is known."""

import librosa
import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from training.model_evaluation.rhythm import (
    find_lag,
    grid_share,
    grid_shares,
    measure_rhythm,
    scatter_onsets,
    tempo_bpm,
    tempo_share,
)

FORMAT = MelFormat()
RNG = np.random.default_rng(3)
STRAIGHT = [np.sort(16 * RNG.choice(32, 14, replace=False)) for _ in range(30)]


def swung(frames: np.ndarray, late: int) -> np.ndarray:
    return np.where(frames % 32 == 16, frames + late, frames)


def envelope_of(frames: np.ndarray) -> np.ndarray:
    envelope = np.zeros(512, np.float32)
    envelope[np.asarray(frames) % 512] = 10
    return envelope


def test_onsets_on_the_sixteenths_are_on_the_grid() -> None:
    assert grid_shares(STRAIGHT, FORMAT, lag=0) == 1
    assert grid_shares([frames + 1 for frames in STRAIGHT], FORMAT, lag=0) == 1
    assert grid_shares([frames - 1 for frames in STRAIGHT], FORMAT, lag=0) == 1


@pytest.mark.parametrize("late", [2, 4, 6])
def test_swing_is_on_the_grid_and_early_or_later_ones_are_not(late: int) -> None:
    assert grid_shares([swung(frames, late) for frames in STRAIGHT], FORMAT, lag=0) == 1
    assert grid_shares([swung(frames, -late - 1) for frames in STRAIGHT], FORMAT, lag=0) < 0.8
    assert grid_shares([swung(frames, 9) for frames in STRAIGHT], FORMAT, lag=0) < 0.8


def test_share_counts_what_is_off() -> None:
    assert grid_share(np.array([0, 32, 64 + 8, 96 - 5]), FORMAT, lag=0) == 0.5
    assert np.isnan(grid_share(np.zeros(0, int), FORMAT, lag=0))
    assert grid_shares([np.zeros(0, int), np.array([0])], FORMAT, lag=0) == 1
    assert grid_shares([np.zeros(0, int)], FORMAT, lag=0) == 0


@pytest.mark.parametrize("lag", [-7, -2, 0, 3, 8])
def test_lag_of_an_analysis_is_found_and_taken_off(lag: int) -> None:
    late = [(frames + lag) % 512 for frames in STRAIGHT]
    assert find_lag(late, FORMAT) == lag
    assert grid_shares(late, FORMAT, lag=lag) == 1
    assert find_lag([], FORMAT) in range(-8, 9)


def test_scattered_onsets_are_seldom_on_the_grid() -> None:
    chance = scatter_onsets(STRAIGHT, FORMAT, rng=np.random.default_rng(0))
    assert [len(frames) for frames in chance] == [14] * 30
    assert 3 / 16 < grid_shares(chance, FORMAT, lag=0) < 0.45


@pytest.mark.parametrize(("period", "bpm"), [(64, 120.0), (60, 128.0), (70, 109.7)])
def test_tempo_of_a_pulse_is_its_own(period: int, bpm: float) -> None:
    envelope = envelope_of(np.arange(0, 512 - period // 2, period))
    assert tempo_bpm(envelope, FORMAT) == pytest.approx(bpm, rel=0.01)


def test_tempo_is_what_librosa_finds_in_the_loop_as_it_repeats() -> None:
    for frames in STRAIGHT[:10]:
        envelope = envelope_of(swung(np.union1d(frames, [0, 64, 128, 192, 256, 320, 384, 448]), 2))
        repeated = librosa.feature.tempo(onset_envelope=np.tile(envelope, 4), sr=48_000, hop_length=375)
        assert tempo_bpm(envelope, FORMAT) == pytest.approx(float(repeated[0]), rel=0.01)


def test_tempo_of_silence_is_a_number_and_share_counts_within_2_percent() -> None:
    assert np.isfinite(tempo_bpm(np.zeros(512, np.float32), FORMAT))
    assert tempo_share(np.array([120.0, 118.2, 121.9, 117.0, 60.0]), FORMAT) == 0.6


def test_rhythm_of_envelopes() -> None:
    rhythm = measure_rhythm(np.stack([envelope_of(np.arange(0, 512, 32)), envelope_of(np.arange(0, 512, 64))]), FORMAT)
    assert rhythm.n_onsets == 12
    np.testing.assert_allclose(rhythm.tempo_bpm, 120)
