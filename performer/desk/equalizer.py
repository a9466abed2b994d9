"""A deck's three bands: an isolator that kills each band, and passes the sound untouched while nobody turns it.

References
----------
Linkwitz, Active Crossover Networks for Noncoincident Drivers, JAES 24(1), 1976: crossovers whose bands sum to an
all-pass.
D'Appolito, Active Realization of Multiway All-Pass Crossover Systems, JAES 35(4), 1987: the low band needs the upper
crossover's all-pass.
Zavalishin, The Art of VA Filter Design, 2.1.2 (2018), chapter 4: the topology-preserving state-variable filter.
"""

import math

import numpy as np

from performer.desk.compiled import GRID, compiled, settle

CROSSOVERS_HZ = (250.0, 2500.0)
"""Where the bands meet, each 6 dB down."""
MAX_GAIN = 2.0
"""Gain of a control's upper end: 6 dB."""
CENTER = 0.01
"""How far from its middle a control still means exactly 1."""
SMOOTHING_MS = 10.0
"""Time by which gains lag behind their targets; two steps of smoothing share it, so that they set off softly."""
FADE_MS = 20.0
"""Crossfade between the untouched and the filtered sound."""
ARRIVED = 1e-6
"""A gain this close to its target is there: 120 dB below full scale."""
DAMPING = math.sqrt(2)
"""Of all filters, which are Butterworth's; two in a row make one of Linkwitz's and Riley's."""

LOWER, UPPER, LOW_LEAK, HIGH_LEAK, SMOOTHING, FADE_SAMPLES, WET, GAINS, CHASED, MEMORY = 0, 1, 2, 3, 4, 5, 6, 7, 10, 13
"""Where a state holds the crossovers' tangents; the low and high band in the middle of the mid band, relative to it;
the smoothing a sample; the fade's length and how far it is, in samples; three gains and what these follow; and the
filters' memory."""
N_FILTERS = 7
STATE_SIZE = MEMORY + 2 * N_FILTERS * 2


def band_gain(control: float) -> float:
    """Turn a knob's position into a band's gain.

    Parameters
    ----------
    control : float
        0 (kill) to 1 (6 dB up); 0.5, and `CENTER` around it, is exactly 1.

    Returns
    -------
    float
        0 to `MAX_GAIN`, straight on both sides of the middle.
    """
    if control < 0.5 - CENTER:
        return max(0.0, control / (0.5 - CENTER))
    if control > 0.5 + CENTER:
        return 1 + (MAX_GAIN - 1) * (min(control, 1.0) - 0.5 - CENTER) / (0.5 - CENTER)
    return 1.0


