"""What a surface shows of a sound: peaks and loudness.

References
----------
ITU-R BS.1770-5 (2023), annex 1: K weighting and loudness. EBU Tech 3341 (2023): momentary loudness, 400 ms.
De Man, Evaluation of Implementations of the EBU R128 Loudness Measurement, AES 145 (2018): the K filter's analogue
parameters, which give BS.1770's coefficients at 48 kHz and their like at other sample rates.
IEC 60268-10 (1991): a peak meter falls by 20 dB in 1.7 s.
"""

import math

import numpy as np

from performer.desk.compiled import compiled, settle

FALL_DB_S = 20 / 1.7
"""How fast peaks fall, a second."""
HOP_MS = 10.0
"""From one loudness to the next."""
N_HOPS = 40
"""Hops in 400 ms."""
FLOOR_DB = -120.0
"""What silence reads."""

PEAK, LOUDNESS = 0, 2
"""Where a reading holds left and right peak, and loudness in LUFS."""

FALL, HOP, COEFFICIENTS, COUNT, SLOT, ENERGY, ENERGIES, MEMORY = 0, 1, 2, 12, 13, 14, 15, 55
"""Where a state holds the peaks' fall a sample; the hop in samples; two filters of five coefficients; the samples of
this hop; the place of the next energy; this hop's energy and the last ones; and the filters' memory."""
STATE_SIZE = MEMORY + 2 * 2 * 2


def k_weighting(sample_rate: int) -> np.ndarray:
    """Design the K filter for a sample rate.

    Parameters
    ----------
    sample_rate : int
        Hertz.

    Returns
    -------
    np.ndarray [shape=(2, 5)]
        b0, b1, b2, a1, a2 of the shelf and of the high-pass.
    """
    tangent, q = math.tan(math.pi * 1681.974450955533 / sample_rate), 0.7071752369554196
    high_gain = 10 ** (3.999843853973347 / 20)
    band_gain = high_gain**0.4996667741545416
    scale = 1 + tangent / q + tangent**2
    shelf = [
        (high_gain + band_gain * tangent / q + tangent**2) / scale,
        2 * (tangent**2 - high_gain) / scale,
        (high_gain - band_gain * tangent / q + tangent**2) / scale,
        2 * (tangent**2 - 1) / scale,
        (1 - tangent / q + tangent**2) / scale,
    ]
    tangent, q = math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    scale = 1 + tangent / q + tangent**2
    high_pass = [1, -2, 1, 2 * (tangent**2 - 1) / scale, (1 - tangent / q + tangent**2) / scale]
    return np.array([shelf, high_pass])


def new_state(sample_rate: int) -> np.ndarray:
    """Make the state of one meter.

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
    state[FALL] = 10 ** (-FALL_DB_S / 20 / sample_rate)
    state[HOP] = round(HOP_MS * sample_rate / 1000)
    state[COEFFICIENTS:COUNT] = k_weighting(sample_rate).ravel()
    return state


@compiled
def filter_once(sample: float, state: np.ndarray, coefficients: int, memory: int) -> float:
    """Run one two-pole filter over a sample, in transposed direct form II."""
    out = state[coefficients] * sample + state[memory]
    state[memory] = state[coefficients + 1] * sample - state[coefficients + 3] * out + state[memory + 1]
    state[memory + 1] = state[coefficients + 2] * sample - state[coefficients + 4] * out
    return out


@compiled
def close_hop(state: np.ndarray, reading: np.ndarray) -> None:
    """Read the loudness of the last 400 ms, and begin the next hop."""
    slot = int(state[SLOT])
    state[ENERGIES + slot] = state[ENERGY]
    state[SLOT] = (slot + 1) % N_HOPS
    state[ENERGY] = 0.0
    state[COUNT] = 0.0
    total = 0.0
    for hop in range(N_HOPS):
        total += state[ENERGIES + hop]
    power = total / (N_HOPS * state[HOP])
    reading[LOUDNESS] = max(FLOOR_DB, -0.691 + 10.0 * np.log10(max(power, 1e-30)))
    settle(state, MEMORY)
    for place in range(PEAK, LOUDNESS):
        if reading[place] < 1e-12:
            reading[place] = 0.0


@compiled
def measure(block: np.ndarray, n: int, state: np.ndarray, reading: np.ndarray) -> None:
    """Measure one block.

    Parameters
    ----------
    block : np.ndarray [shape=(2, at least n)]
        float64 sound; not changed. A sample that is no finite number counts as silence.
    n : int
        Samples to measure.
    state : np.ndarray [shape=(STATE_SIZE,)]
        From `new_state`; changed in place.
    reading : np.ndarray [shape=(N_READINGS,)]
        float64, changed in place: peaks of left and right (of full scale, also above it), and momentary loudness in
        LUFS (every `HOP_MS`; of what is audible, so without any DC).
    """
    for i in range(n):
        for channel in range(2):
            sample = block[channel, i] if np.isfinite(block[channel, i]) else 0.0
            reading[PEAK + channel] = max(abs(sample), reading[PEAK + channel] * state[FALL])
            memory = MEMORY + 4 * channel
            heard = filter_once(sample, state, COEFFICIENTS, memory)
            heard = filter_once(heard, state, COEFFICIENTS + 5, memory + 2)
            state[ENERGY] += heard * heard
        state[COUNT] += 1.0
        if state[COUNT] >= state[HOP]:
            close_hop(state, reading)
