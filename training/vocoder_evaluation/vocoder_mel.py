"""What the vocoder is given -> magnitudes of spectra: the source of a Griffin-Lim that knows no more than it does."""

import functools

import numpy as np
import torch

from melgan_vocoder.format import MelFormat
from melgan_vocoder.spectrogram import OVERSAMPLING, SpectrogramTransform, band_weights
from training.vocoder_evaluation.griffin_lim import N_FFT, invert_mel
from training.vocoder_evaluation.stft import hann_window

FORMAT = MelFormat()
SILENT = 1e-3
"""Bands no further than this above the floor of channel 0 are silent."""


def vocoder_mel_magnitude(audio: np.ndarray) -> np.ndarray:
    """Find magnitudes from channel 0 of a loop's spectrogram, on a grid of twice the window.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        float32 loop of a whole number of hops.

    Returns
    -------
    np.ndarray [shape=(n_frames, OVERSAMPLING * N_FFT // 2 + 1)]
        float32 magnitudes.

    Raises
    ------
    VocoderError
        If the loop is not a whole number of hops, or shorter than the longest window.
    """
    return np.sqrt(invert_mel(band_power(audio), power_bank()))


def band_power(audio: np.ndarray) -> np.ndarray:
    """Read the power of each band off channel 0, float32 `[n_frames, n_mels]`: 1 for a full-scale sine, 0 if silent."""
    with torch.inference_mode():
        mel = transform().mel(torch.from_numpy(audio)[None])[0].T.numpy()
    power = 10 ** (2 * (mel * FORMAT.scale_log10 + FORMAT.center_log10))
    return np.where(mel > FORMAT.floor + SILENT, power, np.float32(0))


@functools.lru_cache(maxsize=1)
def power_bank() -> np.ndarray:
    """Weights of each bin's power (as of `stft`) in each band, float32 `[n_mels, OVERSAMPLING * N_FFT // 2 + 1]`."""
    n_points = OVERSAMPLING * N_FFT
    grid = np.arange(n_points // 2 + 1) * FORMAT.sample_rate / n_points
    sine_power = n_points * np.sum(hann_window(N_FFT).astype(float) ** 2) / 4
    return (band_weights(FORMAT, grid) / sine_power).astype(np.float32)


@functools.lru_cache(maxsize=1)
def transform() -> SpectrogramTransform:
    """Build the analysis whose result the vocoder is given."""
    return SpectrogramTransform(FORMAT)
