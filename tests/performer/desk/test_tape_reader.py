import numpy as np
import pytest

from performer.desk.reader import N_TAPS, sinc_table
from performer.desk.tape_reader import BLOCK, MAX_RATE, new_room, read_ring, samples_ahead

N_RING = 1 << 14
WORK = (new_room(), sinc_table(), np.zeros(N_TAPS), np.zeros(2))


def ring_of(frequency: float, written: int) -> np.ndarray:
    """The newest part of a tone, in cycles a sample, in a ring."""
    index = np.arange(written - N_RING, written)
    ring = np.empty((N_RING, 2), np.float32)
    ring[index % N_RING] = np.stack([np.sin(2 * np.pi * frequency * index), np.cos(2 * np.pi * frequency * index)], 1)
    return ring


@pytest.mark.parametrize("rate", [1.0, 1.0002, 44_100 / 48_000, 48_000 / 44_100, 2.0])
def test_a_tone_is_read_across_the_end_of_the_ring(rate: float) -> None:
    written, place = 10 * N_RING + 200, 10 * N_RING - 200.3
    ring = ring_of(0.05, written)
    out = np.full((BLOCK, 2), 9, np.float32)
    n = int((written - place - N_TAPS) / rate)
    out = out[: min(n, BLOCK)]
    read_ring(ring, place, rate, out, (1.0, 1.0), *WORK)
    at = place + rate * np.arange(len(out))
    np.testing.assert_allclose(out[:, 0], np.sin(2 * np.pi * 0.05 * at), atol=3e-5)
    np.testing.assert_allclose(out[:, 1], np.cos(2 * np.pi * 0.05 * at), atol=3e-5)


def test_what_is_not_written_yet_is_not_needed() -> None:
    ring = ring_of(0.05, N_RING)
    place, rate = 1000.5, 1.0884
    needed = int(place + samples_ahead(rate, BLOCK)) + 1
    first, second = np.zeros((2, BLOCK, 2), np.float32)
    read_ring(ring, place, rate, first, (1.0, 1.0), *WORK)
    ring[needed:] = np.nan
    read_ring(ring, place, rate, second, (1.0, 1.0), *WORK)
    np.testing.assert_array_equal(first, second)


def test_gains_run_in_a_straight_line() -> None:
    out = np.zeros((100, 2), np.float32)
    read_ring(np.ones((N_RING, 2), np.float32), 500.0, 1.0, out, (0.0, 1.0), *WORK)
    np.testing.assert_allclose(out[:, 0], np.arange(100) / 100, atol=1e-6)


def test_a_rate_beyond_reason_stays_within_its_room() -> None:
    out = np.zeros((BLOCK, 2), np.float32)
    read_ring(np.ones((N_RING, 2), np.float32), 500.0, 3.0 * MAX_RATE, out, (1.0, 1.0), *WORK)
    assert np.isfinite(out).all()
