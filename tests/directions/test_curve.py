"""Curves: the least step within limits, what is asked moves, what is held stays, 0 changes no bit."""

import json
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from directions.attribute_map import AttributeMap
from directions.curve import Curve, follow, least_steps
from directions.errors import DirectionError
from tests.directions.map_stage import N_AXES, NAMES, W_DIM, curve, random_map

OWN = NAMES.index("bass")


@pytest.fixture
def attribute_map(rng: np.random.Generator) -> AttributeMap:
    return random_map(rng)


@pytest.fixture
def w(attribute_map: AttributeMap, rng: np.random.Generator) -> np.ndarray:
    near = attribute_map.mean + rng.standard_normal((4, N_AXES)) @ attribute_map.steps.T / 2
    return (near + 0.01 * rng.standard_normal((4, W_DIM))).astype(np.float32)


@pytest.mark.parametrize("limits", [(0.0, 0.0), (0.1, 0.5), (np.inf, 0.2), (np.inf, np.inf)])
@pytest.mark.parametrize("seed", range(3))
def test_a_step_is_the_shortest_within_its_limits(seed: int, limits: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    slopes = rng.standard_normal((1, 3, N_AXES)) + rng.standard_normal(N_AXES)  # they rise alike
    found = least_steps(slopes, np.array([OWN]), np.array([[limits[0], 1, limits[1]]]))[0, 0]
    bounds = [
        {
            "type": "ineq",
            "fun": lambda step, sign=sign, row=row, limit=limits[side]: limit - sign * slopes[0, row] @ step,
        }
        for side, row in ((0, 0), (1, 2))
        if np.isfinite(limits[side])
        for sign in (1, -1)
    ]
    own = {"type": "eq", "fun": lambda step: slopes[0, OWN] @ step - 1}
    start = slopes[0, OWN] / np.square(slopes[0, OWN]).sum()
    best = minimize(lambda step: step @ step, start, constraints=[own, *bounds], method="SLSQP").x
    np.testing.assert_allclose(found, best / np.linalg.norm(best), atol=0.03)
    changes = slopes[0] @ found
    assert changes[OWN] > 0
    for share, limit in zip(np.delete(changes / changes[OWN], OWN), limits, strict=True):
        assert abs(share) <= limit + 0.02


def test_its_attribute_moves_and_the_others_stay(attribute_map: AttributeMap, w: np.ndarray) -> None:
    before = attribute_map.predict(attribute_map.place(w))
    for strength in (-1.0, 0.5, 1.0):
        change = attribute_map.predict(attribute_map.place(follow(w, [(curve(attribute_map), strength)]))) - before
        assert np.all(np.sign(change[:, OWN]) == np.sign(strength))
        assert np.all(np.abs(np.delete(change, OWN, axis=1)) < 0.1 * np.abs(change[:, OWN, None]))


def test_what_is_not_limited_goes_along_and_makes_the_attribute_move_more(
    attribute_map: AttributeMap, w: np.ndarray
) -> None:
    free = curve(attribute_map, limits={})
    moved = [
        attribute_map.predict(attribute_map.place(follow(w, [(each, 0.5)])))[:, OWN]
        for each in (curve(attribute_map), free)
    ]
    assert np.all(moved[1] > moved[0])


def test_the_way_is_one_standard_deviation_long_a_strength(attribute_map: AttributeMap, w: np.ndarray) -> None:
    for strength in (0.01, -0.02):
        gone = attribute_map.place(follow(w, [(curve(attribute_map), strength)])) - attribute_map.place(w)
        np.testing.assert_allclose(np.linalg.norm(gone, axis=1), abs(strength), rtol=1e-2)


def test_without_a_strength_no_bit_changes(attribute_map: AttributeMap, w: np.ndarray) -> None:
    assert follow(w, []) is w
    assert follow(w, [(curve(attribute_map), 0.0), (curve(attribute_map), -0.0)]) is w
    np.testing.assert_array_equal(follow(w, [(curve(attribute_map), 1e-300)]), w)  # its square is 0


def test_a_small_strength_is_a_small_move(attribute_map: AttributeMap, w: np.ndarray) -> None:
    places = [follow(w, [(curve(attribute_map), strength)]) for strength in np.linspace(0, 2, 201)]
    steps = np.linalg.norm(np.diff(np.stack(places), axis=0), axis=2)
    assert steps.max() < 8 * np.median(steps)  # where one step more is made, it ends a little elsewhere


def test_several_are_followed_at_once_and_none_cancels_another(attribute_map: AttributeMap, w: np.ndarray) -> None:
    moves = [
        (curve(attribute_map, name=name, attribute=name, limits={other: 0.0 for other in NAMES if other != name}), 0.4)
        for name in NAMES
    ]
    before = attribute_map.predict(attribute_map.place(w))
    together = attribute_map.predict(attribute_map.place(follow(w, moves))) - before
    for index, move in enumerate(moves):
        alone = attribute_map.predict(attribute_map.place(follow(w, [move]))) - before
        assert np.all(together[:, index] > 0.5 * alone[:, index])
    np.testing.assert_allclose(follow(w, moves[::-1]), follow(w, moves), atol=1e-5)


def test_each_loop_goes_its_own_way_whatever_the_others(attribute_map: AttributeMap, w: np.ndarray) -> None:
    before = w.copy()
    moved = follow(w, [(curve(attribute_map), 1.0)])
    assert moved.dtype == np.float32
    np.testing.assert_allclose(follow(w[2:3], [(curve(attribute_map), 1.0)]), moved[2:3], atol=1e-6)
    np.testing.assert_array_equal(w, before)
    assert np.ptp(moved - w, axis=0).max() > 1e-3


def test_where_nothing_rises_nothing_moves(attribute_map: AttributeMap, w: np.ndarray) -> None:
    flat = AttributeMap(
        names=NAMES,
        mean=attribute_map.mean,
        steps=attribute_map.steps,
        weights=tuple(0 * weight for weight in attribute_map.weights),
        biases=attribute_map.biases,
    )
    np.testing.assert_array_equal(follow(w, [(curve(flat), 3.0)]), w)


def test_its_entry_is_json(attribute_map: AttributeMap) -> None:
    entry = json.loads(json.dumps(curve(attribute_map).entry()))
    assert entry == {"name": "bass", "attribute": "bass", "limits": {"density": 0.0, "kick": 0.0}, "report": {}}


@pytest.mark.parametrize(
    "changes",
    [
        {"attribute": "sparkle"},
        {"limits": {"sparkle": 0.1}},
        {"limits": {"kick": -0.1}},
        {"limits": {"kick": float("nan")}},
        {"limits": {"kick": float("inf")}},
    ],
    ids=str,
)
def test_what_the_map_does_not_know_is_refused(attribute_map: AttributeMap, changes: dict[str, Any]) -> None:
    message = r"direction 'bass' moves .* attributes of its map \(density, bass, kick\) and shares from 0 on are needed"
    with pytest.raises(DirectionError, match=message):
        curve(attribute_map, **changes)
    assert isinstance(curve(attribute_map), Curve)
