"""Loops that repeat training loops are found, others are not."""

import numpy as np
import pytest

from training.model_evaluation.feature_space import roll_half
from training.model_evaluation.memorising import compare_distances, training_distances

COLUMNS = 8


def loops(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 4 * COLUMNS))


TRAINING, HELD_OUT = loops(600, 1), loops(200, 2)


def compare(drawn: np.ndarray) -> dict[str, float]:
    return compare_distances(*(training_distances(p, TRAINING, columns=COLUMNS) for p in (drawn, HELD_OUT)))


def test_new_loops_of_the_same_kind_are_not_memorised() -> None:
    got = compare(loops(200, 3))
    assert got["ks_p"] > 0.01
    assert got["ks_closer_p"] > 0.01
    assert got["closest_share"] < 0.05


@pytest.mark.parametrize("turn", [False, True])
def test_copies_are_found_even_if_the_bars_are_swapped(turn: bool) -> None:
    drawn = loops(200, 3)
    drawn[:40] = TRAINING[:40] + 0.05 * loops(40, 4)
    if turn:
        drawn[:40] = roll_half(drawn[:40], columns=COLUMNS)
    got = compare(drawn)
    assert got["ks_closer_p"] < 1e-3
    assert 0.2 <= got["closest_share"] < 0.25


def test_loops_far_from_everything_are_different_but_not_nearer() -> None:
    got = compare(3 * loops(200, 3))
    assert got["ks_p"] < 1e-6
    assert got["ks_closer_p"] > 0.9
    assert got["closest_share"] == 0
