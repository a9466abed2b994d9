"""The baseline."""

from collections.abc import Callable

import librosa
import numpy as np
import pytest
from scipy.optimize import nnls

from training.errors import TrainingError
from training.vocoder_evaluation.distances import measure_distances
from training.vocoder_evaluation.drum_hits import drum_loops
from training.vocoder_evaluation.griffin_lim import (
    GriffinLim,
    analyse_mel,
    filter_bank,
    invert_mel,
    own_mel_magnitude,
)
from training.vocoder_evaluation.stft import stft


@pytest.fixture(scope="module")
def drums() -> np.ndarray:
    """Two seconds of drums: whole hops of 375 and of 512."""
    return drum_loops()[0].mean(axis=0)[: 256 * 375]


def test_bands_are_those_of_librosa(drums: np.ndarray) -> None:
    expected = librosa.feature.melspectrogram(
        y=np.tile(drums, 3), sr=48_000, n_fft=2048, hop_length=375, n_mels=128, fmin=20, fmax=20_000, norm=None, power=1
    )
    np.testing.assert_allclose(analyse_mel(drums), expected.T[256:512] / 512, atol=1e-5)


def test_inversion_finds_magnitudes_that_sum_to_the_mel(drums: np.ndarray) -> None:
    mel = analyse_mel(drums)[:40]
    magnitude = invert_mel(mel, filter_bank())
    assert magnitude.min() >= 0
    residual = np.linalg.norm(magnitude @ filter_bank().T - mel)
    assert residual < 0.01 * np.linalg.norm(mel)
    assert residual < sum(nnls(filter_bank(), frame)[1] for frame in mel[:3]) + 0.01 * np.linalg.norm(mel)


def test_silence_stays_silent() -> None:
    assert not GriffinLim(2, own_mel_magnitude)(np.zeros((1, 24 * 375), np.float32)).any()


def test_more_steps_agree_better_with_the_mel_and_all_are_near(
    drums: np.ndarray, analyse: Callable[[np.ndarray], np.ndarray]
) -> None:
    distances = [
        measure_distances(drums, GriffinLim(steps, own_mel_magnitude)(drums[None])[0], analyse=analyse)
        for steps in (1, 8, 32)
    ]
    convergence = [figures["spectral_convergence"] for figures in distances]
    assert convergence[0] > convergence[1] > convergence[2]
    assert distances[2]["log_spectral_db"] < 9


def test_result_is_repeatable_and_each_loop_stands_alone(drums: np.ndarray) -> None:
    baseline = GriffinLim(2, own_mel_magnitude)
    result = baseline(drums[None])
    assert result.shape == (1, len(drums))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, baseline(drums[None]))
    np.testing.assert_array_equal(result[0], baseline(np.stack([drums * 0.5, drums]))[1])


@pytest.mark.parametrize("oversampling", [1, 2])
def test_right_phase_would_be_kept(oversampling: int, drums: np.ndarray) -> None:
    """With true magnitudes, on a grid of any fineness, steps lead towards the loop's own spectrum."""
    loop = drums[: 64 * 375]

    def magnitude_of(audio: np.ndarray) -> np.ndarray:
        return np.abs(stft(audio, n_fft=2048, hop_length=375, oversampling=oversampling))

    magnitude = magnitude_of(loop)
    found = magnitude_of(GriffinLim(32, magnitude_of)(loop[None])[0])
    assert np.linalg.norm(found - magnitude) < 0.2 * np.linalg.norm(magnitude)


def test_wrong_settings_and_lengths_are_refused() -> None:
    with pytest.raises(TrainingError, match="GriffinLim steps is 0, it must be at least 1; usual"):
        GriffinLim(0, own_mel_magnitude)
    with pytest.raises(TrainingError, match="loop has 9001 samples, a multiple of 375 of at least 2048 is needed"):
        GriffinLim(1, own_mel_magnitude)(np.zeros((1, 9001), np.float32))
