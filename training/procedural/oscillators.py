"""Oscillators without aliasing: wavetables of ever fewer harmonics, and banks of decaying partials."""

import functools

import numba
import numpy as np

from training.procedural.grid import SAMPLE_RATE

SHAPES = ("sine", "triangle", "square", "saw", "pulse")
"""Waveforms, in the order of `wavetables`."""
TABLE_SAMPLES = 16_384
"""Samples of one period; at this length linear interpolation stays below -75 dB."""
N_TABLES = 21
"""Tables of a shape, half an octave apart: 1 to 1024 harmonics."""
MAX_HARMONIC_HZ = 21_000.0
"""No harmonic lies higher."""
BLOCK = 32
"""Samples for which a gliding tone keeps its pair of tables."""


def harmonic_amplitudes(shape: str, n_harmonics: int) -> np.ndarray:
    """Amplitudes of a waveform's harmonics (of sines), the first being the fundamental."""
    number = np.arange(1, n_harmonics + 1)
    odd = number % 2
    if shape == "sine":
        return (number == 1).astype(float)
    if shape == "triangle":
        return odd * np.where(number % 4 == 1, 1, -1) * 0.81 / number**2
    if shape == "square":
        return odd * 1.0 / number
    if shape == "saw":
        return 0.55 / number
    return 0.7 * np.sin(np.pi * number * 0.2) / number


