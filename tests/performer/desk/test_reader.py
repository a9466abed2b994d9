import numpy as np
import pytest

from performer.desk.reader import N_TAPS, read, sinc_table

TABLE = sinc_table()


def read_at(loops: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Read all loops at each place, `[n_loops, n]`."""
    taps, out = np.zeros(N_TAPS), np.zeros(len(loops))
    heard = []
    for place in places:
        read(loops, float(place), TABLE, taps, out)
        heard.append(out.copy())
    return np.stack(heard, axis=1)


def test_whole_places_are_the_samples(rng: np.random.Generator) -> None:
    loops = rng.standard_normal((4, 200)).astype(np.float32)
    np.testing.assert_array_equal(read_at(loops, np.arange(200)), loops)


@pytest.mark.parametrize("cycles", [0.001, 0.05, 0.25, 0.4])
@pytest.mark.parametrize("rate", [0.9983, 1.0017, 1.0884])
def test_a_sine_between_the_samples_is_within_minus_90_db(cycles: float, rate: float) -> None:
    n = 4000
    loops = np.sin(2 * np.pi * cycles * np.arange(n))[None].astype(np.float32)
    places = 100 + rate * np.arange(2000)
    error = read_at(loops, places)[0] - np.sin(2 * np.pi * cycles * places)
    assert np.sqrt(np.mean(error**2)) < 10 ** (-90 / 20)


def test_silence_lies_around_a_clip() -> None:
    loops = np.ones((2, 100), np.float32)
    assert np.all(read_at(loops, np.array([-20.0, -17.5, 117.5, 5000.0])) == 0)
    assert 0 < abs(read_at(loops, np.array([-0.5]))[0, 0]) < 1
