import math

import pytest

from performer.actions import (
    ACTIONS,
    ACTIONS_BY_CONTROLLER,
    ACTIONS_BY_NOTE,
    ACTIONS_BY_PATH,
    N_SCENES,
    TARGETS,
    TOUCHED,
    find_row,
    types_of,
)
from performer.controls import BY_MIDI, CONTROLS_BY_NOTE, CONTROLS_BY_PATH, SLOTS
from performer.errors import ControlError


def test_every_promised_action_is_in_the_table_and_no_control_has_its_name() -> None:
    names = ("undo", "redo", "star", "cancel", "recall", "pin", "preset")
    promised = {f"/deck/{deck}/{name}" for deck in range(1, 5) for name in names}
    promised |= {"/tap", "/scene/save", "/scene/recall", "/scene/morph", "/midi/learn", "/midi/unlearn"}
    assert promised == set(ACTIONS_BY_PATH)
    assert not promised & set(CONTROLS_BY_PATH)


def test_no_two_rows_listen_to_one_note_or_controller() -> None:
    assert len(ACTIONS_BY_NOTE) == sum(len(action.midi_notes) for action in ACTIONS)
    assert len(ACTIONS_BY_CONTROLLER) == sum(len(action.midi_controllers) for action in ACTIONS)
    assert not set(ACTIONS_BY_CONTROLLER) & set(BY_MIDI)
    assert not set(ACTIONS_BY_NOTE) & set(CONTROLS_BY_NOTE)


def test_what_a_note_stands_for_is_accepted() -> None:
    for action, value in [*ACTIONS_BY_NOTE.values(), *ACTIONS_BY_CONTROLLER.values()]:
        assert action.accept([value]) == (value,)
    assert ACTIONS_BY_NOTE[15, 63][1] == N_SCENES


def test_a_button_is_pressed_by_nothing_or_1_and_let_go_by_0() -> None:
    undo = find_row("/deck/1/undo")
    pressed = [undo.accept(arguments) for arguments in ([], [1], [1.0], [True])]
    assert pressed == [(1.0,)] * 4
    assert undo.accept([0]) == undo.accept([False]) == (0.0,)


@pytest.mark.parametrize(
    ("path", "arguments", "reason"),
    [
        ("/deck/1/undo", [1, 2], "/deck/1/undo got 2 values; nothing, or 1 needed"),
        ("/tap", ["now"], "/tap got 'now'"),
        ("/tap", [math.nan], "/tap got nan"),
        ("/deck/3/recall", [], r"got 0 values; entry 1 to 2147483647 needed"),
        ("/deck/3/pin", [5], "got 5; corner 1 to 4 needed"),
        ("/deck/3/preset", [17], "got 17; preset 1 to 16, or its name needed"),
        ("/deck/3/preset", [], "got 0 values; preset 1 to 16, or its name needed"),
        ("/scene/recall", [65], "got 65; scene 1 to 64 needed"),
        ("/scene/recall", [2.5], "got 2.5; scene 1 to 64 needed"),
        ("/scene/recall", [True], "got True; scene 1 to 64 needed"),
        ("/scene/morph", [1], "got 1 values; scene 1 to 64, then 0 to 1 needed"),
        ("/scene/morph", [0, 0.5], "got 0; scene 1 to 64, then 0 to 1 needed"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_plain_words(path: str, arguments: list[object], reason: str) -> None:
    with pytest.raises(ControlError, match=reason):
        find_row(path).accept(arguments)


def test_a_row_is_named_by_its_address_and_value_or_by_its_number() -> None:
    learn, unlearn = find_row("/midi/learn"), find_row("/midi/unlearn")
    number = SLOTS["/deck/2/morph"].start + 2.0
    assert learn.accept(["/deck/2/morph", 1]) == learn.accept([number]) == unlearn.accept([int(number)]) == (number,)
    assert TARGETS[int(number) - 1] == ("/deck/2/morph", 1)
    assert TARGETS[int(learn.accept(["/tap"])[0]) - 1] == ("/tap", 0)
    assert TARGETS[int(learn.accept(["/scene/recall", 3])[0]) - 1] == ("/scene/recall", 3)
    assert learn.accept([]) == (TOUCHED,)
    assert learn.accept([0]) == (0.0,)
    for row, arguments, reason in (
        (learn, ["/deck/9/low"], "/deck/9/low is not a control"),
        (learn, ["/deck/1/low", 1], "/deck/1/low 1; nothing is needed behind the address"),
        (learn, ["/scene/recall"], "got /scene/recall; scene 1 to 64 is needed behind the address"),
        (learn, ["/scene/save", 65], "/scene/save 65; scene 1 to 64 is needed"),
        (learn, ["/deck/1/recall", 1], "it cannot be learned"),
        (learn, ["/deck/1/low", "x"], "an address, then which of its values"),
        (learn, ["/midi/learn"], "an address"),
        (unlearn, [], "got 0 values; an address"),
        (unlearn, [0], "got 0; an address"),
    ):
        with pytest.raises(ControlError, match=reason):
            row.accept(arguments)


def test_a_preset_is_named_by_its_name_or_its_number() -> None:
    preset = find_row("/deck/2/preset")
    assert (preset.accept(["amen"]), preset.accept([16])) == (("amen",), (16.0,))


def test_how_far_to_morph_is_clipped() -> None:
    assert find_row("/scene/morph").accept([3, 1.5]) == (3.0, 1.0)


def test_both_tables_are_looked_up() -> None:
    assert (types_of("/scene/morph"), types_of("/deck/1/morph")) == ("if", "ff")
    with pytest.raises(ControlError, match="/deck/1/dance is not a control"):
        find_row("/deck/1/dance")


def test_midi_is_said_in_words() -> None:
    assert ACTIONS_BY_PATH["/deck/2/undo"].describe_midi() == "2: note 36, CC 102"
    assert ACTIONS_BY_PATH["/scene/save"].describe_midi() == "14: note 0 to 63"
    assert ACTIONS_BY_PATH["/scene/morph"].describe_midi() == ""