@functools.cache
def wavetables() -> np.ndarray:
    """Make one period of each shape with 1 to 1024 harmonics.

    Returns
    -------
    np.ndarray [shape=(n_shapes, N_TABLES, TABLE_SAMPLES + 1)]
        float32 in about [-1, 1]; the last sample repeats the first.
    """
    tables = np.zeros((len(SHAPES), N_TABLES, TABLE_SAMPLES + 1), np.float32)
    for row, shape in enumerate(SHAPES):
        for level in range(N_TABLES):
            n_harmonics = int(2 ** (level / 2))
            spectrum = np.zeros(TABLE_SAMPLES // 2 + 1, complex)
            spectrum[1 : n_harmonics + 1] = -0.5j * TABLE_SAMPLES * harmonic_amplitudes(shape, n_harmonics)
            tables[row, level, :-1] = np.fft.irfft(spectrum)
    tables[:, :, -1] = tables[:, :, 0]
    return tables


@numba.njit(cache=True, nogil=True)
def read_steady(table: np.ndarray, cycles_per_sample: float, phase: float, n: int) -> np.ndarray:
    """Read a table at one speed: float32 `[n]`; `phase` is in cycles."""
    out = np.empty(n, np.float32)
    size = table.shape[0] - 1
    at = phase % 1.0
    for k in range(n):
        place = at * size
        index = int(place)
        rest = np.float32(place - index)
        out[k] = table[index] + rest * (table[index + 1] - table[index])
        at += cycles_per_sample
        at -= at >= 1.0
    return out


@numba.njit(cache=True, nogil=True)
def read_gliding(tables: np.ndarray, frequency_hz: np.ndarray, phase: float, rate: float, limit: float) -> np.ndarray:
    """Read a shape's tables at a frequency that moves, fading from table to table as harmonics come and go."""
    n = frequency_hz.shape[0]
    out = np.empty(n, np.float32)
    size = tables.shape[1] - 1
    at = phase % 1.0
    for start in range(0, n, BLOCK):
        level = 2.0 * np.log2(max(limit / max(frequency_hz[start], 1.0), 1.0))
        level = min(level, tables.shape[0] - 1.0)
        upper = int(level)
        lower = max(upper - 1, 0)
        share = np.float32(level - upper)
        for k in range(start, min(n, start + BLOCK)):
            place = at * size
            index = int(place)
            rest = np.float32(place - index)
            poor = tables[lower, index] + rest * (tables[lower, index + 1] - tables[lower, index])
            rich = tables[upper, index] + rest * (tables[upper, index + 1] - tables[upper, index])
            out[k] = poor + share * (rich - poor)
            at += frequency_hz[k] / rate
            at -= at >= 1.0
    return out


def steady_tone(shape: str, frequency_hz: float, *, n: int, phase: float = 0.0) -> np.ndarray:
    """Sound a waveform at one frequency.

    Parameters
    ----------
    shape : str
        One of `SHAPES`.
    frequency_hz : float
        Hertz, 1 to `MAX_HARMONIC_HZ`.
    n : int
        Samples.
    phase : float
        Where it begins, in cycles.

    Returns
    -------
    np.ndarray [shape=(n,)]
        float32 in about [-1, 1].
    """
    level = int(2 * np.log2(max(MAX_HARMONIC_HZ / frequency_hz, 1)))
    table = wavetables()[SHAPES.index(shape), min(level, N_TABLES - 1)]
    return read_steady(table, frequency_hz / SAMPLE_RATE, phase, n)


def gliding_tone(shape: str, frequency_hz: np.ndarray, *, phase: float = 0.0) -> np.ndarray:
    """Sound a waveform at a frequency that moves; as of `steady_tone`, with a float64 frequency for each sample."""
    tables = wavetables()[SHAPES.index(shape)]
    return read_gliding(tables, np.asarray(frequency_hz, np.float64), phase, float(SAMPLE_RATE), MAX_HARMONIC_HZ)


@numba.njit(cache=True, nogil=True)
def ring(n: int, turn: np.ndarray, decay: np.ndarray, amplitude: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Sum decaying sines: float32 `[n]`; `turn` in radians a sample, `decay` a factor a sample."""
    out = np.zeros(n, np.float32)
    for partial in range(turn.shape[0]):
        cosine = decay[partial] * np.cos(turn[partial])
        sine = decay[partial] * np.sin(turn[partial])
        x = amplitude[partial] * np.cos(phase[partial])
        y = amplitude[partial] * np.sin(phase[partial])
        for k in range(n):
            out[k] += np.float32(y)
            x, y = x * cosine - y * sine, x * sine + y * cosine
            if k % 256 == 0 and abs(x) + abs(y) < 1e-5:
                break
    return out


def ring_partials(
    frequency_hz: np.ndarray,
    *,
    amplitude: np.ndarray,
    decay_s: np.ndarray | float,
    n: int,
    phase: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Strike a body with the given partials.

    Parameters
    ----------
    frequency_hz : np.ndarray [shape=(n_partials,)]
        Hertz; partials above `MAX_HARMONIC_HZ` are left out.
    amplitude : np.ndarray [shape=(n_partials,)]
        Of each partial.
    decay_s : np.ndarray or float
        Seconds in which a partial falls by 60 dB.
    n : int
        Samples.
    phase : np.ndarray or float
        Where each begins, in radians; 0 is a sine.

    Returns
    -------
    np.ndarray [shape=(n,)]
        float32.
    """
    heard = np.asarray(frequency_hz) < MAX_HARMONIC_HZ
    parts = np.broadcast_arrays(np.asarray(frequency_hz, float), amplitude, decay_s, phase)
    frequency, height, fall, start = (np.ascontiguousarray(part[heard], np.float64) for part in parts)
    return ring(n, 2 * np.pi * frequency / SAMPLE_RATE, 10 ** (-3 / (fall * SAMPLE_RATE)), height, start)


@numba.njit(cache=True, nogil=True)
def sing(frequency_hz: np.ndarray, index: np.ndarray, ratio: float, rate: float) -> np.ndarray:
    """Sound a sine of moving frequency whose phase another one `ratio` times as fast turns by `index` radians."""
    out = np.empty(frequency_hz.shape[0], np.float32)
    carrier = 0.0
    modulator = 0.0
    for k in range(frequency_hz.shape[0]):
        out[k] = np.float32(np.sin(carrier + index[k] * np.sin(modulator)))
        step = 2.0 * np.pi * frequency_hz[k] / rate
        carrier += step
        modulator += ratio * step
    return out


def fm_tone(frequency_hz: np.ndarray, *, index: np.ndarray, ratio: float) -> np.ndarray:
    """Sound a two-operator FM tone.

    Parameters
    ----------
    frequency_hz : np.ndarray [shape=(n,)]
        Carrier in hertz.
    index : np.ndarray [shape=(n,)]
        Depth in radians; lowered where side bands would pass `MAX_HARMONIC_HZ`.
    ratio : float
        Modulator's frequency relative to the carrier.

    Returns
    -------
    np.ndarray [shape=(n,)]
        float32 in [-1, 1].
    """
    frequency = np.asarray(frequency_hz, np.float64)
    room = (MAX_HARMONIC_HZ / np.maximum(frequency, 1.0) - 1.0) / max(ratio, 1e-3)  # side bands that fit
    safe = np.clip((room - 3.5) / 1.5, 0.0, 12.0)
    return sing(frequency, np.minimum(index, safe).astype(np.float64), ratio, float(SAMPLE_RATE))
