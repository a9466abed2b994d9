import numpy as np
import pytest

from performer.actions import TARGET_NUMBERS, TOUCHED, Action, find_row
from performer.controls import SLOTS, default_values, find_control
from performer.surfaces.midi.learn import (
    PATIENCE_S,
    WATCH_S,
    Heard,
    Learn,
    choose_mode,
    describe_entry,
    describe_target,
    describe_wish,
    relative_mode,
)
from performer.surfaces.midi.mapping import Entry, Mapping
from performer.surfaces.midi.mapping_file import check_entry, parse_mapping, write_mapping
from performer.surfaces.midi.modes import Source

KNOB, OTHER = Source(kind="cc", channel=1, number=20), Source(kind="cc", channel=1, number=21)
FINE, NOTE = Source(kind="cc", channel=1, number=52), Source(kind="note", channel=1, number=36)
DENSITY = TARGET_NUMBERS["/deck/1/density", 0]


class Teacher:
    """Moves knobs at made-up times."""

    def __init__(self, number: float = DENSITY) -> None:
        self.learn, self.now_s, self.values = Learn(), 10.0, default_values()
        self.learn.begin(int(number), self.values, now_s=self.now_s)

    def move(self, source: Source, *values: int, port: str = "nano") -> list[bool]:
        swallowed = []
        for value in values:
            self.now_s += 0.02
            swallowed.append(self.learn.hear(port, source, value, at_s=self.now_s))
        return swallowed

    def touch(self, path: str, index: int = 0) -> None:
        self.values[SLOTS[path].start + index] += 0.25
        self.learn.touch(self.values)

    def wait(self, seconds: float = WATCH_S + 0.01) -> tuple[str, Entry] | None:
        self.now_s += seconds
        assert not self.learn.expire(now_s=self.now_s)
        return self.learn.take(now_s=self.now_s)


def test_the_first_knob_that_moves_is_learned_and_moves_nothing_meanwhile() -> None:
    teacher = Teacher()
    assert teacher.move(KNOB, 10, 11) == [True, True]
    assert teacher.move(OTHER, 5) == [True]
    assert teacher.wait(0.1) is None
    port, entry = teacher.wait() or pytest.fail("nothing learned")
    assert (port, entry.source, entry.target.path, entry.mode, entry.takeover) == (
        "nano",
        KNOB,
        "/deck/1/density",
        "absolute",
        True,
    )
    assert not teacher.learn.is_on
    assert teacher.move(KNOB, 12) == [False]


def test_a_knob_that_names_a_parameter_is_passed_over_for_one_that_can_be_told() -> None:
    teacher = Teacher()
    for _ in range(30):
        for number, value in ((99, 1), (98, 5), (6, 64), (38, 3)):
            assert teacher.move(Source(kind="cc", channel=1, number=number), value) == [True]
    assert teacher.wait() is None
    teacher.move(KNOB, *range(10, 20))
    _, entry = teacher.wait() or pytest.fail("nothing learned")
    assert (entry.source, entry.mode) == (KNOB, "absolute")
    teacher = Teacher()
    teacher.move(Source(kind="cc", channel=1, number=99), *range(10, 20))  # by itself it is a knob as others are
    _, entry = teacher.wait() or pytest.fail("nothing learned")
    assert entry.source.number == 99


def test_a_button_is_known_at_once_and_one_that_is_let_go_is_not_it() -> None:
    teacher = Teacher(TARGET_NUMBERS["/deck/1/mute", 0])
    assert teacher.move(NOTE, 0) == [True]
    assert teacher.wait(1.0) is None
    teacher.move(NOTE, 90)
    taken = teacher.wait(0.0)
    assert taken is not None
    assert taken[1].mode == "toggle"


@pytest.mark.parametrize("order", ["knob first", "control first"])
def test_touch_and_move_in_either_order(order: str) -> None:
    teacher = Teacher(TOUCHED)
    if order == "knob first":
        teacher.move(KNOB, 3, 4)
        assert teacher.wait(1.0) is None
        teacher.touch("/deck/2/morph", 1)
    else:
        teacher.touch("/deck/2/morph", 1)
        teacher.touch("/deck/3/low")  # the first counts
        teacher.move(KNOB, 3, 4)
    taken = teacher.wait()
    assert taken is not None
    assert (taken[1].source, taken[1].target.path, taken[1].index) == (KNOB, "/deck/2/morph", 1)


