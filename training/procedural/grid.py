"""Where loops put their sounds: cells of the grid, and adding a sound so that its tail goes round."""

import numba
import numpy as np

from melgan_vocoder.format import MelFormat

FORMAT = MelFormat()
SAMPLE_RATE = FORMAT.sample_rate
"""Samples a second, in hertz."""
N_SAMPLES = FORMAT.n_samples
"""Samples of one loop."""
N_CELLS = 4 * FORMAT.beats
"""Sixteenths of one loop."""
BAR_CELLS = N_CELLS // 2
"""Sixteenths of one bar."""
CELL_SAMPLES = N_SAMPLES // N_CELLS
"""Samples of one sixteenth."""


def empty_loop() -> np.ndarray:
    """Make silence: float32 `[N_SAMPLES]`."""
    return np.zeros(N_SAMPLES, np.float32)


@numba.njit(cache=True, nogil=True)
def add_round(loop: np.ndarray, sound: np.ndarray, start: int, gain: float) -> None:
    """Add a sound to a loop; what passes the end goes on at the beginning.

    Parameters
    ----------
    loop : np.ndarray [shape=(N_SAMPLES,)]
        float32, changed in place.
    sound : np.ndarray [shape=(n,)]
        float32, of any length.
    start : int
        Sample of the loop at which it begins; taken modulo the loop.
    gain : float
        Factor on the sound.
    """
    at = start % loop.shape[0]
    done = 0
    factor = np.float32(gain)
    while done < sound.shape[0]:
        count = min(loop.shape[0] - at, sound.shape[0] - done)
        for k in range(count):
            loop[at + k] += factor * sound[done + k]
        done += count
        at = 0


def seconds(duration_s: float) -> int:
    """Whole samples in a time, at least 1."""
    return max(1, round(duration_s * SAMPLE_RATE))


def amplitude(level_db: float) -> float:
    """Factor of a level in decibels."""
    return float(10 ** (level_db / 20))


def set_peak(loop: np.ndarray, peak_db: float) -> np.ndarray:
    """Scale a loop to a peak, in dB re full scale; silence stays silence."""
    peak = float(np.max(np.abs(loop)))
    return loop if peak == 0 else (loop * np.float32(amplitude(peak_db) / peak)).astype(np.float32)


def level_loop(loop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale a loop to a peak drawn between -12 and -1 dB re full scale."""
    return set_peak(loop, rng.uniform(-12.0, -1.0))


def echo_round(loop: np.ndarray, *, delay: int, feedback: float, repeats: int = 5) -> np.ndarray:
    """Add echoes that go round the loop.

    Parameters
    ----------
    loop : np.ndarray [shape=(N_SAMPLES,)]
        float32.
    delay : int
        Samples from one echo to the next.
    feedback : float
        Factor from one echo to the next, 0 to 1.
    repeats : int
        How many echoes.

    Returns
    -------
    np.ndarray [shape=(N_SAMPLES,)]
        float32: the loop and its echoes.
    """
    out = loop.copy()
    for repeat in range(1, repeats + 1):
        add_round(out, loop, repeat * delay, feedback**repeat)
    return out
