"""When a hit begins, and what sounds before it should."""

import numpy as np

from training.vocoder_evaluation.resynthesis import SAMPLE_RATE

SEARCH_S = 0.06
SMOOTHING_S = 0.004
RISE = 0.1
"""A hit begins where its short-time energy first rises to this share of its peak (-10 dB)."""
NEVER_MS = 1000 * SEARCH_S
SILENT_ENERGY = 1e-10
HIT_S = 0.1
INAUDIBLE_ENERGY = 1e-12
PRE_ECHO_S = (0.020, 0.004)
PRE_ECHO_FLOOR_DB = -120.0


def onset_time_ms(audio: np.ndarray, start: int) -> float:
    """Time the rise of a hit.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        Loop with the hit.
    start : int
        Sample at which the hit should begin.

    Returns
    -------
    float
        Milliseconds after `start` at which the energy in 4 ms windows first reaches a tenth of its highest within
        60 ms on either side, between samples; 60 where all is silent. It lags by the hit's own rise: compare two.
    """
    reach = round(SEARCH_S * SAMPLE_RATE)
    window = np.hanning(round(SMOOTHING_S * SAMPLE_RATE) + 1)
    margin = reach + len(window) // 2
    near = np.take(audio, range(start - margin, start + margin + 1), mode="wrap").astype(float)
    energy = np.convolve(near**2, window / window.sum(), mode="valid")
    threshold = RISE * energy.max()
    if energy.max() < SILENT_ENERGY:
        return NEVER_MS
    after = int(np.argmax(energy >= threshold))
    if after == 0:
        return -NEVER_MS
    step = (threshold - energy[after - 1]) / (energy[after] - energy[after - 1])
    return float(1000 * (after - 1 + step - reach) / SAMPLE_RATE)


def pre_echo_db(audio: np.ndarray, start: int) -> float:
    """Measure what sounds from 20 to 4 ms before a hit.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        Loop with the hit.
    start : int
        Sample at which the hit should begin.

    Returns
    -------
    float
        Energy in those 16 ms re the energy of the 100 ms from `start` on, in decibels, -120 to 120.
    """
    early, late = (round(seconds * SAMPLE_RATE) for seconds in PRE_ECHO_S)
    before = energy_between(audio, start - early, start - late)
    hit = energy_between(audio, start, start + round(HIT_S * SAMPLE_RATE))
    ratio = (before + INAUDIBLE_ENERGY) / (hit + INAUDIBLE_ENERGY)
    return float(np.clip(10 * np.log10(ratio), PRE_ECHO_FLOOR_DB, -PRE_ECHO_FLOOR_DB))


def energy_between(audio: np.ndarray, start: int, stop: int) -> float:
    """Sum the squares of a loop's samples from `start` to before `stop`; both may lie beyond its ends."""
    return float((np.take(audio, range(start, stop), mode="wrap").astype(float) ** 2).sum())
