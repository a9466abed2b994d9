import mido
import numpy as np
import pytest

from performer.surfaces.midi.modes import Source, is_down, place_of, read_message, steps_of, value_of


@pytest.mark.parametrize("largest", [127, 16_383])
def test_a_place_reaches_both_ends_and_the_exact_middle_and_is_found_back(largest: int) -> None:
    center = (largest + 1) // 2
    assert [place_of(value, largest=largest) for value in (0, center, largest)] == [0.0, 0.5, 1.0]
    places = [place_of(value, largest=largest) for value in range(largest + 1)]
    assert np.all(np.diff(places) > 0)
    assert [value_of(place, largest=largest) for place in places] == list(range(largest + 1))


@pytest.mark.parametrize(
    ("mode", "steps"),
    [
        ("twos-complement", {1: 1, 7: 7, 63: 63, 127: -1, 121: -7, 64: -64, 0: 0}),
        ("binary-offset", {65: 1, 71: 7, 63: -1, 57: -7, 64: 0, 127: 63, 0: -64}),
        ("sign-magnitude", {1: 1, 7: 7, 65: -1, 71: -7, 0: 0, 64: 0, 127: -63}),
    ],
)
def test_steps_are_read_in_three_ways(mode: str, steps: dict[int, int]) -> None:
    assert {value: steps_of(value, mode=mode) for value in steps} == steps


def test_messages_say_who_sends_and_what() -> None:
    assert read_message(mido.Message("control_change", channel=2, control=7, value=9)) == (
        Source(kind="cc", channel=3, number=7),
        9,
    )
    note = Source(kind="note", channel=1, number=36)
    assert read_message(mido.Message("note_on", note=36, velocity=3)) == (note, 3)
    assert read_message(mido.Message("note_on", note=36, velocity=0)) == (note, 0)
    assert read_message(mido.Message("note_off", note=36, velocity=64)) == (note, 0)
    bend = Source(kind="bend", channel=16)
    assert [read_message(mido.Message("pitchwheel", channel=15, pitch=pitch)) for pitch in (-8192, 0, 8191)] == [
        (bend, 0),
        (bend, 8192),
        (bend, 16_383),
    ]
    for other in ("clock", "program_change", "aftertouch", "sysex"):
        assert read_message(mido.Message(other)) is None


def test_a_note_is_pressed_however_softly_and_a_controller_in_its_upper_half() -> None:
    note, cc = Source(kind="note", channel=1, number=1), Source(kind="cc", channel=1, number=1)
    assert [is_down(note, value) for value in (0, 1, 127)] == [False, True, True]
    assert [is_down(cc, value) for value in (0, 63, 64, 127)] == [False, False, True, True]


def test_sources_are_named_as_printed_on_the_device() -> None:
    assert str(Source(kind="cc", channel=9, number=99)) == "channel 9 controller 99"
    assert str(Source(kind="note", channel=1, number=0)) == "channel 1 note 0"
    assert str(Source(kind="bend", channel=2)) == "channel 2 pitch bend"
