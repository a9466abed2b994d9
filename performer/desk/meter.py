"""What a surface shows of a sound: peaks, loudness, clipping, spectrum.

References
----------
ITU-R BS.1770-5 (2023), annex 1: K weighting and loudness. EBU Tech 3341 (2023): momentary loudness, 400 ms.
De Man, Evaluation of Implementations of the EBU R128 Loudness Measurement, AES 145 (2018): the K filter's analogue
parameters, which give BS.1770's coefficients at 48 kHz and their like at other sample rates.
IEC 60268-10 (1991): a peak meter falls by 20 dB in 1.7 s.
"""

import functools
import math

import numpy as np

from performer.desk.compiled import compiled, settle

FALL_DB_S = 20 / 1.7
"""How fast peaks fall, a second."""
HOLD_S = 1.5
"""How long a held peak stays before it falls."""
HOP_MS = 10.0
"""From one loudness to the next."""
N_HOPS = 40
"""Hops in 400 ms."""
FLOOR_DB = -120.0
"""What silence reads."""

PEAK, HELD_PEAK, LOUDNESS, CLIPPED = 0, 2, 4, 5
"""Where a reading holds left and right peak, left and right held peak, loudness in LUFS, and clipped samples so far."""
READING_SIZE = 6

FALL, HOLD, HOP, COEFFICIENTS, HELD_FOR, COUNT, SLOT, ENERGY, ENERGIES, MEMORY = 0, 1, 2, 3, 13, 15, 16, 17, 18, 58
"""Where a state holds the peaks' fall a sample; hold and hop in samples; two filters of five coefficients; for how long
each peak has been held; the samples of this hop; the place of the next energy; this hop's energy and the last ones; and
the filters' memory."""
STATE_SIZE = MEMORY + 2 * 2 * 2

SPECTRUM_SAMPLES = 4096
"""Samples that a spectrum is made of."""
N_BANDS = 32
"""Bands of a spectrum."""
SPECTRUM_HZ = (30.0, 18_000.0)
"""Its lowest and highest frequency."""


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
    state[HOLD] = round(HOLD_S * sample_rate)
    state[HOP] = round(HOP_MS * sample_rate / 1000)
    state[COEFFICIENTS:HELD_FOR] = k_weighting(sample_rate).ravel()
    return state


def new_reading() -> np.ndarray:
    """Make what a meter writes to; silence, `[READING_SIZE]` float64."""
    reading = np.zeros(READING_SIZE)
    reading[LOUDNESS] = FLOOR_DB
    return reading


@compiled
def filter_once(sample: float, state: np.ndarray, coefficients: int, memory: int) -> float:
    """Run one two-pole filter over a sample, in transposed direct form II."""
    out = state[coefficients] * sample + state[memory]
    state[memory] = state[coefficients + 1] * sample - state[coefficients + 3] * out + state[memory + 1]
    state[memory + 1] = state[coefficients + 2] * sample - state[coefficients + 4] * out
    return out


@compiled
def follow_peak(level: float, channel: int, state: np.ndarray, reading: np.ndarray) -> None:
    """Let a channel's peaks rise at once, and fall."""
    reading[PEAK + channel] = max(level, reading[PEAK + channel] * state[FALL])
    state[HELD_FOR + channel] += 1.0
    if reading[PEAK + channel] >= reading[HELD_PEAK + channel]:
        reading[HELD_PEAK + channel] = reading[PEAK + channel]
        state[HELD_FOR + channel] = 0.0
    elif state[HELD_FOR + channel] > state[HOLD]:
        reading[HELD_PEAK + channel] *= state[FALL]


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
        float64 sound; not changed. A sample that is no finite number counts as clipped, and else as silence.
    n : int
        Samples to measure.
    state : np.ndarray [shape=(STATE_SIZE,)]
        From `new_state`; changed in place.
    reading : np.ndarray [shape=(READING_SIZE,)]
        float64, from `new_reading`; changed in place: peaks of left and right (of full scale, also above it), the same
        held, momentary loudness in LUFS (every `HOP_MS`; of what is audible, so without any DC), and the count of
        samples at or above full scale in left or right.
    """
    for i in range(n):
        for channel in range(2):
            sample = block[channel, i]
            if not abs(sample) < 1.0:
                reading[CLIPPED] += 1.0
                if not np.isfinite(sample):
                    sample = 0.0
            follow_peak(abs(sample), channel, state, reading)
            memory = MEMORY + 4 * channel
            heard = filter_once(sample, state, COEFFICIENTS, memory)
            heard = filter_once(heard, state, COEFFICIENTS + 5, memory + 2)
            state[ENERGY] += heard * heard
        state[COUNT] += 1.0
        if state[COUNT] >= state[HOP]:
            close_hop(state, reading)


def spectrum_db(audio: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Draw the last samples as bands of equal intervals; for a surface, not for the audio callback.

    Parameters
    ----------
    audio : np.ndarray [shape=(..., n_samples)]
        Sound; the mean power of its channels is read. Where it is shorter than `SPECTRUM_SAMPLES`, silence precedes it.
    sample_rate : int
        Hertz.

    Returns
    -------
    np.ndarray [shape=(N_BANDS,)]
        float64 dB, `FLOOR_DB` or more; a sine of full scale reads about 0 in its band.

    Notes
    -----
    Below 200 Hz the bands are narrower than what 4096 samples resolve: a low sine's power spreads over a few of them.
    """
    recent = np.atleast_2d(audio)[:, -SPECTRUM_SAMPLES:]
    window, edges = spectrum_plan(sample_rate)
    spectrum = np.fft.rfft(recent * window[SPECTRUM_SAMPLES - recent.shape[1] :], SPECTRUM_SAMPLES, axis=-1)
    up_to = np.concatenate([[0.0], np.cumsum(np.mean(np.abs(spectrum) ** 2, axis=0))])
    power = np.diff(np.interp(edges, np.arange(len(up_to)), up_to))
    return np.maximum(FLOOR_DB, 10 * np.log10(np.maximum(power, 1e-30)))


@functools.lru_cache(maxsize=4)
def spectrum_plan(sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Make the window, with which a sine of full scale has power 1, and the bands' edges in bins from half below 0."""
    window = np.hanning(SPECTRUM_SAMPLES + 1)[:-1]
    edges = np.geomspace(*SPECTRUM_HZ, N_BANDS + 1) * SPECTRUM_SAMPLES / sample_rate + 0.5
    return window * 2 / np.sqrt(SPECTRUM_SAMPLES * np.sum(window**2)), edges