@pytest.mark.parametrize("moved", [False, True])
def test_it_is_given_up_after_a_while(moved: bool) -> None:
    teacher = Teacher(TOUCHED)
    if moved:
        teacher.move(KNOB, 3)
    assert teacher.learn.expire(now_s=teacher.now_s + PATIENCE_S + 1)
    assert not teacher.learn.is_on
    assert not teacher.learn.expire(now_s=teacher.now_s + 2 * PATIENCE_S)


def test_learning_may_be_ended_and_begun_anew() -> None:
    teacher = Teacher()
    teacher.move(KNOB, 3)
    teacher.learn.begin(TARGET_NUMBERS["/tempo", 0], teacher.values, now_s=teacher.now_s)
    teacher.move(OTHER, 3)
    taken = teacher.wait()
    assert taken is not None
    assert (taken[1].source, taken[1].target.path) == (OTHER, "/tempo")
    teacher.learn.begin(DENSITY, teacher.values, now_s=teacher.now_s)
    teacher.learn.end()
    assert teacher.move(KNOB, 3) == [False]


@pytest.mark.parametrize(
    ("path", "source", "values", "fine", "mode"),
    [
        ("/deck/1/density", KNOB, (3, 4, 6, 9), False, "absolute"),
        ("/deck/1/density", KNOB, (127,), False, "absolute"),
        ("/deck/1/density", KNOB, (127, 0), False, "toggle"),
        ("/deck/1/density", KNOB, (3, 3, 3, 4), True, "14-bit"),
        ("/deck/1/density", KNOB, (1, 1, 2, 1), False, "twos-complement"),
        ("/deck/1/density", KNOB, (65, 65, 65, 63), False, "binary-offset"),
        ("/deck/1/density", Source(kind="bend", channel=1), (8192, 8300), False, "absolute"),
        ("/deck/1/mute", KNOB, (127,), False, "toggle"),
        ("/deck/1/mute", NOTE, (127,), False, "toggle"),
        ("/tap", KNOB, (127, 0), False, "trigger"),
        ("/tap", NOTE, (90,), False, "trigger"),
        ("/scene/morph", KNOB, (3, 4, 5), False, "absolute"),
    ],
)
def test_what_kind_of_knob_it_is(path: str, source: Source, values: tuple[int, ...], fine: bool, mode: str) -> None:
    from performer.actions import find_row

    assert choose_mode(Heard(port="x", source=source, values=values, fine=fine), find_row(path)) == mode


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        ((3, 4, 3, 4, 3, 4), None),
        ((1, 1, 1, 127, 127), "twos-complement"),
        ((1, 2, 2, 2, 1, 1), "twos-complement"),
        ((65, 65, 66, 66, 63, 63), "binary-offset"),
        ((1, 1, 1, 65, 65), "sign-magnitude"),
        ((1, 2, 3, 4, 5), None),
        ((64, 65, 66, 67, 68), None),
        ((1, 1), None),
        ((30, 30, 30, 30), None),
        ((1, 1, 1, 90, 90), None),
    ],
)
def test_endless_knobs_say_the_same_again(values: tuple[int, ...], mode: str | None) -> None:
    assert relative_mode(values) == mode


def test_a_knob_swept_either_way_is_never_taken_for_an_endless_one() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        start, n = int(rng.integers(0, 128)), int(rng.integers(3, 40))
        sweep = np.clip(start + np.cumsum(rng.integers(1, 4, n)) * rng.choice([-1, 1]), 0, 127)
        moved = sweep[np.insert(np.diff(sweep) != 0, 0, True)]  # it says where it stands only when it moves
        assert relative_mode(moved.tolist()) is None


