"""Four mono loops -> stereo: balances, a mono bass, and a loudness that stays put."""

import functools

import numpy as np
from scipy import signal

from melgan_vocoder.format import LoopFormat

BASS_MONO_HZ = 150.0
"""Below this a deck is mono: all four loops share the first loop's bass."""
BASS_FADE_HZ = 250.0
"""From here up each loop is its own."""
BALANCES = np.array([2.5, -2.5, 1.25, -1.25])
"""How far each loop leans to the left (positive) or right at full width; they sum to nothing. Beyond 1 a loop is
subtracted on the far side, which widens what the loops do not share; their mono sum never changes."""

SILENCE = 1e-12
"""Mean power below which there is nothing to make louder."""


def stereo_weights(width: float) -> np.ndarray:
    """Weights of the four loops in the left and right channel.

    Parameters
    ----------
    width : float
        0 (mono) to 1 (wide).

    Returns
    -------
    np.ndarray [shape=(2, 4)]
        Each channel's weights sum to 1, so that what the loops share keeps its level and stays in the middle.
    """
    lean = width * BALANCES
    return np.stack([1 + lean, 1 - lean]) / len(BALANCES)


def loudness_gain(weights: np.ndarray, covariance: np.ndarray) -> float:
    """Gain that makes a mix of four loops as loud as their mono mix.

    Parameters
    ----------
    weights : np.ndarray [shape=(2, 4)]
        From `stereo_weights`.
    covariance : np.ndarray [shape=(4, 4)]
        K-weighted covariance of the loops, from `join_bass`.

    Returns
    -------
    float
        Above 0; 1 for silence.
    """
    return equal_loudness(mixed_power(stereo_weights(0), covariance), mixed_power(weights, covariance))


def mixed_power(weights: np.ndarray, covariance: np.ndarray) -> float:
    """Mean power of the channels into which loops are mixed."""
    return float(np.einsum("ci,ij,cj->", weights, covariance, weights)) / len(weights)


def equal_loudness(wanted_power: float, power: float) -> float:
    """Gain from one power to another; 1 for silence."""
    return float(np.sqrt(wanted_power / power)) if power > SILENCE else 1.0


def join_bass(loops: np.ndarray, mel_format: LoopFormat) -> tuple[np.ndarray, np.ndarray]:
    """Give four loops the first one's bass, and make up for what the others lose in the mix.

    The crossover is complementary, linear in phase and circular in time. Above it, loops that differ add up to less
    than loops that agree; they are raised so that the four with equal weights are as loud there as one of them.

    Parameters
    ----------
    loops : np.ndarray [shape=(4, n_samples)]
        float32 loops.
    mel_format : LoopFormat
        Their format.

    Returns
    -------
    tuple of np.ndarray [shape=(4, n_samples)] and np.ndarray [shape=(4, 4)]
        float32 loops, and their K-weighted covariance (mean square, float64).
    """
    n_samples = loops.shape[-1]
    low_share, k_weight = crossover(n_samples, mel_format.sample_rate)
    spectrum = np.fft.rfft(loops, axis=-1)
    low, high = spectrum[0] * low_share, spectrum * (1 - low_share)
    high_covariance = weighted_covariance(high, k_weight, n_samples)
    one_loop = float(np.trace(high_covariance)) / len(loops)
    joined = low + high * equal_loudness(one_loop, mixed_power(stereo_weights(0), high_covariance))
    audio = np.fft.irfft(joined, n_samples, axis=-1).astype(np.float32)
    return audio, weighted_covariance(joined, k_weight, n_samples)


def weighted_covariance(spectrum: np.ndarray, k_weight: np.ndarray, n_samples: int) -> np.ndarray:
    """K-weighted covariance of loops, from their spectra.

    Parameters
    ----------
    spectrum : np.ndarray [shape=(4, 1 + n_samples // 2)]
        complex128 real-FFT of each loop.
    k_weight : np.ndarray [shape=(1 + n_samples // 2,)]
        Magnitude of the K filter.
    n_samples : int
        Samples of a loop.

    Returns
    -------
    np.ndarray [shape=(4, 4)]
        Mean products (the diagonal: mean squares), float64.
    """
    heard = spectrum * k_weight
    return 2 * np.real(heard @ heard.conj().T) / n_samples**2


@functools.lru_cache(maxsize=4)
def crossover(n_samples: int, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of the bass, and the K filter's magnitude, at each frequency of a loop.

    Returns
    -------
    tuple of np.ndarray [shape=(1 + n_samples // 2,)]
        Bass share 1 up to `BASS_MONO_HZ`, raised cosine to 0 at `BASS_FADE_HZ`; magnitude of the K filter.

    References
    ----------
    ITU-R BS.1770-5 (2023), annex 1, tables 1 and 2: the K filter at 48 kHz.
    """
    frequency_hz = np.fft.rfftfreq(n_samples, 1 / sample_rate)
    rise = np.clip((frequency_hz - BASS_MONO_HZ) / (BASS_FADE_HZ - BASS_MONO_HZ), 0, 1)
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
    highpass = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    magnitude = np.ones_like(frequency_hz)
    for numerator, denominator in (shelf, highpass):
        magnitude *= np.abs(signal.freqz(numerator, denominator, worN=frequency_hz, fs=sample_rate)[1])
    return (1 + np.cos(np.pi * rise)) / 2, magnitude
