"""clip -> samples at any place and rate: one windowed-sinc reader."""

import math

import numpy as np

from performer.desk.compiled import compiled

N_TAPS = 32
"""Samples of a clip that make one sample of sound."""
N_PHASES = 512
"""Places between two samples for which the taps are tabled; between those they run in straight lines."""
KAISER_BETA = 9.0
EXACT = 1e-9
"""A place this near to a sample is the sample."""


def sinc_table() -> np.ndarray:
    """Tabulate the taps.

    Returns
    -------
    np.ndarray [shape=(N_PHASES + 1, N_TAPS)]
        float64: a Kaiser-windowed sinc, for places `i / N_PHASES` after tap `N_TAPS // 2 - 1`; each row sums to 1.

    References
    ----------
    Smith and Gossett 1984, "A flexible sampling-rate conversion method", ICASSP.
    """
    place = np.arange(N_PHASES + 1)[:, None] / N_PHASES
    away = place - (np.arange(N_TAPS) - (N_TAPS // 2 - 1))
    window = np.i0(KAISER_BETA * np.sqrt(np.clip(1 - (away / (N_TAPS / 2)) ** 2, 0, 1))) / np.i0(KAISER_BETA)
    taps = np.sinc(away) * window
    return taps / taps.sum(axis=1, keepdims=True)


@compiled
def read(loops: np.ndarray, place: float, table: np.ndarray, taps: np.ndarray, out: np.ndarray) -> None:
    """Read all loops of a clip at one place.

    Parameters
    ----------
    loops : np.ndarray [shape=(n_loops, n)]
        float32 samples; silence before and after them.
    place : float
        In samples from the first one.
    table : np.ndarray [shape=(N_PHASES + 1, N_TAPS)]
        From `sinc_table`.
    taps : np.ndarray [shape=(N_TAPS,)]
        float64 room for the taps of this place.
    out : np.ndarray [shape=(n_loops,)]
        float64, overwritten.
    """
    n_loops, n = loops.shape
    whole = math.floor(place)
    part = place - whole
    if part > 1 - EXACT:
        whole, part = whole + 1, 0.0
    if part < EXACT:
        inside = 0 <= whole < n
        for loop in range(n_loops):
            out[loop] = loops[loop, whole] if inside else 0.0
        return
    row = int(part * N_PHASES)
    share = part * N_PHASES - row
    for tap in range(N_TAPS):
        taps[tap] = table[row, tap] + share * (table[row + 1, tap] - table[row, tap])
    first = whole - (N_TAPS // 2 - 1)
    start, stop = max(0, -first), min(N_TAPS, n - first)
    for loop in range(n_loops):
        total = 0.0
        for tap in range(start, stop):
            total += taps[tap] * loops[loop, first + tap]
        out[loop] = total
