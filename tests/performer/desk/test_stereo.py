import numpy as np
import pytest

from performer.desk.stereo import LOUDNESS_POWER, MOST_GAIN, loudness_gain, set_weights


def weights(width: float, right: float = 0.5, up: float = 0.5) -> np.ndarray:
    made = np.zeros((2, 4))
    set_weights(made, width, right, up)
    return made


def covariance(rng: np.random.Generator) -> np.ndarray:
    loops = 0.05 * rng.standard_normal((4, 1000))
    return loops @ loops.T / 1000


@pytest.mark.parametrize("width", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("place", [(0.5, 0.5), (0.0, 0.0), (1.0, 0.2), (0.9, 1.0)])
def test_each_channel_s_weights_sum_to_one_so_that_the_bass_stays_in_the_middle(
    width: float, place: tuple[float, float]
) -> None:
    np.testing.assert_allclose(weights(width, *place).sum(axis=1), 1)


def test_no_width_is_mono_and_full_width_differs() -> None:
    narrow, wide = weights(0), weights(1)
    np.testing.assert_array_equal(narrow[0], narrow[1])
    assert np.abs(wide[0] - wide[1]).max() > 1
    np.testing.assert_allclose(wide.mean(axis=0), narrow.mean(axis=0))  # summed to mono, nothing changes


@pytest.mark.parametrize(("right", "up", "alone"), [(0, 0, 0), (1, 0, 1), (0, 1, 2), (1, 1, 3)])
def test_in_a_corner_one_loop_is_alone(right: float, up: float, alone: int) -> None:
    np.testing.assert_array_equal(weights(1, right, up), np.repeat(np.eye(4)[alone : alone + 1], 2, axis=0))


def test_every_mix_is_as_loud(rng: np.random.Generator) -> None:
    for width in (0.0, 0.4, 1.0):
        for place in ((0.5, 0.5), (0.1, 0.9), (1.0, 1.0)):
            heard, loops = weights(width, *place), covariance(rng)
            power = loudness_gain(heard, loops) ** 2 * np.einsum("ci,ij,cj->", heard, loops, heard) / 2
            assert power == pytest.approx(LOUDNESS_POWER)


def test_near_silence_is_not_raised_for_ever() -> None:
    assert loudness_gain(weights(1), np.zeros((4, 4))) == pytest.approx(MOST_GAIN)
