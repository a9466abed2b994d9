"""Which loops are compared."""

from typing import Any

import pytest

from training.errors import TrainingError
from training.model_evaluation.plan import EvaluationConfig, make_plan


class Counts:
    """A corpus of so many loops; every second one is of genre `odd`."""

    def __init__(self, held_out: int, training: int) -> None:
        self.parts = {"held_out": range(held_out), "train": range(held_out, held_out + training)}

    def split(self, name: str, *, genre: str | None = None) -> list[int]:
        return [i for i in self.parts[name] if genre is None or (genre == "odd") == (i % 2 == 1)]


def plan_of(held_out: int, training: int, *, with_audio: bool = True, **asked: Any) -> Any:
    return make_plan(Counts(held_out, training), EvaluationConfig(**asked), with_audio=with_audio)


def test_plan_takes_what_is_asked_for_as_in_looptest() -> None:
    plan = plan_of(2500, 9000)
    assert (plan.n_loops, plan.n_bins, plan.n_heard, plan.n_paths) == (2000, 100, 256, 200)
    assert len(plan.training) == 9000
    assert set(plan.held_out) <= set(range(2500))
    assert set(plan.training) == set(range(2500, 11_500))
    assert plan.work == 2 * 2000 + 9000 + 2 * 200 + 256


@pytest.mark.parametrize(("held_out", "training", "n"), [(300, 9000, 300), (300, 500, 250), (40, 80, 40)])
def test_plan_takes_fewer_where_there_are_fewer(held_out: int, training: int, n: int) -> None:
    plan = plan_of(held_out, training)
    assert plan.n_loops == n
    assert plan.n_bins == n // 20
    assert plan.n_heard == min(256, n)


def test_memorised_loops_are_sought_in_at_most_20_000() -> None:
    assert len(plan_of(50, 30_000).training) == 20_000


def test_plan_is_the_same_for_the_same_seed() -> None:
    assert plan_of(500, 2000, n_loops=100) == plan_of(500, 2000, n_loops=100)
    assert plan_of(500, 2000, n_loops=100).held_out != plan_of(500, 2000, n_loops=100, seed=1).held_out


def test_plan_keeps_to_genres_and_hears_nothing_without_vocoder() -> None:
    plan = plan_of(500, 2000, genres=("odd",), with_audio=False)
    assert plan.n_heard == 0
    assert {i % 2 for i in plan.held_out + plan.training} == {1}
    both = plan_of(500, 2000, genres=("odd", "even"))
    assert sorted(both.held_out) == list(range(500))


def test_too_few_loops_are_counted_in_the_error() -> None:
    with pytest.raises(TrainingError, match="has 39 held-out and 200 training loops, at least 40 and 80 are needed"):
        plan_of(39, 200)
    with pytest.raises(TrainingError, match="30 training loops of odd, at least"):
        plan_of(200, 60, genres=("odd",))


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_loops", 39), ("n_heard", 0), ("truncation_psi", 1.5), ("truncation_psi", float("nan")), ("seed", -1)],
)
def test_impossible_config_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(TrainingError, match=f"{name} is {value}"):
        EvaluationConfig(**{name: value})
