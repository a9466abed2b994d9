"""Where latents lie: whitening, lines, axes."""

import numpy as np
import pytest

from directions.population import LEAST_VARIANCE, Population, pointed

N, W_DIM = 4000, 12


@pytest.fixture
def w(rng: np.random.Generator) -> np.ndarray:
    """Correlated latents far from 0, their axes stretched."""
    mixing = rng.standard_normal((W_DIM, W_DIM)) * np.geomspace(1, 0.3, W_DIM)[:, None]
    return (rng.standard_normal((N, W_DIM)) @ mixing + 5 * mixing[0]).astype(np.float32)


def test_whitened_latents_have_unit_covariance(w: np.ndarray) -> None:
    whitened = Population.of(w).whiten(w)
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(W_DIM), atol=0.02)


def test_a_line_goes_where_whitened_latents_go_and_knows_their_spread(w: np.ndarray, rng: np.random.Generator) -> None:
    population = Population.of(w)
    move = rng.standard_normal(W_DIM)
    vector, sigma = population.line(move)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert sigma == pytest.approx(np.std(w @ vector), rel=1e-5)
    gone = population.whiten(w[:1] + vector) - population.whiten(w[:1])
    assert gone[0] @ move / np.linalg.norm(gone) / np.linalg.norm(move) == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(population.line(7 * move)[0], vector, atol=1e-6)


def test_an_axis_that_latents_hardly_leave_is_no_wide_move(rng: np.random.Generator) -> None:
    w = rng.standard_normal((N, 3)) * [1, 0.5, 1e-6]
    population = Population.of(w)
    assert population.scale[-1] == pytest.approx(np.sqrt(LEAST_VARIANCE), rel=0.05)


def test_principal_axes_are_the_widest_first(w: np.ndarray) -> None:
    axes = Population.of(w).principal(4)
    spread = (w @ axes.T).std(axis=0)
    assert np.all(np.diff(spread) < 0)
    np.testing.assert_allclose(axes @ axes.T, np.eye(4), atol=1e-5)
    assert spread[0] == pytest.approx(np.sqrt(np.linalg.eigvalsh(np.cov(w.T))[-1]), rel=1e-3)


def test_which_way_an_axis_points_is_settled() -> None:
    axes = np.array([[0.1, -0.9], [0.8, 0.2]])
    np.testing.assert_array_equal(pointed(axes), pointed(-axes))
    assert pointed(axes)[0, 1] > 0
