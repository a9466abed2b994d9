import json

import numpy as np
import pytest

from performer.controls import N_DECKS, N_VALUES, SLOTS, default_values
from performer.errors import ControlError
from performer.memory import Memory
from performer.session.snapshot import IN_SCENES, IN_SESSIONS, Snapshot
from performer.session.stamp import ModelStamp
from performer.session.values import present_values, set_values

STAMPS = (ModelStamp(name="drums", sha256="1"), ModelStamp(name="bass", sha256="2"))


def taken(memory: Memory) -> Snapshot:
    return Snapshot.take(memory, STAMPS)


def test_scenes_leave_out_tempo_headphones_and_what_is_held_for_a_moment(memory: Memory) -> None:
    out = {path for path, slot in SLOTS.items() if not IN_SCENES[slot].all()}
    held = {"/nudge", "/panic", "/record"}
    clock = {"/tempo", "/midi/clock", "/midi/offset"}
    assert out == {*held, *clock, "/cue/level", *(f"/deck/{n}/cue" for n in range(1, 5))}
    assert {path for path, slot in SLOTS.items() if not IN_SESSIONS[slot].all()} == held


def test_a_snapshot_is_written_and_read_back_bit_for_bit(memory: Memory) -> None:
    controls = memory.state["controls"][0]
    controls[SLOTS["/deck/2/model"]] = 1
    controls[SLOTS["/deck/2/density"]] = np.float32(0.1)
    controls[SLOTS["/deck/3/morph"]] = 1 / 3, 2 / 3
    before = taken(memory)
    after = Snapshot.from_entry(json.loads(before.text))
    np.testing.assert_array_equal(after.values, before.values)
    assert after.models == before.models == (STAMPS[0], STAMPS[1], STAMPS[0], STAMPS[0])


def test_a_control_that_is_not_named_is_at_its_default(memory: Memory) -> None:
    entry = json.loads(taken(memory).text)
    entry["controls"] = {"/deck/1/density": [9.0]}
    values = default_values()
    values[SLOTS["/deck/1/density"]] = 3.0
    np.testing.assert_array_equal(Snapshot.from_entry(entry).values, values)


@pytest.mark.parametrize(
    ("controls", "reason"),
    [
        ([], "controls by address"),
        ({"/deck/9/seed": [1]}, "/deck/9/seed is not a control"),
        ({"/deck/1/seed": 1}, "/deck/1/seed is 1, a list of values is needed"),
        ({"/deck/1/seed": [1.5]}, "a whole number"),
        ({"/deck/1/seed": [float("nan")]}, "got nan"),
        ({"/deck/1/morph": [1]}, "got 1 values"),
    ],
)
def test_what_is_no_snapshot_is_refused(memory: Memory, controls: object, reason: str) -> None:
    entry = json.loads(taken(memory).text)
    with pytest.raises(ControlError, match=reason):
        Snapshot.from_entry({**entry, "controls": controls})
    for wrong in (None, {**entry, "more": 1}, {**entry, "models": []}, {**entry, "models": "drums"}):
        with pytest.raises(ControlError, match=r"models are needed|models and controls are needed"):
            Snapshot.from_entry(wrong)


def test_models_are_found_wherever_they_are_loaded(memory: Memory) -> None:
    memory.state["controls"][0, SLOTS["/deck/2/model"]] = 1
    snapshot = taken(memory)
    values, remarks = snapshot.for_models((STAMPS[1], STAMPS[0]), default_values())
    assert [int(values[SLOTS[f"/deck/{deck}/model"]][0]) for deck in (1, 2)] == [1, 0]
    assert remarks == []
    values, remarks = snapshot.for_models(STAMPS[:1], default_values())
    assert values[SLOTS["/deck/2/model"]] == 0
    assert len(remarks) == 1
    assert remarks[0].startswith("deck 2: model 'bass' drew this and is not loaded")


def test_the_walk_of_a_deck_that_has_drifted_is_how_far_it_has_come(memory: Memory) -> None:
    walk = SLOTS["/deck/2/walk"]
    set_values(memory, [walk.start], [2.0])
    memory.state["walked"][0, 1], memory.state["walked_turn"][0, 1] = 3.25, memory.state["walk_turn"][0, 1]
    assert present_values(memory)[walk] == 5.25
    set_values(memory, [walk.start], [2.0])  # sent out anew: the worker has not noticed yet
    assert present_values(memory)[walk] == 2.0
    assert present_values(memory).shape == (N_VALUES,)
    assert memory.state["walk_turn"][0].tolist() == [0, 2] + [0] * (N_DECKS - 2)
