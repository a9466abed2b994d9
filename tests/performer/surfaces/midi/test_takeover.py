"""Soft takeover as a table of decisions."""

import pytest

from performer.surfaces.midi.takeover import NEAR, Takeover

TABLE = [
    # why, where the knob was (None: not moved yet), where it is, where the control is, does it move it
    ("a knob never moved, far below", None, 0.1, 0.8, False),
    ("a knob never moved, far above", None, 0.9, 0.2, False),
    ("a knob never moved, by chance at the place", None, 0.8, 0.8, True),
    ("a knob never moved, near the place", None, 0.8 - NEAR, 0.8, True),
    ("a knob never moved, just beyond near", None, 0.8 - 1.01 * NEAR, 0.8, False),
    ("below, going down", 0.3, 0.2, 0.8, False),
    ("below, coming nearer", 0.3, 0.7, 0.8, False),
    ("above, coming nearer", 0.95, 0.9, 0.8, False),
    ("passes on the way up", 0.3, 0.9, 0.8, True),
    ("passes on the way down", 0.95, 0.1, 0.8, True),
    ("passes in one leap from end to end", 0.0, 1.0, 0.5, True),
    ("comes near on the way up", 0.3, 0.79, 0.8, True),
    ("comes near on the way down", 0.95, 0.81, 0.8, True),
    ("reaches a control that is at the lower end", 0.3, 0.0, 0.0, True),
    ("reaches a control that is at the upper end", 0.3, 1.0, 1.0, True),
    ("stood at the place, and leaps away", 0.8, 0.2, 0.8, True),
    ("stood near the place, and leaps away", 0.8 - NEAR, 0.2, 0.8, True),
    ("stays where it is, and the control is elsewhere", 0.3, 0.3, 0.8, False),
]


@pytest.mark.parametrize(("why", "before", "knob", "control", "takes"), TABLE, ids=[row[0] for row in TABLE])
def test_a_knob_that_lost_its_control_takes_it(
    why: str, before: float | None, knob: float, control: float, takes: bool
) -> None:
    takeover = Takeover()
    if before is not None:
        assert not takeover.takes(before, control=before + 0.5 if before < 0.5 else before - 0.5)
    assert takeover.takes(knob, control=control) is takes


def test_a_knob_holds_its_control_until_another_hand_moves_it() -> None:
    takeover = Takeover()
    assert takeover.takes(0.5, control=0.5)
    for before, knob in ((0.5, 0.9), (0.9, 0.1), (0.1, 1.0)):  # however fast
        assert takeover.takes(knob, control=before)
    assert not takeover.takes(0.95, control=0.2)  # a scene was recalled
    assert not takeover.takes(0.4, control=0.2)
    assert takeover.takes(0.1, control=0.2)
    assert takeover.takes(0.6, control=0.1)


def test_a_control_that_another_hand_brings_back_is_held_again() -> None:
    takeover = Takeover()
    assert takeover.takes(0.5, control=0.5)
    assert takeover.takes(0.7, control=0.5)  # another hand was there meanwhile, and the knob did not move


def test_a_knob_that_was_moved_meanwhile_has_lost_it() -> None:
    takeover = Takeover()
    assert takeover.takes(0.5, control=0.5)
    assert not takeover.takes(0.3, control=0.9)  # a scene was recalled
    assert not takeover.takes(0.2, control=0.5)  # and then the one before
    assert takeover.takes(0.6, control=0.5)


def test_a_control_that_passes_the_knob_is_not_taken_by_it() -> None:
    takeover = Takeover()
    assert takeover.takes(0.5, control=0.5)
    assert not takeover.takes(0.52, control=0.9)
    assert not takeover.takes(0.53, control=0.1)  # from above it to below it, while the knob hardly moved
