import mido
import pytest

from performer.memory import Memory
from performer.surfaces.midi.mapping import built_in
from performer.surfaces.midi.modes import Source
from tests.performer.conftest import FakeClock
from tests.performer.surfaces.midi.midi_stage import MidiStage


@pytest.fixture
def stage(memory: Memory, clock: FakeClock) -> MidiStage:
    return MidiStage(memory, clock)


@pytest.mark.parametrize(
    ("channel", "number", "value", "path", "index", "wanted"),
    [
        (1, 16, 127, "/deck/1/density", 0, 3.0),
        (4, 17, 0, "/deck/4/bass", 0, -3.0),
        (2, 21, 64, "/deck/2/morph", 1, 0.5),
        (16, 7, 127, "/master/level", 0, 1.0),
        (1, 83, 127, "/deck/1/flip", 0, 3.0),
    ],
)
def test_a_controller_that_no_file_knows_moves_what_the_table_says(
    stage: MidiStage, channel: int, number: int, value: int, path: str, index: int, wanted: float
) -> None:
    stage.controller(built_in()).cc(number, value, channel=channel)
    assert stage.read(path, index) == wanted
    assert stage.memory.counters()["midi_messages"] == 1


def test_notes_of_the_table_fire_actions_and_scenes_and_switch_mutes(stage: MidiStage) -> None:
    fake = stage.controller(built_in())
    fake.press(36, channel=2)
    fake.press(42)
    fake.press(11, channel=15)
    fake.cc(102, 127, 64, 63, 0, channel=16)
    assert stage.fired() == [
        ("/deck/2/undo", (1.0,)),
        ("/deck/1/pin", (3.0,)),
        ("/scene/recall", (12.0,)),
        ("/tap", (1.0,)),
        ("/tap", (1.0,)),
    ]
    for wanted in (1.0, 0.0):
        fake.press(44, channel=3)
        assert stage.read("/deck/3/mute") == wanted
    assert stage.fired() == []


def test_what_is_not_mapped_is_named_and_other_notes_and_messages_are_ignored(
    stage: MidiStage, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = stage.controller(built_in())
    before = stage.values()
    fake.cc(99, 1, channel=9)
    fake.press(60)
    for kind in ("clock", "program_change", "sysex"):
        fake.controller.obey(mido.Message(kind), at_s=0.0)
    assert "MIDI channel 9 controller 99 of fake moves nothing" in capsys.readouterr().err
    assert stage.values() == before
    assert stage.memory.counters()["midi_unmapped"] == 1


def test_soft_takeover_picks_a_control_up_in_passing(stage: MidiStage) -> None:
    fake = stage.controller('[[map]]\ncc = 1\nchannel = 1\ncontrol = "/deck/1/level"')  # it is at 0.8
    fake.cc(1, 0, 40, 90)
    assert stage.read("/deck/1/level") == 0.8
    fake.cc(1, 110)
    assert stage.read("/deck/1/level") == pytest.approx(110 / 127, abs=0.01)
    fake.cc(1, 0)
    assert stage.read("/deck/1/level") == 0.0
    stage.set("/deck/1/level", 0.5)
    fake.cc(1, 10, 30)
    assert stage.read("/deck/1/level") == 0.5
    fake.cc(1, 64, 90)
    assert stage.read("/deck/1/level") == pytest.approx(90 / 127, abs=0.01)


def test_takeover_of_a_control_with_few_steps_is_by_its_steps(stage: MidiStage) -> None:
    fake = stage.controller('[[map]]\ncc = 1\nchannel = 1\ncontrol = "/deck/1/flip"')
    fake.cc(1, 127)
    assert stage.read("/deck/1/flip") == 0
    fake.cc(1, 20, 50)
    assert stage.read("/deck/1/flip") == 1


def test_fine_knobs_wait_for_their_lower_half(stage: MidiStage) -> None:
    fake = stage.controller('[[map]]\ncc = 7\nchannel = 1\ncontrol = "/deck/1/low"\nmode = "14-bit"\ntakeover = false')
    fake.cc(7, 64)
    assert stage.read("/deck/1/low") == 0.5
    assert stage.memory.counters()["midi_messages"] == 0
    fake.cc(39, 0)
    assert stage.read("/deck/1/low") == 0.5
    fake.cc(39, 1)
    assert stage.read("/deck/1/low") == pytest.approx(0.5 + 0.5 / 8191)
    fake.cc(7, 127)
    fake.cc(39, 127)
    assert stage.read("/deck/1/low") == 1.0


def test_a_pitch_bend_is_a_fine_fader(stage: MidiStage) -> None:
    fake = stage.controller('[[map]]\nbend = true\nchannel = 3\ncontrol = "/crossfader"\ntakeover = false')
    for value, wanted in ((0, -1.0), (8192, 0.0), (8193, 1 / 8191), (16_383, 1.0)):
        fake.bend(value, channel=3)
        assert stage.read("/crossfader") == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("mode", "right", "left"), [("twos-complement", 1, 127), ("binary-offset", 65, 63), ("sign-magnitude", 1, 65)]
)
def test_endless_knobs_go_on_from_where_the_control_is(stage: MidiStage, mode: str, right: int, left: int) -> None:
    fake = stage.controller(f'[[map]]\ncc = 1\nchannel = 1\ncontrol = "/deck/1/seed"\nmode = "{mode}"')
    fake.cc(1, right, right, right, left)
    assert stage.read("/deck/1/seed") == 5
    stage.set("/deck/1/seed", 40)
    fake.cc(1, left)
    assert stage.read("/deck/1/seed") == 39
    assert stage.memory.state["walk_turn"][0, 0] == 5  # each seed sends the deck out anew


