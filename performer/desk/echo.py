"""The echo of all decks: a send, repeated in tempo, each time a little darker and thinner."""

import math

import numpy as np

from performer.clock import TICKS_A_BEAT
from performer.desk.compiled import GRID, compiled, settle

MAX_S = 4.2
"""Longest time between two repeats: four beats at 60 BPM, slowed down by a nudge."""
MAX_FEEDBACK = 0.95
"""Largest share of a repeat that is repeated again."""
HIGH_PASS_HZ = 100.0
"""Below this each repeat loses 6 dB an octave, so that no bass piles up."""
LOW_PASS_HZ = 7000.0
"""Above this each repeat loses 6 dB an octave, so that no hiss does."""
SMOOTHING_MS = 10.0
"""Time constant with which the feedback follows."""
FADE_MS = 50.0
"""Crossfade from one time to another."""
SILENCE = 1e-6
"""A repeat's samples below this are 0: 120 dB below full scale."""
KNEE, CEILING = 2.0, 4.0
"""What goes round in the loop is bent from the knee on and never exceeds the ceiling."""

HIGH_PASS, LOW_PASS, SMOOTHING, FADE_SAMPLES, DELAY, NEXT_DELAY, FADED, AT, FEEDBACK, MEMORY = range(10)
"""Where a state holds the shares of the two filters and of the smoothing a sample; the fade's length; the time that
sounds and the one that it gives way to, in samples; how far the fade is; the place in the line; the smoothed feedback;
and the filters' memory."""
STATE_SIZE = MEMORY + 2 * 2


def new_state(sample_rate: int) -> np.ndarray:
    """Make the state of the echo.

    Parameters
    ----------
    sample_rate : int
        Hertz.

    Returns
    -------
    np.ndarray [shape=(STATE_SIZE,)]
        float64.
    """
    state = np.zeros(STATE_SIZE)
    state[HIGH_PASS] = -math.expm1(-2 * math.pi * HIGH_PASS_HZ / sample_rate)
    state[LOW_PASS] = -math.expm1(-2 * math.pi * LOW_PASS_HZ / sample_rate)
    state[SMOOTHING] = -math.expm1(-1000 / (SMOOTHING_MS * sample_rate))
    state[FADE_SAMPLES] = round(FADE_MS * sample_rate / 1000)
    return state


def new_line(sample_rate: int) -> np.ndarray:
    """Make the echo's delay line.

    Parameters
    ----------
    sample_rate : int
        Hertz.

    Returns
    -------
    np.ndarray [shape=(2, n_samples)]
        float64 zeros, each written, so that the system has given the memory before the music begins; n_samples is the
        power of two above `MAX_S`.
    """
    return np.full((2, 1 << math.ceil(MAX_S * sample_rate).bit_length()), 0.0)


@compiled
def delay_samples(beats: float, ticks_a_sample: float) -> int:
    """Turn a note value into the time between two repeats, in samples.

    Parameters
    ----------
    beats : float
        Above 0: 0.5 is an eighth, 0.75 a dotted one, 1 a quarter.
    ticks_a_sample : float
        Of the clock, above 0.
    """
    return round(beats * TICKS_A_BEAT / ticks_a_sample)


@compiled
def bend(sample: float) -> float:
    """Keep a sample within `CEILING`: straight up to `KNEE`, then round."""
    beyond = abs(sample) - KNEE
    if beyond <= 0.0:
        return sample
    return np.sign(sample) * (KNEE + (CEILING - KNEE) * np.tanh(beyond / (CEILING - KNEE)))


@compiled
def advance(state: np.ndarray, delay: int, feedback: float) -> float:
    """Move feedback and crossfade on by one sample; tell the share of the next time, 0 to 1."""
    state[FEEDBACK] += state[SMOOTHING] * (feedback - state[FEEDBACK])
    if state[DELAY] == 0.0:  # never heard yet
        state[DELAY] = delay
        state[NEXT_DELAY] = delay
    if state[DELAY] == state[NEXT_DELAY]:
        state[NEXT_DELAY] = delay
        state[FADED] = 0.0
        return 0.0
    state[FADED] += 1.0
    done = state[FADED] / state[FADE_SAMPLES]
    if done >= 1.0:
        state[DELAY] = state[NEXT_DELAY]
        return 0.0
    return done * done * (3.0 - 2.0 * done)


@compiled
def echo(
    send: np.ndarray, out: np.ndarray, n: int, delay: int, feedback: float, state: np.ndarray, line: np.ndarray
) -> None:
    """Add the echo of one block of the send to a mix.

    Parameters
    ----------
    send : np.ndarray [shape=(2, at least n)]
        float64 sound to repeat; a sample that is no finite number is silence.
    out : np.ndarray [shape=(2, at least n)]
        float64 mix that the repeats are added to, in place.
    n : int
        Samples.
    delay : int
        Samples from a sound to its first repeat and from one repeat to the next, from `delay_samples`. Another value
        than before crossfades to it; values that come while a crossfade lasts wait for its end.
    feedback : float
        Share of a repeat that is repeated again, 0 to `MAX_FEEDBACK`; clipped.
    state : np.ndarray [shape=(STATE_SIZE,)]
        From `new_state`; changed in place.
    line : np.ndarray [shape=(2, n_samples)]
        From `new_line`; changed in place.

    Notes
    -----
    The filters stand before the output, so the first repeat has gone through them once. Both are of the first order and
    nowhere louder than their input, so the loop's gain stays below `MAX_FEEDBACK` at each frequency.
    """
    mask = line.shape[1] - 1
    delay = min(max(delay, 1), mask)
    feedback = min(max(feedback, 0.0), MAX_FEEDBACK)
    for i in range(n):
        share = advance(state, delay, feedback)
        at = int(state[AT])
        now = (at - int(state[DELAY])) & mask
        soon = (at - int(state[NEXT_DELAY])) & mask
        for channel in range(2):
            low = MEMORY + 2 * channel
            heard = line[channel, now] + share * (line[channel, soon] - line[channel, now])
            state[low] += state[LOW_PASS] * (heard - state[low])
            state[low + 1] += state[HIGH_PASS] * (state[low] - state[low + 1])
            repeat = state[low] - state[low + 1]
            if abs(repeat) < SILENCE:
                repeat = 0.0
            sample = send[channel, i] if np.isfinite(send[channel, i]) else 0.0
            line[channel, at] = bend(sample + state[FEEDBACK] * repeat)
            out[channel, i] += repeat
        state[AT] = (at + 1) & mask
        if at % GRID == 0:
            settle(state, FEEDBACK)
