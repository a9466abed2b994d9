import json

import pytest

from performer.actions import ACTIONS
from performer.controls import CONTROLS, SLOTS
from performer.memory import Memory
from performer.readouts import READOUTS
from performer.surfaces.feed import read_all
from performer.surfaces.osc.tree import ATTRIBUTES, Node, nodes, show

ROWS = (*CONTROLS, *ACTIONS, *READOUTS)


def walk(node: Node) -> list[Node]:
    return [node, *(found for below in node.get("CONTENTS", {}).values() for found in walk(below))]


def test_every_row_is_a_leaf_and_every_leaf_a_row(memory: Memory) -> None:
    tree = show("/", read_all(memory), labels={})
    assert tree is not None
    leaves = [node for node in walk(tree) if "CONTENTS" not in node]
    assert sorted(node["FULL_PATH"] for node in leaves) == sorted(row.path for row in ROWS)
    json.dumps(tree, allow_nan=False)


def test_every_node_says_where_it_is_and_what_it_is_for(memory: Memory) -> None:
    for path, node in nodes().items():
        assert node["FULL_PATH"] == path
        assert node["DESCRIPTION"].endswith((".", "Loopmorph"))
        assert set(node) <= ATTRIBUTES
        for name, below in node.get("CONTENTS", {}).items():
            assert below["FULL_PATH"] == f"{path.rstrip('/')}/{name}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)
def test_a_leaf_has_one_entry_for_each_value(row: object, memory: Memory) -> None:
    node = show(row.path, read_all(memory), labels={})  # type: ignore[attr-defined]
    assert node is not None
    for name in ("VALUE", "RANGE", "UNIT", "CLIPMODE"):
        assert len(node.get(name, node["TYPE"])) == len(node["TYPE"])
    for kind, limits in zip(node["TYPE"], node["RANGE"], strict=True):
        assert limits["MIN"] < limits["MAX"]
        assert isinstance(limits["MAX"], int if kind == "i" else float | int)


def test_controls_can_be_set_and_read_actions_set_readouts_read(memory: Memory) -> None:
    present = read_all(memory)
    memory.state["controls"][0, SLOTS["/deck/1/morph"]] = 0.25, 0.5
    control, action, readout = (show(path, read_all(memory), labels={}) for path in ("/deck/1/morph", "/tap", "/beat"))
    assert control is not None
    assert action is not None
    assert readout is not None
    assert [node["ACCESS"] for node in (control, action, readout)] == [3, 2, 1]
    assert control["VALUE"] == [0.25, 0.5]
    assert "VALUE" not in action
    assert readout["VALUE"] == [0.0]
    assert "VALUE" not in nodes()["/deck/1/morph"]  # what is shown is a copy
    assert show("/deck/1/seed", present, labels={})["VALUE"] == [3]  # type: ignore[index]
    assert show("/nowhere", present, labels={}) is None


def test_directions_are_shown_that_do_something_on_the_decks_model(memory: Memory) -> None:
    labels = {"/deck/1/density": "density", "/deck/1/own1": "grit", "/deck/1/own2": "", "/deck/1/kick": ""}
    deck = show("/deck/1", read_all(memory), labels=labels)
    assert deck is not None
    assert {"density", "own1", "hats"} < set(deck["CONTENTS"])
    assert not {"own2", "kick"} & set(deck["CONTENTS"])
    assert deck["CONTENTS"]["own1"]["DESCRIPTION"].startswith("grit: Direction of the model")
    assert deck["CONTENTS"]["density"]["DESCRIPTION"] == "Sparser below 0, denser above."
    assert show("/deck/1/kick", read_all(memory), labels=labels) is not None  # it can be set for the next model


def test_a_value_that_is_no_number_is_shown_as_nothing(memory: Memory) -> None:
    memory.state["controls"][0, SLOTS["/tempo"]] = float("nan")
    assert show("/tempo", read_all(memory), labels={})["VALUE"] == [None]  # type: ignore[index]
