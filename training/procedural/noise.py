"""Noise: white for short sounds, shaped and seamless for whole loops."""

from collections.abc import Callable

import numba
import numpy as np
from scipy import fft

from training.procedural.grid import N_SAMPLES, SAMPLE_RATE

FREQUENCIES_HZ = np.maximum(np.arange(N_SAMPLES // 2 + 1) * (SAMPLE_RATE / N_SAMPLES), 0.01).astype(np.float32)
"""Frequencies of a loop's spectrum; the first stands a little above 0, so that slopes are finite."""


@numba.njit(cache=True, nogil=True)
def white_noise(n: int, seed: int) -> np.ndarray:
    """Draw evenly distributed white noise: float32 `[n]` in [-1, 1], from a seed of at least 1 (xorshift)."""
    out = np.empty(n, np.float32)
    state = np.uint32(seed)
    for k in range(n):
        state ^= np.uint32(state << np.uint32(13))
        state ^= np.uint32(state >> np.uint32(17))
        state ^= np.uint32(state << np.uint32(5))
        out[k] = np.float32(state) * np.float32(2.0 / 4294967296.0) - np.float32(1.0)
    return out


def shape_round(loop: np.ndarray, curve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Filter a loop in its spectrum, so that its end still meets its beginning.

    Parameters
    ----------
    loop : np.ndarray [shape=(N_SAMPLES,)]
        float32.
    curve : callable
        From frequencies in hertz to factors.

    Returns
    -------
    np.ndarray [shape=(N_SAMPLES,)]
        float32.
    """
    return fft.irfft(fft.rfft(loop) * curve(FREQUENCIES_HZ).astype(np.float32), N_SAMPLES)


def loop_noise(seed: int, curve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Draw noise of a spectrum that goes round seamlessly, scaled to an rms of 0.25; float32 `[N_SAMPLES]`."""
    loop = shape_round(white_noise(N_SAMPLES, seed), curve)
    return loop * np.float32(0.25 / max(float(np.sqrt(np.mean(loop**2))), 1e-9))


def band_curve(low_hz: float, high_hz: float, *, slope: float = 2.0) -> Callable[[np.ndarray], np.ndarray]:
    """Make a smooth band-pass curve for `shape_round`, falling by `slope` powers of the frequency outside."""

    def curve(frequency_hz: np.ndarray) -> np.ndarray:
        return 1 / np.sqrt((1 + (low_hz / frequency_hz) ** (2 * slope)) * (1 + (frequency_hz / high_hz) ** (2 * slope)))

    return curve


def reverb_round(loop: np.ndarray, *, seed: int, decay_s: float, mix: float) -> np.ndarray:
    """Put a loop in a room whose tail goes round.

    Parameters
    ----------
    loop : np.ndarray [shape=(N_SAMPLES,)]
        float32.
    seed : int
        Which room.
    decay_s : float
        Seconds until the tail is 60 dB down.
    mix : float
        Level of the room relative to the sound, about 0 to 1.

    Returns
    -------
    np.ndarray [shape=(N_SAMPLES,)]
        float32.
    """
    n = min(N_SAMPLES, int(decay_s * SAMPLE_RATE))
    tail = white_noise(n, seed) * np.exp(np.arange(n, dtype=np.float32) * np.float32(-6.9 / n))
    tail *= np.float32(mix / np.sqrt(np.sum(tail**2)))
    tail[0] += 1
    damped = fft.rfft(tail, N_SAMPLES)
    return fft.irfft(fft.rfft(loop) * damped, N_SAMPLES)
