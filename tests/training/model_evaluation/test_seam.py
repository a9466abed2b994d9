"""The seam of drawn loops."""

import numpy as np
import pytest

from training.model_evaluation.seam import mel_steps, seam_figures


def turned_loops(n: int = 200) -> np.ndarray:
    """Mels that begin anywhere in their loop, as real loops may."""
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.standard_normal((n, 8, 32)), axis=2)
    smooth = np.concatenate([smooth, smooth[..., ::-1]], axis=2)
    return np.stack([np.roll(mel, rng.integers(64), axis=1) for mel in smooth])


def test_step_is_the_mean_difference_of_a_band_and_goes_round() -> None:
    mel = np.zeros((1, 4, 8))
    mel[0, 0, 3:] = 2.0
    np.testing.assert_allclose(mel_steps(mel)[0], [0.5, 0, 0, 0.5, 0, 0, 0, 0])


def test_loops_without_seam_step_there_as_anywhere() -> None:
    figures = seam_figures(mel_steps(turned_loops()))
    assert figures["mel_largest_share"] < 0.06
    assert figures["mel_over_bar_line"] == pytest.approx(1, abs=0.15)


def test_cut_loops_are_caught() -> None:
    cut = turned_loops() + 3 * np.linspace(0, 1, 64)
    figures = seam_figures(mel_steps(cut))
    assert figures["mel_step_p95"] > 1
    assert figures["mel_largest_share"] > 0.6
    assert figures["mel_over_bar_line"] > 2


def test_silence_has_figures() -> None:
    assert seam_figures(np.zeros((3, 16))) == {"mel_step_p95": 1, "mel_largest_share": 0, "mel_over_bar_line": 1}
