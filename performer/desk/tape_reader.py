"""ring of stereo sound -> block at any place and rate: how one device's sound reaches another."""

import math

import numpy as np

from performer.desk.compiled import compiled
from performer.desk.reader import N_TAPS, read

BLOCK = 256
"""Samples that are read at once."""
MAX_RATE = 8
"""Samples of the ring for one of the block, at most."""


def new_room() -> np.ndarray:
    """Make room for the stretch of the ring that a block is read from, float32 `[2, n]`."""
    return np.zeros((2, MAX_RATE * BLOCK + 2 * N_TAPS), np.float32)


def samples_ahead(rate: float, n: int) -> float:
    """Tell how many samples of the ring, from a place on, a block of `n` needs."""
    return rate * (n - 1) + N_TAPS // 2 + 1


@compiled
def read_ring(ring: np.ndarray, place: float, rate: float, out: np.ndarray, gains: tuple[float, float],
              room: np.ndarray, table: np.ndarray, taps: np.ndarray, pair: np.ndarray) -> None:  # fmt: skip
    """Read a block.

    Parameters
    ----------
    ring : np.ndarray [shape=(n_ring, 2)]
        float32 sound; sample `i` stands at `i % n_ring`.
    place : float
        Where the block begins, in samples of the ring.
    rate : float
        Samples of the ring for one of the block; up to `MAX_RATE`. Above 1 what lies above the block's band is folded
        into it: loops hold nothing above 20 kHz.
    out : np.ndarray [shape=(n, 2)]
        float32, overwritten; up to `BLOCK` samples.
    gains : tuple of float
        Gain at the block's beginning and at its end.
    room : np.ndarray
        From `new_room`.
    table, taps, pair : np.ndarray
        `reader.sinc_table`, and room for `N_TAPS` and for two float64.
    """
    n = out.shape[0]
    first = math.floor(place) - N_TAPS
    count = min(math.floor(place + rate * n) + N_TAPS - first, room.shape[1])
    for index in range(count):
        at = (first + index) % ring.shape[0]
        room[0, index], room[1, index] = ring[at, 0], ring[at, 1]
    for index in range(n):
        read(room[:, :count], place - first + rate * index, table, taps, pair)
        gain = gains[0] + (gains[1] - gains[0]) * index / n
        out[index, 0], out[index, 1] = gain * pair[0], gain * pair[1]