def new_state(sample_rate: int) -> np.ndarray:
    """Make the state of one deck's equaliser, at rest with all gains at 1.

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
    lower, upper = (math.tan(math.pi * frequency_hz / sample_rate) for frequency_hz in CROSSOVERS_HZ)
    # In each crossover the two bands are in phase, with magnitudes 1 / (1 + r^4) and r^4 / (1 + r^4).
    middle = math.tan(math.pi * math.sqrt(CROSSOVERS_HZ[0] * CROSSOVERS_HZ[1]) / sample_rate)
    above_lower, above_upper = (middle / lower) ** 4, (middle / upper) ** 4
    state[[LOWER, UPPER]] = lower, upper
    state[[LOW_LEAK, HIGH_LEAK]] = (1 + above_upper) / above_lower, above_upper
    state[SMOOTHING] = -math.expm1(-2 * 1000 / (SMOOTHING_MS * sample_rate))
    state[FADE_SAMPLES] = round(FADE_MS * sample_rate / 1000)
    state[GAINS:MEMORY] = 1
    return state


@compiled
def state_variable(sample: float, memory: np.ndarray, at: int, tangent: float, damping: float) -> tuple[float, float]:
    """Run a two-pole filter over one sample.

    Parameters
    ----------
    sample : float
        Its input.
    memory : np.ndarray [shape=(n,)]
        float64; the filter's two states are at `at` and `at + 1`.
    at : int
        Where.
    tangent : float
        tan(pi cutoff / sample_rate).
    damping : float
        1 / Q.

    Returns
    -------
    tuple of float
        Low and band outputs. The high one is `sample - damping * band - low`, the all-pass one
        `sample - 2 * damping * band`.
    """
    first = memory[at]
    second = memory[at + 1]
    scale = 1.0 / (1.0 + tangent * (tangent + damping))
    rise = sample - second
    band = scale * first + (tangent * scale) * rise
    low = second + (tangent * scale) * first + (tangent * tangent * scale) * rise
    memory[at] = 2.0 * band - first
    memory[at + 1] = 2.0 * low - second
    return low, band


@compiled
def split(sample: float, state: np.ndarray, at: int, lower: float, upper: float) -> tuple[float, float, float]:
    """Split one sample of one channel into low, mid and high, which sum to an all-pass of it."""
    below, band = state_variable(sample, state, at, lower, DAMPING)
    above = sample - DAMPING * band - below
    low, _ = state_variable(below, state, at + 2, lower, DAMPING)
    below, band = state_variable(above, state, at + 4, lower, DAMPING)
    rest = above - DAMPING * band - below
    _, band = state_variable(low, state, at + 6, upper, DAMPING)
    low -= 2.0 * DAMPING * band
    below, band = state_variable(rest, state, at + 8, upper, DAMPING)
    above = rest - DAMPING * band - below
    mid, _ = state_variable(below, state, at + 10, upper, DAMPING)
    below, band = state_variable(above, state, at + 12, upper, DAMPING)
    return low, mid, above - DAMPING * band - below


@compiled
def follow(state: np.ndarray, targets: np.ndarray) -> float:
    """Move gains and crossfade on by one sample; tell how far the sound goes through the filters, 0 to 1."""
    neutral = True
    for band in range(3):
        target = targets[band]
        state[CHASED + band] += state[SMOOTHING] * (target - state[CHASED + band])
        state[GAINS + band] += state[SMOOTHING] * (state[CHASED + band] - state[GAINS + band])
        if max(abs(target - state[CHASED + band]), abs(target - state[GAINS + band])) < ARRIVED:
            state[CHASED + band] = target
            state[GAINS + band] = target
        neutral = neutral and state[GAINS + band] == 1.0 and targets[band] == 1.0
    state[WET] = max(state[WET] - 1.0, 0.0) if neutral else min(state[WET] + 1.0, state[FADE_SAMPLES])
    done = state[WET] / state[FADE_SAMPLES]
    return done * done * (3.0 - 2.0 * done)


@compiled
def equalize(block: np.ndarray, n: int, position: int, targets: np.ndarray, state: np.ndarray) -> None:
    """Equalise one block in place.

    Parameters
    ----------
    block : np.ndarray [shape=(2, at least n)]
        float64 sound of a deck.
    n : int
        Samples to equalise.
    position : int
        Samples played before this block.
    targets : np.ndarray [shape=(3,)]
        float64 gains that low, mid and high are to reach, 0 to `MAX_GAIN`, from `band_gain`.
    state : np.ndarray [shape=(STATE_SIZE,)]
        From `new_state`; changed in place.

    Notes
    -----
    While all gains are exactly 1 the sound passes untouched, bit for bit; the filters hear it all the same, so that
    they are warm when a gain leaves 1. Filtered at 1 it is an all-pass of itself, turned round at both crossovers:
    within the crossfade a tone there dips for some 10 ms, without a pop.

    Halfway between the low and the high band both are 40 dB down, and in phase: a killed mid band would leave 34 dB.
    All bands are in phase everywhere, so a killed mid band takes what the others leave in its middle.
    """
    lower = state[LOWER]
    upper = state[UPPER]
    for i in range(n):
        wet = follow(state, targets)
        low_gain = state[GAINS]
        mid_gain = state[GAINS + 1]
        high_gain = state[GAINS + 2]
        mid_gain -= max(0.0, 1.0 - mid_gain) * (low_gain * state[LOW_LEAK] + high_gain * state[HIGH_LEAK])
        for channel in range(2):
            sample = block[channel, i]
            low, mid, high = split(sample, state, MEMORY + 2 * N_FILTERS * channel, lower, upper)
            if wet > 0.0:
                filtered = low_gain * low + mid_gain * mid + high_gain * high
                block[channel, i] = wet * filtered + (1.0 - wet) * sample
        if (position + i + 1) % GRID == 0:
            settle(state, MEMORY)
