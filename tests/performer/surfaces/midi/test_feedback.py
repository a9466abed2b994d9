import pytest

from performer.memory import Memory
from performer.surfaces.midi.feedback import MAX_MESSAGES, write_message
from performer.surfaces.midi.modes import Source, read_message
from tests.performer.conftest import FakeClock
from tests.performer.surfaces.midi.midi_stage import FakeController, MidiStage

MAPPING = """
    [[map]]
    cc = 1
    channel = 1
    control = "/deck/1/level"
    light = true
    [[map]]
    note = 2
    channel = 1
    control = "/deck/1/mute"
    light = { note = 12, channel = 6, on = 21, off = 3 }
    [[map]]
    note = [5, 6]
    channel = 1
    action = "/scene/recall"
    value = [5, 6]
    light = true
"""
FADER, MUTE = Source(kind="cc", channel=1, number=1), Source(kind="note", channel=6, number=12)


@pytest.fixture
def stage(memory: Memory, clock: FakeClock) -> MidiStage:
    return MidiStage(memory, clock)


@pytest.fixture
def fake(stage: MidiStage) -> FakeController:
    return stage.controller(MAPPING)


def test_everything_is_shown_at_first_and_then_what_changes(stage: MidiStage, fake: FakeController) -> None:
    assert len(fake.show()) == 4
    assert fake.lit[FADER] == round(64 + 0.3 * 2 * 63)
    assert fake.lit[MUTE] == 3
    assert fake.show() == []
    stage.set("/deck/1/mute", 1)
    stage.set("/deck/1/level", 0.0)
    assert len(fake.show()) == 2
    assert (fake.lit[FADER], fake.lit[MUTE]) == (0, 21)
    for level in (0.1, 0.2, 0.3):  # many changes between two looks are one message
        stage.set("/deck/1/level", level)
    assert len(fake.show()) == 1


def test_a_knob_is_not_told_what_its_own_hand_did(stage: MidiStage, fake: FakeController) -> None:
    fake.show()
    fake.cc(1, 30, 31)
    assert stage.read("/deck/1/level") == 31 / 128
    assert fake.show() == []
    stage.set("/deck/1/level", 0.5)
    assert len(fake.show()) == 1
    assert fake.lit[FADER] == 64


def test_a_button_is_shown_again_when_it_is_pressed_and_let_go(stage: MidiStage, fake: FakeController) -> None:
    fake.show()
    fake.send(Source(kind="note", channel=1, number=2), 127)
    assert len(fake.show()) == 1
    assert fake.lit[MUTE] == 21
    fake.send(Source(kind="note", channel=1, number=2), 0)  # it may have darkened by itself
    assert len(fake.show()) == 1
    assert fake.lit[MUTE] == 21


def test_pads_show_which_scenes_there_are(stage: MidiStage, fake: FakeController) -> None:
    fake.show()
    stage.hub.conductor.session.save_scene(6)
    fake.show()
    assert [fake.lit[Source(kind="note", channel=1, number=number)] for number in (5, 6)] == [0, 127]


def test_many_lights_come_in_turns(stage: MidiStage) -> None:
    numbers = list(range(64))
    fake = stage.controller(
        f'[[map]]\nnote = {numbers}\nchannel = 1\naction = "/scene/recall"\nvalue = {[n + 1 for n in numbers]}\n'
        "light = true"
    )
    assert [len(fake.show()) for _ in range(3)] == [MAX_MESSAGES, MAX_MESSAGES, 0]


def test_a_controller_that_cannot_be_sent_to_is_shown_nothing(stage: MidiStage) -> None:
    from performer.surfaces.midi.controller import Controller

    mapping = stage.controller(MAPPING).controller.mapping
    Controller(stage.hub, "mute", mapping).feedback.show(stage.values())


@pytest.mark.parametrize(
    ("source", "value"),
    [(FADER, 9), (MUTE, 0), (MUTE, 5), (Source(kind="bend", channel=2), 0), (Source(kind="bend", channel=2), 16_383)],
)
def test_messages_are_written_as_they_are_read(source: Source, value: int) -> None:
    assert read_message(write_message(source, value)) == (source, value)
