"""w + directions: nothing at 0, lines add on their levels, curves first."""

import numpy as np
import pytest

from directions.curve import follow
from directions.move import move
from directions.table import Line
from tests.directions.map_stage import W_DIM, curve, random_map

N_LEVELS = 6


def line(rng: np.random.Generator, *, levels: tuple[int, ...], sigma: float = 0.5) -> Line:
    vector = rng.standard_normal(W_DIM)
    vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Line(name="grit", attribute="grit", levels=levels, sigma=sigma, vector=vector, report={})


@pytest.fixture
def w(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((3, W_DIM)).astype(np.float32)


def test_without_a_strength_each_level_has_the_latent_bit_for_bit(w: np.ndarray, rng: np.random.Generator) -> None:
    moves = [(line(rng, levels=(0, 1)), 0.0), (curve(random_map(rng)), -0.0)]
    before = w.copy()
    ws = move(w, moves, n_levels=N_LEVELS)
    assert ws.shape == (3, N_LEVELS, W_DIM)
    np.testing.assert_array_equal(ws, np.repeat(before[:, None], N_LEVELS, axis=1))
    ws += 1
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize("strength", [-3.0, -0.1, 1.0, 2.5])
def test_a_line_is_strength_times_sigma_times_its_vector_on_its_levels_alone(
    w: np.ndarray, rng: np.random.Generator, strength: float
) -> None:
    grit = line(rng, levels=(0, 2, 5), sigma=0.5)
    step = move(w, [(grit, strength)], n_levels=N_LEVELS) - w[:, None]
    for level in range(N_LEVELS):
        needed = strength * 0.5 * grit.vector if level in (0, 2, 5) else np.zeros(W_DIM)
        np.testing.assert_allclose(step[:, level], np.broadcast_to(needed, w.shape), atol=1e-6)
    np.testing.assert_array_equal(step[:, [1, 3, 4]], 0)


def test_lines_add_in_any_order(w: np.ndarray, rng: np.random.Generator) -> None:
    one, two = (line(rng, levels=(0, 1, 2)), 1.5), (line(rng, levels=(2, 3), sigma=2.0), -2.0)
    both = move(w, [one, two], n_levels=N_LEVELS)
    np.testing.assert_allclose(both, move(w, [two, one], n_levels=N_LEVELS), atol=1e-6)
    alone = [move(w, [each], n_levels=N_LEVELS) - w[:, None] for each in (one, two)]
    np.testing.assert_allclose(both - w[:, None], sum(alone), atol=1e-5)


def test_curves_are_followed_first_and_all_at_once(w: np.ndarray, rng: np.random.Generator) -> None:
    attribute_map = random_map(rng)
    grit = (line(rng, levels=(1,)), 1.0)
    curves = [(curve(attribute_map), 0.5), (curve(attribute_map, attribute="kick", limits={}), -1.0)]
    ws = move(w, [curves[0], grit, curves[1]], n_levels=2)
    np.testing.assert_array_equal(ws[:, 0], follow(w, curves))
    np.testing.assert_allclose(ws[:, 1] - ws[:, 0], np.broadcast_to(0.5 * grit[0].vector, w.shape), atol=1e-6)
