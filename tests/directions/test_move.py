"""w + strength x direction: nothing at 0, additive, only on its levels."""

import numpy as np
import pytest

from directions.move import apply
from directions.table import Direction


def direction(rng: np.random.Generator, *, levels: tuple[int, ...], sigma: float = 0.5) -> Direction:
    vector = rng.standard_normal(8)
    vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Direction(name="bass", attribute="bass", levels=levels, sigma=sigma, vector=vector, report={})


@pytest.fixture
def ws(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((3, 6, 8)).astype(np.float32)


@pytest.mark.parametrize("strength", [0, 0.0, -0.0])
def test_strength_0_returns_the_very_array_bit_for_bit(
    ws: np.ndarray, rng: np.random.Generator, strength: float
) -> None:
    before = ws.tobytes()
    assert apply(ws, direction(rng, levels=(0, 1)), strength=strength) is ws
    assert ws.tobytes() == before


@pytest.mark.parametrize("strength", [-3.0, -0.1, 1.0, 2.5])
def test_step_is_strength_times_sigma_times_the_unit_vector_on_its_levels_alone(
    ws: np.ndarray, rng: np.random.Generator, strength: float
) -> None:
    move = direction(rng, levels=(0, 2, 5), sigma=0.5)
    step = apply(ws, move, strength=strength) - ws
    for level in range(6):
        needed = strength * 0.5 * move.vector if level in (0, 2, 5) else np.zeros(8)
        np.testing.assert_allclose(step[:, level], np.broadcast_to(needed, (3, 8)), atol=1e-6)
    np.testing.assert_array_equal(step[:, [1, 3, 4]], 0)


def test_several_directions_add_in_any_order(ws: np.ndarray, rng: np.random.Generator) -> None:
    one, two = direction(rng, levels=(0, 1, 2)), direction(rng, levels=(2, 3), sigma=2.0)
    both = apply(apply(ws, one, strength=1.5), two, strength=-2)
    np.testing.assert_allclose(both, apply(apply(ws, two, strength=-2), one, strength=1.5), atol=1e-6)
    alone = (apply(ws, one, strength=1.5) - ws) + (apply(ws, two, strength=-2) - ws)
    np.testing.assert_allclose(both - ws, alone, atol=1e-5)


def test_there_and_back_is_where_it_began(ws: np.ndarray, rng: np.random.Generator) -> None:
    move = direction(rng, levels=(0, 1, 2, 3, 4, 5))
    np.testing.assert_allclose(apply(apply(ws, move, strength=2), move, strength=-2), ws, atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 8), (1, 6, 8), (2, 4, 6, 8)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_leading_shape_comes_back_as_float32_and_the_input_stays(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: type
) -> None:
    ws = rng.standard_normal(shape).astype(dtype)
    before = ws.copy()
    moved = apply(ws, direction(rng, levels=(1,)), strength=1)
    assert moved.shape == shape
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(ws, before)
    assert not np.shares_memory(moved, ws)


def test_direction_on_no_level_moves_nothing(ws: np.ndarray, rng: np.random.Generator) -> None:
    np.testing.assert_array_equal(apply(ws, direction(rng, levels=()), strength=3), ws)
