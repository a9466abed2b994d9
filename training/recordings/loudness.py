"""Loops of one loudness, their peaks below full scale."""

import numpy as np
from scipy import signal

from directions.k_weighting import K_WEIGHTING

TARGET_LUFS = -16.0
PEAK = 0.97
"""Highest peak; a loop that would exceed it stays quieter."""


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
    ITU-R BS.1770-5 (2023), annex 1.
    """
    twice = np.concatenate([loop, loop]).astype(np.float64)
    power = float(np.square(signal.sosfilt(K_WEIGHTING, twice)[len(loop) :]).mean())
    return float(-0.691 + 10 * np.log10(max(power, 1e-12)))


def normalise(loop: np.ndarray) -> np.ndarray:
    """Scale a loop to -16 LUFS, or less where its peak would exceed 0.97; float32 of the same shape."""
    peak = float(np.max(np.abs(loop), initial=1e-9))
    gain = min(10 ** ((TARGET_LUFS - loudness_lufs(loop)) / 20), PEAK / peak)
    return loop * np.float32(gain)
