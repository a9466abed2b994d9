"""Distances of loops whose difference is known."""

from collections.abc import Callable

import numpy as np
import pytest

from training.vocoder_evaluation.distances import log_spectral_distance_db, measure_distances, multi_resolution_stft

Analyse = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(5).uniform(-0.5, 0.5, 192_000).astype(np.float32)


def test_equal_loops_have_no_distance(noise: np.ndarray, analyse: Analyse) -> None:
    assert set(measure_distances(noise, noise, analyse=analyse).values()) == {0}


def test_gain_is_measured_in_its_own_unit(noise: np.ndarray, analyse: Analyse) -> None:
    figures = measure_distances(noise, 0.5 * noise, analyse=analyse)
    assert figures["log_spectral_db"] == pytest.approx(6.02, abs=0.01)
    assert figures["spectral_convergence"] == pytest.approx(0.5, abs=1e-3)
    assert figures["log_magnitude_l1"] == pytest.approx(np.log(2), abs=1e-3)
    assert figures["mel_l1_decades"] == pytest.approx(np.log10(2), abs=1e-3)


def test_log_spectral_distance_is_rms_over_bins_and_mean_over_frames() -> None:
    """An impulse of 0 dB in the first half alone: 0 in silent frames, the full height above the floor in others."""
    silence, impulse = np.zeros((2, 192_000), np.float32)
    impulse[512] = 1.0
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(0, 2048, 512) / 2048)
    heights = 20 * np.log10(np.maximum(window * 4 / 2048, 10 ** (-90 / 20))) + 90
    assert log_spectral_distance_db(silence, impulse) == pytest.approx(heights.sum() / 375, rel=1e-4)


def test_spectral_convergence_is_re_the_original(noise: np.ndarray) -> None:
    assert multi_resolution_stft(noise, 3 * noise)[0] == pytest.approx(2, abs=1e-3)
    assert multi_resolution_stft(3 * noise, noise)[0] == pytest.approx(2 / 3, abs=1e-3)


def test_silent_original_has_finite_distances(noise: np.ndarray, analyse: Analyse) -> None:
    assert np.isfinite(list(measure_distances(np.zeros_like(noise), noise, analyse=analyse).values())).all()


def test_other_noise_is_far(noise: np.ndarray, analyse: Analyse) -> None:
    figures = measure_distances(noise, np.roll(noise, 5000), analyse=analyse)
    assert figures["log_spectral_db"] > 5
    assert figures["mel_l1_decades"] > 0.05
