"""Circular analysis and synthesis."""

import numpy as np
import pytest

from training.vocoder_evaluation.stft import inverse_stft, overlap_add, stft

ASKED = {"n_fft": 512, "hop_length": 128, "oversampling": 2}


def test_full_scale_sine_peaks_at_one_in_every_frame() -> None:
    audio = np.sin(2 * np.pi * 1500 * np.arange(19_200) / 48_000)
    magnitude = np.abs(stft(audio, n_fft=2048, hop_length=375 * 2)[:25])
    assert magnitude.max(axis=1) == pytest.approx(np.ones(25), abs=1e-4)
    assert set(magnitude.argmax(axis=1)) == {64}


def test_rotation_by_a_hop_rotates_the_frames(rng: np.random.Generator) -> None:
    audio = rng.standard_normal(3750).astype(np.float32)
    before, after = (stft(x, n_fft=1024, hop_length=375) for x in (audio, np.roll(audio, 375)))
    np.testing.assert_allclose(np.roll(before, 1, axis=0), after, atol=1e-6)


@pytest.mark.parametrize(("n_fft", "hop_length"), [(2048, 375), (1024, 256), (512, 128)])
def test_synthesis_undoes_analysis(n_fft: int, hop_length: int, rng: np.random.Generator) -> None:
    audio = rng.uniform(-1, 1, 24 * hop_length).astype(np.float32)
    again = inverse_stft(stft(audio, n_fft=n_fft, hop_length=hop_length), n_fft=n_fft, hop_length=hop_length)
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, audio, atol=2e-6)


def test_finer_grid_has_the_plain_one_in_every_second_bin_and_is_undone_too(rng: np.random.Generator) -> None:
    audio = rng.uniform(-1, 1, 24 * 375).astype(np.float32)
    fine, plain = (stft(audio, n_fft=2048, hop_length=375, oversampling=factor) for factor in (2, 1))
    assert fine.shape == (24, 2049)
    np.testing.assert_allclose(fine[:, ::2], plain, atol=1e-6)
    np.testing.assert_allclose(inverse_stft(fine, n_fft=2048, hop_length=375), audio, atol=2e-6)


def test_spectra_on_a_finer_grid_that_no_loop_has_are_fitted_by_least_squares(rng: np.random.Generator) -> None:
    """What is left over is orthogonal to the spectra of every loop."""
    spectrum = (rng.standard_normal((24, 513)) + 1j * rng.standard_normal((24, 513))).astype(np.complex64)
    left_over = spectrum - stft(inverse_stft(spectrum, n_fft=512, hop_length=128), **ASKED)
    other = stft(rng.standard_normal(24 * 128).astype(np.float32), **ASKED)
    both_sides = np.array([1, *[2] * 511, 1])
    product = np.sum(both_sides * (left_over * other.conj()).real)
    assert np.linalg.norm(left_over) > 0.5 * np.linalg.norm(spectrum)
    assert abs(product) < 1e-5 * np.linalg.norm(left_over) * np.linalg.norm(other)


def test_frames_are_added_a_hop_apart_and_wrap() -> None:
    assert overlap_add(np.array([[1, 2, 3], [10, 20, 30]]), 2).tolist() == [31, 2, 13, 20]
