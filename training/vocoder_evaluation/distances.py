"""How far a resynthesised loop is from the original one: log spectra, several resolutions, mel.

References
----------
A. Gray, J. Markel, "Distance measures for speech processing", IEEE Trans. ASSP 24(5), 1976 (log-spectral distance).
R. Yamamoto, E. Song, J.-M. Kim, "Parallel WaveGAN", arXiv 1910.11480, section 2.2 (multi-resolution STFT loss).
"""

from collections.abc import Callable

import numpy as np

from training.vocoder_evaluation.stft import stft

Analyse = Callable[[np.ndarray], np.ndarray]
"""Loops `[B, n_samples]` -> log-magnitude mel `[B, n_mels, n_frames]` in decades (20 dB)."""

FLOOR = 10 ** (-90 / 20)
"""Magnitudes below -90 dB re a full-scale sine count as that."""
RESOLUTIONS = ((512, 128), (1024, 256), (2048, 512))
"""FFT and hop lengths in samples."""


def log_spectral_distance_db(original: np.ndarray, resynthesised: np.ndarray) -> float:
    """Measure the distance of log spectra: RMS over bins, mean over frames (2048-point windows, hop 512).

    Parameters
    ----------
    original, resynthesised : np.ndarray [shape=(n_samples,)]
        Loops; `n_samples` a multiple of 512.

    Returns
    -------
    float
        Decibels, 0 for equal loops.
    """
    before, after = (20 * np.log10(magnitudes(audio, 2048, 512)) for audio in (original, resynthesised))
    return float(np.sqrt(((before - after) ** 2).mean(axis=1)).mean())


def magnitudes(audio: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Magnitudes of a loop's spectra, at least `FLOOR`, float64 `[n_frames, n_bins]`."""
    return np.maximum(np.abs(stft(audio, n_fft=n_fft, hop_length=hop_length)).astype(float), FLOOR)


def multi_resolution_stft(original: np.ndarray, resynthesised: np.ndarray) -> tuple[float, float]:
    """Measure the two parts of the multi-resolution STFT loss.

    Parameters
    ----------
    original, resynthesised : np.ndarray [shape=(n_samples,)]
        Loops; `n_samples` a multiple of 512.

    Returns
    -------
    spectral_convergence, log_magnitude_l1 : float
        Means over `RESOLUTIONS`: the norm of the difference of magnitudes re the original's; the mean distance of
        natural logarithms of magnitudes.
    """
    convergence, log_distance = [], []
    for n_fft, hop_length in RESOLUTIONS:
        before, after = (magnitudes(audio, n_fft, hop_length) for audio in (original, resynthesised))
        convergence.append(np.linalg.norm(before - after) / np.linalg.norm(before))
        log_distance.append(np.abs(np.log(before / after)).mean())
    return float(np.mean(convergence)), float(np.mean(log_distance))


def mel_l1_decades(original: np.ndarray, resynthesised: np.ndarray, analyse: Analyse) -> float:
    """Measure the mean distance of log-magnitude mels.

    Parameters
    ----------
    original, resynthesised : np.ndarray [shape=(n_samples,)]
        Loops.
    analyse : callable
        The vocoder's own analysis, in decades of magnitude.

    Returns
    -------
    float
        Decades; 0.05 is one decibel.
    """
    before, after = analyse(np.stack([original, resynthesised]))
    return float(np.abs(before - after).mean())


def measure_distances(original: np.ndarray, resynthesised: np.ndarray, *, analyse: Analyse) -> dict[str, float]:
    """Measure every distance of one loop.

    Parameters
    ----------
    original, resynthesised : np.ndarray [shape=(n_samples,)]
        Loops; `n_samples` a multiple of 512.
    analyse : callable
        As in `mel_l1_decades`.

    Returns
    -------
    dict of str to float
        `log_spectral_db`, `spectral_convergence`, `log_magnitude_l1`, `mel_l1_decades`.
    """
    convergence, log_distance = multi_resolution_stft(original, resynthesised)
    return {
        "log_spectral_db": log_spectral_distance_db(original, resynthesised),
        "spectral_convergence": convergence,
        "log_magnitude_l1": log_distance,
        "mel_l1_decades": mel_l1_decades(original, resynthesised, analyse),
    }