def test_an_endless_knob_goes_on_from_where_a_deck_has_drifted_to(stage: MidiStage) -> None:
    fake = stage.controller('[[map]]\ncc = 1\nchannel = 1\ncontrol = "/deck/1/walk"\nmode = "twos-complement"')
    entry = fake.controller.mapping.entries[0]
    stage.memory.state["walked"][0, 0] = 10.0
    fake.cc(1, 1)
    assert stage.read("/deck/1/walk") == pytest.approx(entry.moved(10.0, 1))


def test_a_button_that_is_held_is_let_go_when_it_is_for_something_else(stage: MidiStage) -> None:
    fake = stage.controller('[[map]]\ncc = 2\nchannel = 1\ncontrol = "/nudge"\nmode = "momentary"\nvalue = -1')
    fake.cc(2, 127)
    assert stage.read("/nudge") == -1
    fake.controller.use(built_in())
    assert stage.read("/nudge") == 0


def test_buttons_toggle_hold_and_set(stage: MidiStage) -> None:
    fake = stage.controller("""
        [[map]]
        note = 1
        channel = 1
        control = "/deck/1/low"
        value = 0
        [[map]]
        cc = 2
        channel = 1
        control = "/nudge"
        mode = "momentary"
        value = -1
        [[map]]
        note = 3
        channel = 1
        control = "/deck/1/flip"
        mode = "trigger"
        value = 2
        [[map]]
        cc = 4
        channel = 1
        control = "/deck/1/mute"
        mode = "toggle"
    """)
    for wanted in (0.0, 0.5, 0.0):
        fake.press(1)
        assert stage.read("/deck/1/low") == wanted
    stage.set("/deck/1/low", 0.3)  # another hand: it is not killed any more
    fake.press(1)
    assert stage.read("/deck/1/low") == 0.0
    fake.cc(2, 127)
    assert stage.read("/nudge") == -1
    fake.cc(2, 0)
    assert stage.read("/nudge") == 0
    for _ in range(2):
        fake.press(3)
        assert stage.read("/deck/1/flip") == 2
    fake.cc(4, 127, 0)
    assert stage.read("/deck/1/mute") == 1
    fake.cc(4, 127, 0)
    assert stage.read("/deck/1/mute") == 0


def test_a_fader_morphs_to_a_scene(stage: MidiStage) -> None:
    fake = stage.controller('[[map]]\ncc = 1\nchannel = 1\naction = "/scene/morph"\nmode = "absolute"\nvalue = 3')
    fake.cc(1, 0, 64, 127)
    assert stage.fired() == [("/scene/morph", (3.0, x)) for x in (0.0, 0.5, 1.0)]


def test_a_mapping_may_change_while_the_controller_is_played(stage: MidiStage) -> None:
    fake = stage.controller(built_in())
    mapping = stage.controller('[[map]]\ncc = 16\nchannel = 1\ncontrol = "/tempo"\ntakeover = false').controller.mapping
    fake.controller.use(mapping)
    fake.cc(16, 127)
    assert stage.read("/tempo") == 200
    assert fake.controller.mapping.by_source.keys() == {Source(kind="cc", channel=1, number=16)}
