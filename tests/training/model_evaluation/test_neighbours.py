"""Density and coverage of sets whose answer is known, and nearest distances."""

import numpy as np
import pytest

from training.model_evaluation.neighbours import density_and_coverage, nearest_distances

RNG = np.random.default_rng(7)
REAL, OTHER = RNG.standard_normal((2, 800, 8))


def test_equal_distributions_have_density_1_and_the_papers_coverage() -> None:
    """Naeem et al., equation 9: the nearest five of the others' and one's own loops are not all one's own."""
    density, coverage = density_and_coverage(REAL, OTHER)
    n = len(REAL)
    expected = 1 - np.prod([(n - 1 - i) / (2 * n - 1 - i) for i in range(5)])
    assert density == pytest.approx(1, abs=0.1)
    assert coverage == pytest.approx(expected, abs=0.02)


def test_density_and_coverage_of_points_on_a_line() -> None:
    real = np.arange(10.0)[:, None]  # reach 5 at the ends, 4 next to them, then 3
    density, coverage = density_and_coverage(real, np.array([[-4.5], [100.0]]))
    assert (density, coverage) == (1 / (5 * 2), 1 / 10)


def test_shifted_loops_have_neither() -> None:
    assert density_and_coverage(REAL, OTHER + 20) == (0, 0)


def test_collapsed_loops_are_dense_and_cover_little() -> None:
    density, coverage = density_and_coverage(REAL, 0.01 * OTHER)
    assert density > 1
    assert coverage < 0.5 * density_and_coverage(REAL, OTHER)[1]


def test_nearest_distance_is_that_of_all_pairs() -> None:
    pairs = np.sqrt(np.square(REAL[:300, None] - OTHER).mean(axis=2))
    np.testing.assert_allclose(nearest_distances(REAL[:300], OTHER), pairs.min(axis=1), rtol=1e-9)
    assert nearest_distances(OTHER[:3], OTHER).max() < 1e-6
