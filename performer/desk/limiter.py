"""The last step before the loudspeakers: a limiter that looks ahead, and lets nothing through above its ceiling.

References
----------
Lemire, Streaming Maximum-Minimum Filter Using No More than Three Comparisons per Element, Nordic Journal of Computing
13(4), 2006, on minima of a moving window; Zölzer (ed.), DAFX, 2nd edition (2011), section 4.2, on limiters.
"""

import math

import numpy as np

from performer.desk.compiled import compiled

CEILING = 0.98
"""What no sample exceeds, of full scale."""
HELD = float(np.nextafter(np.float32(CEILING), np.float32(0)))
"""What the gain aims at: below the ceiling also after rounding to float32."""
LOOK_AHEAD_MS = 1.5
"""How much later the sound comes out."""
RELEASE_MS = 200.0
"""Time constant with which the gain comes back."""
ARRIVED = 1e-6
"""A gain this close to 1 is 1."""
STEPS = 2.0**40
"""Gains are multiples of 1 / STEPS: a window's sum of them is exact, and never drifts."""

WINDOW, RELEASE, AT, GAIN, TOTAL, LOWEST, LIFE, BROKEN, RINGS = range(9)
"""Where a state holds the samples of the window; the release a sample; the place in the rings; the released gain and
the window's sum of it; the window's lowest needed gain and the samples for which it stays in the window; the count of
samples that were no finite numbers. Then come four rings of a window's length: needed gain, released gain, left, right.
"""


def delay_samples(sample_rate: int) -> int:
    """Tell how much later the sound comes out, in samples."""
    return round(LOOK_AHEAD_MS * sample_rate / 1000)


def new_state(sample_rate: int) -> np.ndarray:
    """Make the state of the limiter, at rest.

    Parameters
    ----------
    sample_rate : int
        Hertz.

    Returns
    -------
    np.ndarray [shape=(RINGS + 4 * (delay_samples(sample_rate) + 1),)]
        float64. `state[BROKEN]` counts the samples that were no finite numbers.
    """
    window = delay_samples(sample_rate) + 1
    state = np.zeros(RINGS + 4 * window)
    state[[WINDOW, TOTAL, LIFE]] = window
    state[RELEASE] = -math.expm1(-1000 / (RELEASE_MS * sample_rate))
    state[[GAIN, LOWEST]] = 1
    state[RINGS : RINGS + 2 * window] = 1
    return state


@compiled
def lower(state: np.ndarray, needed: float) -> float:
    """Put the next needed gain into the window and tell the window's lowest."""
    window = int(state[WINDOW])
    at = int(state[AT])
    state[RINGS + at] = needed
    state[LIFE] -= 1.0
    if needed <= state[LOWEST]:
        state[LOWEST] = needed
        state[LIFE] = window
    elif state[LIFE] == 0.0:  # the lowest has left: look for the next one, the youngest of equals
        state[LOWEST] = needed
        state[LIFE] = window
        for age in range(1, window):
            older = state[RINGS + (at - age) % window]
            if older < state[LOWEST]:
                state[LOWEST] = older
                state[LIFE] = window - age
    return state[LOWEST]


@compiled
def average(state: np.ndarray, lowest: float) -> float:
    """Let the gain rise slowly under the window's lowest, and average it over the window."""
    window = int(state[WINDOW])
    at = RINGS + window + int(state[AT])
    gain = state[GAIN] + state[RELEASE] * (1.0 - state[GAIN])
    if gain > 1.0 - ARRIVED:
        gain = 1.0
    gain = np.floor(min(gain, lowest) * STEPS) / STEPS
    state[TOTAL] += gain - state[at]
    state[at] = gain
    state[GAIN] = gain
    return state[TOTAL] / window


@compiled
def delayed(state: np.ndarray, channel: int, sample: float) -> float:
    """Exchange a sample for the one that came a window before."""
    window = int(state[WINDOW])
    ring = RINGS + (2 + channel) * window
    state[ring + int(state[AT])] = sample
    return state[ring + (int(state[AT]) + 1) % window]


@compiled
def limit(block: np.ndarray, n: int, state: np.ndarray) -> bool:
    """Limit one block in place; it comes out `delay_samples` later.

    Parameters
    ----------
    block : np.ndarray [shape=(2, at least n)]
        float64 mix of any loudness. A sample that is no finite number becomes silence and is counted.
    n : int
        Samples to limit.
    state : np.ndarray [shape=(n_values,)]
        From `new_state`; changed in place.

    Returns
    -------
    bool
        Whether the sound was held back.

    Notes
    -----
    Each sample needs a gain of min(1, HELD / peak). The lowest of the last window, released slowly and averaged over a
    window, is at most the needed one when the sample comes out, since all averaged gains had seen it. Below the ceiling
    all gains are exactly 1 and the sound is only delayed, bit for bit.
    """
    is_held = False
    for i in range(n):
        for channel in range(2):
            if not np.isfinite(block[channel, i]):
                block[channel, i] = 0.0
                state[BROKEN] += 1.0
        peak = max(abs(block[0, i]), abs(block[1, i]))
        gain = average(state, lower(state, HELD / peak if peak > HELD else 1.0))
        is_held = is_held or gain < 1.0
        for channel in range(2):
            sample = gain * delayed(state, channel, block[channel, i])
            block[channel, i] = min(max(sample, -HELD), HELD)
        state[AT] = (state[AT] + 1.0) % state[WINDOW]
    return is_held
