"""Bins and what is told from their histograms."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from training.model_evaluation.bins import count_bins, different_bins, fit_bins, js_divergence


@pytest.mark.parametrize(
    ("counts", "others", "expected"),
    [
        ([5, 5], [50, 50], 0.0),
        ([10, 0], [0, 3], np.log(2)),
        ([3, 1], [1, 3], 0.75 * np.log(1.5) + 0.25 * np.log(0.5)),
    ],
)
def test_known_histograms_have_known_divergence(counts: list[int], others: list[int], expected: float) -> None:
    got = js_divergence(np.array(counts), np.array(others))
    assert got == pytest.approx(jensenshannon(counts, others) ** 2, abs=1e-12)
    assert got == pytest.approx(expected, abs=1e-12)


def test_bin_is_different_beyond_196_standard_errors() -> None:
    """100 loops each and a pooled share of a half: one standard error is sqrt(0.5 / 100) = 0.0707."""
    assert different_bins(np.array([57, 43]), np.array([43, 57])) == 2
    assert different_bins(np.array([56, 44]), np.array([43, 57])) == 0
    assert different_bins(np.array([90, 10, 0]), np.array([70, 10, 20])) == 2
    assert different_bins(np.array([10, 0]), np.array([10, 0])) == 0


def test_equal_distributions_differ_in_one_bin_of_twenty() -> None:
    rng = np.random.default_rng(1)
    draws = rng.multinomial(2000, np.full(100, 0.01), size=(2, 40))
    found = [different_bins(*pair) for pair in zip(*draws)]
    assert 4 < np.mean(found) < 6
    divergence = np.mean([js_divergence(*pair) for pair in zip(*draws)])
    assert divergence == pytest.approx(99 / (4 * 2000), rel=0.1)  # (k - 1) / 8 * (1 / n + 1 / m)


def test_bins_fall_on_clusters() -> None:
    rng = np.random.default_rng(2)
    places = 20 * np.eye(8)
    points = np.repeat(places, 25, axis=0) + rng.standard_normal((200, 8))
    centers = fit_bins(points, n_bins=8, rng=rng)
    assert sorted(centers.argmax(axis=1)) == list(range(8))
    assert count_bins(points, centers).tolist() == [25] * 8
    assert count_bins(points[:25], centers).max() == 25


def test_every_point_is_in_the_bin_of_the_nearest_centre() -> None:
    rng = np.random.default_rng(3)
    points, centers = rng.standard_normal((50, 4)), rng.standard_normal((6, 4))
    nearest = np.linalg.norm(points[:, None] - centers, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(count_bins(points, centers), np.bincount(nearest, minlength=6))


def test_bins_of_equal_points_do_no_harm_and_seed_decides() -> None:
    same = np.ones((30, 3))
    assert count_bins(same, fit_bins(same, n_bins=4, rng=np.random.default_rng(0))).sum() == 30
    points = np.random.default_rng(4).standard_normal((60, 5))
    first, again, other = (fit_bins(points, n_bins=5, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
