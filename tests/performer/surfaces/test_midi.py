import sys
from types import SimpleNamespace

import mido
import pytest

from performer.actions import Action
from performer.controls import Control
from performer.errors import PerformerError
from performer.surfaces.midi import list_ports, obey_message, open_ports


def obey(message: mido.Message) -> tuple[list[tuple[str, int, float]], list[str]]:
    applied, _, unmapped = obey_all(message)
    return applied, unmapped


def obey_all(
    message: mido.Message,
) -> tuple[list[tuple[str, int, float]], list[tuple[str, tuple[float, ...]]], list[str]]:
    applied: list[tuple[str, int, float]] = []
    fired: list[tuple[str, tuple[float, ...]]] = []
    unmapped: list[str] = []

    def apply_one(control: Control, index: int, value: float) -> None:
        applied.append((control.path, index, value))

    def fire(action: Action, values: tuple[float, ...]) -> None:
        fired.append((action.path, values))

    obey_message(message, apply_one=apply_one, fire=fire, unmapped=unmapped.append)
    return applied, fired, unmapped


@pytest.mark.parametrize(
    ("channel", "controller", "value", "moved"),
    [
        (0, 16, 127, ("/deck/1/density", 0, 3.0)),
        (3, 17, 0, ("/deck/4/bass", 0, -3.0)),
        (1, 21, 64, ("/deck/2/morph", 1, 0.5)),
        (15, 7, 127, ("/master/level", 0, 1.0)),
    ],
)
def test_a_controller_moves_its_control(
    channel: int, controller: int, value: int, moved: tuple[str, int, float]
) -> None:
    message = mido.Message("control_change", channel=channel, control=controller, value=value)
    assert obey(message) == ([moved], [])


def test_an_unmapped_controller_is_named_as_printed_on_the_device() -> None:
    applied, unmapped = obey(mido.Message("control_change", channel=8, control=99, value=1))
    assert applied == []
    assert unmapped == ["MIDI channel 9 controller 99 moves nothing; see 'loopmorph controls'"]


def test_other_notes_and_clock_are_ignored() -> None:
    assert obey_all(mido.Message("note_on", note=60)) == ([], [], [])
    assert obey_all(mido.Message("clock")) == ([], [], [])


@pytest.mark.parametrize(
    ("message", "fired"),
    [
        (mido.Message("note_on", channel=1, note=36, velocity=3), ("/deck/2/undo", (1.0,))),
        (mido.Message("note_on", channel=0, note=42), ("/deck/1/pin", (3.0,))),
        (mido.Message("note_on", channel=14, note=11), ("/scene/recall", (12.0,))),
        (mido.Message("control_change", channel=15, control=102, value=127), ("/tap", (1.0,))),
        (mido.Message("control_change", channel=15, control=102, value=64), ("/tap", (1.0,))),
    ],
)
def test_a_note_or_a_button_fires_its_action(message: mido.Message, fired: tuple[str, tuple[float, ...]]) -> None:
    assert obey_all(message) == ([], [fired], [])


@pytest.mark.parametrize(
    "message",
    [
        mido.Message("note_on", channel=1, note=36, velocity=0),
        mido.Message("note_off", channel=1, note=36),
        mido.Message("control_change", channel=15, control=102, value=63),
    ],
)
def test_a_button_that_is_let_go_fires_nothing(message: mido.Message) -> None:
    assert obey_all(message) == ([], [], [])


class FakeMido:
    """Two ports, one of which is busy."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def get_input_names(self) -> list[str]:
        return ["Knobs 1", "Keys", "Keys"]

    def open_input(self, name: str, callback: object) -> SimpleNamespace:
        if name == "Keys":
            raise OSError("busy")
        self.opened.append(name)
        return SimpleNamespace(name=name, callback=callback)


def test_ports_are_opened_by_part_of_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeMido()
    monkeypatch.setitem(sys.modules, "mido", fake)
    assert [port.name for port in open_ports("knobs", print)] == ["Knobs 1"]
    assert [port.name for port in open_ports(None, print)] == ["Knobs 1"]  # the busy one is left out
    with pytest.raises(PerformerError, match="found 'Knobs 1', 'Keys', a port named like 'pads' is needed"):
        open_ports("pads", print)
    with pytest.raises(PerformerError, match="'Keys' cannot be opened"):
        open_ports("keys", print)


def test_a_system_without_midi_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[str]:
        raise SystemError("ALSA has no sequencer")

    monkeypatch.setitem(sys.modules, "mido", SimpleNamespace(get_input_names=broken))
    with pytest.raises(PerformerError, match=r"no MIDI: .*\(ALSA has no sequencer\)"):
        list_ports()
