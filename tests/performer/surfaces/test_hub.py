"""OSC packets and MIDI messages come in at one end, and what they do stands in shared memory."""

import mido
import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from performer.actions import ACTIONS
from performer.console import Warnings
from performer.controls import SLOTS
from performer.memory import Memory
from performer.session.conductor import Conductor
from performer.session.stamp import ModelStamp
from performer.surfaces.hub import Hub
from performer.surfaces.midi.controller import Controller
from performer.surfaces.midi.mapping import built_in
from performer.surfaces.osc.inbox import Inbox
from tests.performer.conftest import FakeClock


class Rig:
    """The hub with two of its surfaces."""

    def __init__(self, memory: Memory, clock: FakeClock) -> None:
        self.memory, self.clock = memory, clock
        warnings = Warnings(now_s=clock)
        conductor = Conductor(memory, None, (ModelStamp(name="drums", sha256=""),), warnings=warnings, now_s=clock)
        self.hub = Hub(memory, conductor, warnings=warnings, now_s=clock)
        self.controller = Controller(self.hub, "knobs", built_in())

    def osc(self, path: str, *arguments: object) -> None:
        builder = OscMessageBuilder(path)
        for argument in arguments:
            builder.add_arg(argument)
        Inbox(apply=self.hub.apply, refuse=self.hub.refuse).obey([(builder.build().dgram, ("127.0.0.1", 1))])

    def midi(self, kind: str, **fields: int) -> None:
        self.controller.obey(mido.Message(kind, **fields), at_s=self.clock())

    def read(self, path: str) -> float:
        return float(self.memory.state["controls"][0, SLOTS[path].start])


@pytest.fixture
def rig(memory: Memory, clock: FakeClock) -> Rig:
    return Rig(memory, clock)


def test_osc_moves_controls_and_fires_actions(rig: Rig) -> None:
    rig.osc("/deck/1/density", 1.5)
    rig.osc("/scene/save", 4)
    rig.osc("/deck/1/density", -2.0)
    rig.osc("/scene/recall", 4)
    assert rig.read("/deck/1/density") == 1.5
    assert rig.memory.counters()["osc_messages"] == 4


def test_what_osc_asks_and_cannot_be_done_is_refused(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    rig.osc("/scene/recall", 4)
    rig.osc("/scene/recall", 99)
    rig.osc("/deck/1/undo")
    assert rig.memory.counters()["osc_refused"] == 3
    assert rig.memory.counters()["osc_messages"] == 0
    assert "scene 4 is empty" in capsys.readouterr().err


def test_a_midi_button_taps_the_tempo_at_the_time_it_was_struck(rig: Rig) -> None:
    for _ in range(4):
        rig.midi("control_change", channel=15, control=102, value=127)
        rig.midi("control_change", channel=15, control=102, value=0)
        rig.clock.advance(0.375)
    assert rig.read("/tempo") == pytest.approx(160)
    assert rig.memory.counters()["midi_messages"] == 4


def test_what_a_controller_sends_is_done_in_its_order(rig: Rig) -> None:
    rig.osc("/deck/1/density", 1.5)
    rig.osc("/scene/save", 1)
    rig.midi("note_on", channel=13, note=0)
    rig.midi("control_change", control=16, value=127)
    assert rig.read("/deck/1/density") == 3.0


def test_midi_notes_recall_scenes(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    rig.osc("/deck/1/density", 1.5)
    rig.midi("note_on", channel=13, note=0)
    rig.hub.work()
    rig.osc("/deck/1/density", 0.0)
    rig.midi("note_on", channel=14, note=0)
    rig.hub.work()
    assert rig.read("/deck/1/density") == 1.5
    rig.midi("note_on", channel=14, note=1)
    rig.hub.work()
    assert "/scene/recall refused: scene 2 is empty" in capsys.readouterr().err


def test_a_seed_or_walk_that_is_set_sends_the_deck_out_anew(rig: Rig) -> None:
    for path, value in (("/deck/2/walk", 0.0), ("/deck/2/seed", 13), ("/deck/2/density", 1.0)):
        rig.osc(path, value)
    assert rig.memory.state["walk_turn"][0].tolist() == [0, 2, 0, 0]


def test_no_action_with_any_values_stops_the_process(rig: Rig) -> None:
    for action in ACTIONS:
        for numbers in ([], [0], [1], [3, 0.5], [64], [-1], [2**31 - 1], ["x"]):
            rig.osc(action.path, *numbers)
    rig.hub.work()
    assert rig.memory.counters()["session_failures"] == 0
