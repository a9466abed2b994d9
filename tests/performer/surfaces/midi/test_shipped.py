"""Every shipped mapping against a fake controller: what it names exists, moves what it says, and lights up."""

import pytest

from performer.actions import Action
from performer.memory import Memory
from performer.surfaces.midi.library import SHIPPED, Library, shipped_mappings
from performer.surfaces.midi.mapping import Entry, Mapping
from performer.surfaces.midi.modes import RELATIVE_MODES
from tests.performer.conftest import FakeClock
from tests.performer.surfaces.midi.midi_stage import FakeController, MidiStage

PORTS = {
    "Akai APC mini mk2": "APC mini mk2:APC mini mk2 Contr 24:0",
    "Akai MIDImix": "MIDI Mix:MIDI Mix MIDI 1 20:0",
    "Behringer X-Touch Mini": "X-TOUCH MINI:X-TOUCH MINI MIDI 1 20:0",
    "Korg nanoKONTROL2": "nanoKONTROL2:nanoKONTROL2 nanoKONTROL2 _ CTR 20:0",
    "Novation Launch Control XL": "Launch Control XL:Launch Control XL MIDI 1 20:0",
    "Pioneer DJ DDJ-FLX4": "DDJ-FLX4:DDJ-FLX4 MIDI 1 28:0",
}
"""Names of their ports on Linux."""
ENTRIES = [(mapping, entry) for mapping in shipped_mappings() for entry in mapping.entries]
NAMES = [f"{mapping.name}, {entry.source}" for mapping, entry in ENTRIES]


@pytest.fixture
def stage(memory: Memory, clock: FakeClock) -> MidiStage:
    return MidiStage(memory, clock)


def test_each_file_says_where_its_numbers_are_from_and_is_found_by_its_port() -> None:
    assert {mapping.name for mapping in shipped_mappings()} == set(PORTS)
    assert len(list(SHIPPED.glob("*.toml"))) == len(PORTS)
    library = Library(None, keep=lambda path, text: None, remark=print)
    for mapping in shipped_mappings():
        assert mapping.chart.startswith("https://"), mapping.name
        assert library.for_port(PORTS[mapping.name]) is mapping


@pytest.mark.parametrize("mapping", shipped_mappings(), ids=lambda mapping: mapping.name)
def test_each_reaches_level_and_mute_of_its_decks_and_scenes(mapping: Mapping) -> None:
    targets = {(entry.target.path, entry.index) for entry in mapping.entries}
    decks = 2 if "DDJ" in mapping.name else 4
    levels = {f"/deck/{deck}/level" for deck in range(1, decks + 1)}
    assert {(f"/deck/{deck}/mute", 0) for deck in range(1, decks + 1)} <= targets
    assert levels <= {path for path, _ in targets} or mapping.name == "Behringer X-Touch Mini"  # it has one fader
    assert ("/scene/recall", 0) in targets


@pytest.mark.parametrize("mapping", shipped_mappings(), ids=lambda mapping: mapping.name)
def test_no_light_shows_two_things(mapping: Mapping) -> None:
    lights = [entry.light.source for entry in mapping.entries if entry.light is not None]
    assert lights, "nothing lights up"
    assert len(set(lights)) == len(lights)


def turn(stage: MidiStage, fake: FakeController, entry: Entry) -> None:
    """Turn a knob from end to end: it passes its control, and then each end is an end of its range."""
    upper, *lower = entry.sources

    def place(value: int) -> None:
        fake.send(upper, value)
        for source in lower:
            fake.send(source, value)

    for value, wanted in ((0, None), (127, entry.limits[1]), (0, entry.limits[0]), (64, None)):
        place(value)
        if wanted is not None:
            assert stage.read(entry.target.path, entry.index) == wanted


def press(stage: MidiStage, fake: FakeController, entry: Entry) -> None:
    """Press a button and let it go, twice."""
    if isinstance(entry.target, Action):
        fake.send(entry.source, 127)
        fake.send(entry.source, 0)
        assert stage.fired() == [(entry.target.path, (entry.on,))]
        return
    seen = []
    for value in (127, 0, 127, 0):
        fake.send(entry.source, value)
        seen.append(stage.read(entry.target.path, entry.index))
    if entry.mode == "momentary":
        assert seen == [entry.on, entry.off] * 2
    else:
        start = entry.target.default[entry.index]
        first, second = (entry.off, entry.on) if start == entry.on else (entry.on, entry.off)
        assert seen == [first, first, second, second]


@pytest.mark.parametrize(("mapping", "entry"), ENTRIES, ids=NAMES)
def test_it_moves_what_the_file_says_and_nothing_else(stage: MidiStage, mapping: Mapping, entry: Entry) -> None:
    fake = stage.controller(mapping)
    before = stage.values()
    if entry.is_button:
        press(stage, fake, entry)
    elif entry.mode in RELATIVE_MODES:
        start = stage.read(entry.target.path, entry.index)
        fake.send(entry.source, 1)
        assert stage.read(entry.target.path, entry.index) == entry.moved(start, 1) > start
    else:
        turn(stage, fake, entry)
    if not isinstance(entry.target, Action):
        stage.set(entry.target.path, before[slot(entry)], entry.index)
    assert stage.values() == before
    assert stage.memory.counters()["midi_unmapped"] == 0


def slot(entry: Entry) -> int:
    from performer.surfaces.midi.controller import slot_of

    return slot_of(entry)


@pytest.mark.parametrize(
    ("mapping", "entry"),
    [(mapping, entry) for mapping, entry in ENTRIES if entry.light],
    ids=[name for (_, entry), name in zip(ENTRIES, NAMES, strict=True) if entry.light],
)
def test_its_light_answers_and_is_sent_anew_to_one_that_was_plugged_in_again(
    stage: MidiStage, mapping: Mapping, entry: Entry
) -> None:
    assert entry.light is not None

    def lit(fake: FakeController) -> int:
        while fake.show():
            pass
        assert entry.light is not None
        return fake.lit[entry.light.source]

    def switch(*, on: bool) -> None:
        if isinstance(entry.target, Action):
            scenes = stage.hub.conductor.session.scenes
            stage.hub.conductor.session.save_scene(int(entry.on)) if on else scenes.clear()
        else:
            stage.set(entry.target.path, entry.on if on else entry.off, entry.index)

    first = stage.controller(mapping)
    for on in (True, False, True):
        switch(on=on)
        assert lit(first) == (entry.light.on if on else entry.light.off)
    assert lit(stage.controller(mapping)) == entry.light.on
