"""The grid: its numbers, and sounds whose tails go round."""

import numpy as np
import pytest

from training.procedural import grid
from training.procedural.grid import CELL_SAMPLES, N_CELLS, N_SAMPLES, add_round, echo_round, empty_loop, set_peak

RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=N_SAMPLES).astype(np.float32)


def test_numbers_are_those_of_the_design() -> None:
    assert (grid.SAMPLE_RATE, N_SAMPLES, N_CELLS, CELL_SAMPLES) == (48_000, 192_000, 32, 6000)


@pytest.mark.parametrize("length", [1, 100, N_SAMPLES, N_SAMPLES + 1, 2 * N_SAMPLES + 50])
@pytest.mark.parametrize("start", [0, 5, N_SAMPLES - 1, N_SAMPLES + 7, -3])
def test_sound_is_added_modulo_the_loop(length: int, start: int) -> None:
    sound = RNG.normal(size=length).astype(np.float32)
    expected = np.zeros(N_SAMPLES)
    np.add.at(expected, (start + np.arange(length)) % N_SAMPLES, 0.5 * sound)
    loop = empty_loop()
    add_round(loop, sound, start, 0.5)
    np.testing.assert_allclose(loop, expected, atol=1e-5)


def test_echoes_of_a_turned_loop_are_the_turned_echoes() -> None:
    echoed = echo_round(NOISE, delay=18_000, feedback=0.6)
    turned = echo_round(np.roll(NOISE, 777), delay=18_000, feedback=0.6)
    np.testing.assert_allclose(turned, np.roll(echoed, 777), atol=1e-5)
    assert np.std(echoed) > 1.1 * np.std(NOISE)


def test_peak_is_set_and_silence_stays_silent() -> None:
    assert np.max(np.abs(set_peak(NOISE, -6.0))) == pytest.approx(10 ** (-6 / 20), rel=1e-5)
    assert not set_peak(empty_loop(), -6.0).any()
