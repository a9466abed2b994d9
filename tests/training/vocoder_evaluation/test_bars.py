"""Figures against their limits."""

import pytest

from training.vocoder_evaluation.bars import BARS, Bar


@pytest.mark.parametrize(("value", "passed"), [(4.9, True), (5.0, True), (5.1, False), (float("nan"), False)])
def test_figure_must_stay_below_its_limit(value: float, passed: bool) -> None:
    check = Bar(group="a", figure="b", limit=5.0).check({"a": {"b": value}})
    assert check["passed"] is passed
    assert check["figure"] == "a.b"
    assert check["bar"] == 5.0


def test_figure_must_reach_its_limit_where_that_is_asked() -> None:
    bar = Bar(group="a", figure="b", limit=0.98, at_least=True)
    assert [bar.check({"a": {"b": value}})["passed"] for value in (0.97, 0.98, 1.0)] == [False, True, True]


def test_limit_may_be_another_figure() -> None:
    bar = Bar(group="a", figure="b", limit="c")
    assert bar.check({"a": {"b": 3.0, "c": 4.0}})["bar"] == 4.0
    assert not bar.check({"a": {"b": 3.0, "c": 2.0}})["passed"]


def test_every_figure_has_one_bar() -> None:
    keys = [(bar.group, bar.figure) for bar in BARS]
    assert len(keys) == len(set(keys)) == 18
