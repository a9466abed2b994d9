import mido
import pytest

from performer.actions import ACTIONS, ACTIONS_BY_PATH
from performer.controls import BY_MIDI, CONTROLS, find_control
from performer.surfaces.midi.mapping import Light, Mapping, built_in, make_entry
from performer.surfaces.midi.modes import Source

KNOB, NOTE = Source(kind="cc", channel=1, number=7), Source(kind="note", channel=1, number=36)


def test_what_goes_without_saying() -> None:
    density, mute, undo = find_control("/deck/1/density"), find_control("/deck/1/mute"), ACTIONS_BY_PATH["/deck/1/undo"]
    knob = make_entry(KNOB, density)
    assert (knob.mode, knob.limits, knob.takeover) == ("absolute", (-3.0, 3.0), True)
    assert not make_entry(KNOB, density, mode="twos-complement").takeover
    assert not make_entry(KNOB, density, light=Light(source=KNOB)).takeover  # a motor fader, an encoder with a ring
    assert make_entry(KNOB, density, light=Light(source=NOTE)).takeover
    button = make_entry(NOTE, mute)
    assert (button.mode, button.on, button.off) == ("toggle", 1.0, 0.0)
    kill = make_entry(NOTE, find_control("/deck/1/low"), on=0.0)
    assert (kill.on, kill.off) == (0.0, 0.5)
    assert make_entry(NOTE, find_control("/deck/1/bars"), on=2.0).off == 1.0  # what it is at start is on
    assert [make_entry(source, undo).mode for source in (KNOB, NOTE)] == ["trigger", "trigger"]


def test_whole_numbers_stay_whole_and_a_range_may_be_turned_round() -> None:
    flip = make_entry(KNOB, find_control("/deck/2/flip"))
    assert {flip.number_at(value / 127) for value in range(128)} == {0, 1, 2, 3}
    tempo = make_entry(KNOB, find_control("/tempo"), limits=(140.0, 100.0))
    assert [tempo.number_at(place) for place in (0, 0.5, 1)] == [140, 120, 100]
    assert [tempo.place_at(number) for number in (140, 120, 100, 90, 200)] == [0, 0.5, 1, 1, 0]


def test_the_middle_of_a_knob_switches_on() -> None:
    switch = make_entry(Source(kind="cc", channel=1, number=80), find_control("/deck/1/mute"))
    assert [switch.number_at(value / 127) for value in (0, 63, 64, 127)] == [0, 0, 1, 1]


def test_an_endless_knob_goes_by_steps_and_stops_at_the_ends() -> None:
    seed = make_entry(KNOB, find_control("/deck/1/seed"), mode="twos-complement")
    assert [seed.moved(3, steps) for steps in (1, -1, -9)] == [4, 2, 0]
    width = make_entry(KNOB, find_control("/deck/1/width"), mode="twos-complement")
    assert [width.moved(0.5, steps) for steps in (1, -2, 127)] == [0.5 + 1 / 127, 0.5 - 2 / 127, 1.0]
    turned = make_entry(KNOB, find_control("/deck/1/width"), mode="twos-complement", limits=(0.6, 0.2))
    assert [turned.moved(0.5, steps) for steps in (1, 500)] == [pytest.approx(0.5 - 0.4 / 127), 0.2]


def test_what_lights_show() -> None:
    low = find_control("/deck/1/low")
    assert [make_entry(KNOB, low, light=Light(source=KNOB)).shown(number) for number in (0, 0.5, 1)] == [0, 64, 127]
    ring = make_entry(KNOB, low, light=Light(source=NOTE, on=13, off=1))
    assert [ring.shown(number) for number in (0, 0.5, 1)] == [1, 7, 13]
    motor = make_entry(KNOB, low, light=Light(source=Source(kind="bend", channel=1)))
    assert [motor.shown(number) for number in (0, 0.5, 1)] == [0, 8192, 16_383]
    kill = make_entry(NOTE, low, on=0.0, light=Light(source=NOTE, on=15, off=12))
    assert [kill.shown(number) for number in (0, 0.5)] == [15, 12]


def test_a_pair_of_controllers_is_two_sources_of_one_entry() -> None:
    entry = make_entry(KNOB, find_control("/deck/1/low"), mode="14-bit")
    assert [source.number for source in entry.sources] == [7, 39]
    assert Mapping(name="x", ports=(), entries=(entry,)).by_source == dict.fromkeys(entry.sources, entry)


def test_a_mapping_over_another_one_wins() -> None:
    low, mid, high = (make_entry(KNOB, find_control(f"/deck/1/{name}")) for name in ("low", "mid", "high"))
    other = make_entry(Source(kind="cc", channel=1, number=39), low.target)
    lower = Mapping(name="lower", ports=("l",), entries=(low, other))
    assert Mapping(name="upper", ports=("u",), entries=(mid,)).over(lower).entries == (mid, other)
    fine = make_entry(KNOB, high.target, mode="14-bit")
    both = Mapping(name="upper", ports=("u",), entries=(fine,)).over(lower)
    assert (both.entries, both.name) == ((fine,), "upper, over lower")


def test_a_mapping_fits_by_the_longest_part_of_a_ports_name() -> None:
    mapping = Mapping(name="x", ports=("nano", "nanoKONTROL2"), entries=())
    assert [mapping.fit(port) for port in ("nanoKontrol2:1 20:0", "nanoPAD", "keys")] == [12, 4, 0]


def test_the_table_of_controls_is_a_mapping_that_obeys_at_once() -> None:
    mapping = built_in()
    assert len(mapping.by_source) == len(mapping.entries)
    assert len(mapping.entries) == len(BY_MIDI) + sum(len(control.midi_notes) for control in CONTROLS) + sum(
        len(action.midi_notes) + len(action.midi_controllers) for action in ACTIONS
    )
    assert not any(entry.takeover or entry.light for entry in mapping.entries)
    assert mido.Message("clock").type not in {entry.source.kind for entry in mapping.entries}