def test_both_halves_of_a_fine_knob_are_one() -> None:
    teacher = Teacher()
    for value in range(5):
        teacher.move(KNOB, 64)
        teacher.move(FINE, value * 20)
    taken = teacher.wait()
    assert taken is not None
    assert (taken[1].source, taken[1].mode) == (KNOB, "14-bit")


def test_it_is_told_in_words() -> None:
    from performer.surfaces.midi.mapping import make_entry

    assert describe_target(DENSITY) == "/deck/1/density"
    assert describe_target(TARGET_NUMBERS["/deck/1/morph", 1]) == "/deck/1/morph 1"
    assert describe_target(TARGET_NUMBERS["/tap", 0]) == "/tap"
    assert describe_target(TARGET_NUMBERS["/scene/recall", 3]) == "/scene/recall 3"
    entry = make_entry(KNOB, find_control("/deck/1/morph"), index=1)
    assert (
        describe_entry(entry)
        == "channel 1 controller 20, a knob, is for /deck/1/morph 1; it takes hold where it meets the value"
    )
    entry = make_entry(NOTE, find_control("/deck/1/mute"))
    assert describe_entry(entry) == "channel 1 note 36, a button (toggle), is for /deck/1/mute"
    entry = make_entry(NOTE, find_row("/scene/recall"), on=12.0)
    assert describe_entry(entry) == "channel 1 note 36, a button (trigger), is for /scene/recall 12"
    entry = make_entry(KNOB, find_control("/tempo"), mode="binary-offset")
    assert describe_entry(entry) == "channel 1 controller 20, an endless knob (binary-offset), is for /tempo"


def test_a_button_of_a_scene_is_learned_with_its_number_and_lit() -> None:
    teacher = Teacher(TARGET_NUMBERS["/scene/recall", 12])
    teacher.move(NOTE, 100)
    taken = teacher.wait()
    assert taken is not None
    entry = taken[1]
    assert (entry.target.path, entry.on, entry.mode) == ("/scene/recall", 12.0, "trigger")
    assert entry.learned == ("/scene/recall", 12)
    assert entry.light is not None
    assert entry.light.source == NOTE


TAUGHT = [target for target in TARGET_NUMBERS if (target[1] < 3 and "/deck/1/" in target[0]) or "deck" not in target[0]]


@pytest.mark.parametrize("target", [*TAUGHT[:: max(len(TAUGHT) // 60, 1)], ("/scene/morph", 3)])
def test_whatever_is_learned_can_be_written_and_read_again(target: tuple[str, int]) -> None:
    row = find_row(target[0])
    for source, values in ((KNOB, (0, 40, 90)), (KNOB, (127, 0)), (NOTE, (100,))):
        teacher = Teacher(TARGET_NUMBERS[target])
        teacher.move(source, *values)
        taken = teacher.wait()
        is_button, is_way = source == NOTE, target[0] == "/scene/morph"
        if isinstance(row, Action) and (is_button if is_way else values[1:] == (40, 90)):
            assert taken is None  # a way from 0 to 1 needs a knob, and no knob presses
            assert teacher.learn.is_on
            continue
        assert taken is not None
        entry = taken[1]
        assert entry.learned == target
        mapping = Mapping(name="x", ports=("x",), entries=(entry,))
        check_entry(entry, where="it")
        assert parse_mapping(write_mapping(mapping), where="x").entries == (entry,)


def test_what_springs_back_is_held_by_a_button() -> None:
    teacher = Teacher(TARGET_NUMBERS["/nudge", 0])
    teacher.move(NOTE, 90)
    _, entry = teacher.wait(0.01) or pytest.fail("nothing learned")
    assert (entry.mode, entry.on, entry.off) == ("momentary", 1.0, 0.0)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (("/deck/1/morph", 1), "move a knob for /deck/1/morph 1 (to the right first), or press a button"),
        (("/scene/recall", 3), "press a button for /scene/recall 3"),
        (("/scene/morph", 3), "move a knob for /scene/morph 3 (to the right first)"),
    ],
)
def test_it_is_said_what_to_move(target: tuple[str, int], words: str) -> None:
    assert describe_wish(TARGET_NUMBERS[target]) == words
