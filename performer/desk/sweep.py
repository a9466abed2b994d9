"""A deck's one-knob filter: to the left a low-pass that closes, to the right a high-pass that opens, nothing between.

References
----------
Zavalishin, The Art of VA Filter Design, 2.1.2 (2018), chapter 4: the topology-preserving state-variable filter.
Simper, Solving the Continuous SVF Equations Using Trapezoidal Integration and Equivalent Currents, Cytomic, 2013: it
stays in tune and stable while the cutoff moves.
"""

import math

import numpy as np

from performer.desk.compiled import GRID, compiled, settle
from performer.desk.equalizer import state_variable

LOW_PASS_HZ = (20_000.0, 60.0)
"""The low-pass's cutoff beside the middle and at the far left."""
HIGH_PASS_HZ = (20.0, 12_000.0)
"""The high-pass's cutoff beside the middle and at the far right."""
DEAD_ZONE = 0.02
"""How far from its middle the knob still does nothing."""
RESONANCE = 1.0
"""Gain at the cutoff; Butterworth's would be 0.71."""
DAMPINGS = tuple(2 * math.cos(angle) / math.sqrt(RESONANCE * math.sqrt(2)) for angle in (math.pi / 8, 3 * math.pi / 8))
"""1 / Q of the two pairs of poles: Butterworth's for four poles, both raised alike."""
SMOOTHING_MS = 20.0
"""Time constant with which the cutoff follows the knob."""
FADE_MS = 20.0
"""Crossfade between the untouched and the filtered sound."""
ARRIVED = 1e-5
"""A knob this close to its target is there."""

RATE, SMOOTHING, FADE_SAMPLES, KNOB, SIDE, LOW_TANGENT, LOW_STEP, HIGH_TANGENT, HIGH_STEP, LOW_WET, HIGH_WET, MEMORY = (
    range(12)
)
"""Where a state holds the sample rate; the smoothing every `GRID` samples; the fade's length; the smoothed knob and the
side that is heard (-1, 0, 1); each filter's tangent and its step a sample; how far each fade is, in samples; and the
filters' memory."""
N_FILTERS = 4
STATE_SIZE = MEMORY + 2 * N_FILTERS * 2


def new_state(sample_rate: int) -> np.ndarray:
    """Make the state of one deck's filter, at rest with its knob in the middle.

    Parameters
    ----------
    sample_rate : int
        Hertz, 44 100 or more.

    Returns
    -------
    np.ndarray [shape=(STATE_SIZE,)]
        float64.
    """
    state = np.zeros(STATE_SIZE)
    state[RATE] = sample_rate
    state[SMOOTHING] = -math.expm1(-1000 * GRID / (SMOOTHING_MS * sample_rate))
    state[FADE_SAMPLES] = round(FADE_MS * sample_rate / 1000)
    state[LOW_TANGENT] = math.tan(math.pi * LOW_PASS_HZ[0] / sample_rate)
    state[HIGH_TANGENT] = math.tan(math.pi * HIGH_PASS_HZ[0] / sample_rate)
    return state


@compiled
def cutoff_hz(depth: float, nearest_hz: float, farthest_hz: float) -> float:
    """Turn a knob's way past the dead zone into a cutoff: each step changes it by the same interval.

    Parameters
    ----------
    depth : float
        How far the knob is turned to this side: below `DEAD_ZONE` not at all, 1 is all the way.
    nearest_hz, farthest_hz : float
        Cutoffs beside the middle and at the far end.

    Returns
    -------
    float
        Hertz.
    """
    way = min(1.0, max(0.0, (depth - DEAD_ZONE) / (1.0 - DEAD_ZONE)))
    return nearest_hz * (farthest_hz / nearest_hz) ** way


@compiled
def aim(knob: float, state: np.ndarray) -> None:
    """Move the smoothed knob on by `GRID` samples and let both cutoffs go straight there."""
    way = knob - state[KNOB]
    state[KNOB] = knob if abs(way) < ARRIVED else state[KNOB] + state[SMOOTHING] * way
    state[SIDE] = 0.0 if abs(state[KNOB]) <= DEAD_ZONE else np.sign(state[KNOB])
    low_hz = cutoff_hz(-state[KNOB], LOW_PASS_HZ[0], LOW_PASS_HZ[1])
    high_hz = cutoff_hz(state[KNOB], HIGH_PASS_HZ[0], HIGH_PASS_HZ[1])
    state[LOW_STEP] = (np.tan(np.pi * low_hz / state[RATE]) - state[LOW_TANGENT]) / GRID
    state[HIGH_STEP] = (np.tan(np.pi * high_hz / state[RATE]) - state[HIGH_TANGENT]) / GRID


@compiled
def fade(state: np.ndarray, wet: int, heard: bool) -> float:
    """Move a fade on by one sample; tell its share, 0 to 1."""
    state[wet] = min(state[wet] + 1.0, state[FADE_SAMPLES]) if heard else max(state[wet] - 1.0, 0.0)
    done = state[wet] / state[FADE_SAMPLES]
    return done * done * (3.0 - 2.0 * done)


@compiled
def sweep(block: np.ndarray, n: int, position: int, knob: float, state: np.ndarray) -> None:
    """Filter one block in place.

    Parameters
    ----------
    block : np.ndarray [shape=(2, at least n)]
        float64 sound of a deck.
    n : int
        Samples to filter.
    position : int
        Samples played before this block.
    knob : float
        -1 (low-pass, closed) to 1 (high-pass, open); within `DEAD_ZONE` of 0 the sound passes untouched, bit for bit.
    state : np.ndarray [shape=(STATE_SIZE,)]
        From `new_state`; changed in place.

    Notes
    -----
    Both filters always run: they are warm when needed, and cost the same at all times.
    """
    for i in range(n):
        if (position + i) % GRID == 0:
            aim(knob, state)
            settle(state, MEMORY)
        state[LOW_TANGENT] += state[LOW_STEP]
        state[HIGH_TANGENT] += state[HIGH_STEP]
        low_tangent = state[LOW_TANGENT]
        high_tangent = state[HIGH_TANGENT]
        low_share = fade(state, LOW_WET, state[SIDE] < 0.0)
        high_share = fade(state, HIGH_WET, state[SIDE] > 0.0)
        for channel in range(2):
            at = MEMORY + 2 * N_FILTERS * channel
            sample = block[channel, i]
            low, _ = state_variable(sample, state, at, low_tangent, DAMPINGS[0])
            low, _ = state_variable(low, state, at + 2, low_tangent, DAMPINGS[1])
            below, band = state_variable(sample, state, at + 4, high_tangent, DAMPINGS[0])
            high = sample - DAMPINGS[0] * band - below
            below, band = state_variable(high, state, at + 6, high_tangent, DAMPINGS[1])
            high -= DAMPINGS[1] * band + below
            if low_share + high_share > 0.0:
                dry_share = 1.0 - low_share - high_share
                block[channel, i] = dry_share * sample + low_share * low + high_share * high
