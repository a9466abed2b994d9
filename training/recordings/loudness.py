"""Loops of one loudness, their peaks below full scale."""

import numpy as np
from scipy import signal

TARGET_LUFS = -16.0
PEAK = 0.97
"""Highest peak; a loop that would exceed it stays quieter."""
K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
"""Second-order sections at 48 kHz: a head's shelf, and a high-pass."""


def loudness_lufs(loop: np.ndarray) -> float:
    """Measure the loudness of a loop, without gating.

    Parameters
    ----------
    loop : np.ndarray [shape=(n_samples,)]
        float32 at 48 kHz; goes round.

    Returns
    -------
    float
        LUFS of one channel; -120 for silence.

    References
    ----------
    Recommendation ITU-R BS.1770-4, Annex 1.
    """
    twice = np.concatenate([loop, loop]).astype(np.float64)
    power = float(np.square(signal.sosfilt(K_WEIGHTING, twice)[len(loop) :]).mean())
    return float(-0.691 + 10 * np.log10(max(power, 1e-12)))


def normalise(loop: np.ndarray) -> np.ndarray:
    """Scale a loop to -16 LUFS, or less where its peak would exceed 0.97; float32 of the same shape."""
    peak = float(np.max(np.abs(loop), initial=1e-9))
    gain = min(10 ** ((TARGET_LUFS - loudness_lufs(loop)) / 20), PEAK / peak)
    return loop * np.float32(gain)
