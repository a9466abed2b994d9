import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from performer.actions import Action
from performer.controls import CONTROLS_BY_PATH, Control
from performer.errors import ControlError
from performer.surfaces.osc.inbox import MAX_WORK, Inbox
from tests.performer.surfaces.osc.osc_stage import message

A, B = ("10.0.0.1", 1), ("10.0.0.2", 2)
Values = tuple[float, ...]


class Surface:
    """Notes what messages did."""

    def __init__(self) -> None:
        self.applied: list[tuple[str, Values]] = []
        self.refused: list[str] = []
        self.heard: list[tuple[tuple, str, Values | None]] = []
        self.asked: list[tuple[list[object], tuple]] = []
        self.inbox = Inbox(
            apply=self.apply,
            refuse=self.refused.append,
            commands={b"/ping": self.ping},
            heard=lambda source, path, values: self.heard.append((source, path, values)),
        )

    def apply(self, row: Control | Action, values: Values) -> None:
        if row.path == "/scene/recall":
            raise ControlError("scene 3 is empty")
        self.applied.append((row.path, values))

    def ping(self, arguments: list[object], source: tuple) -> int:
        if arguments == ["no"]:
            raise ControlError("no ping")
        self.asked.append((arguments, source))
        self.applied.append(("/ping", ()))
        return MAX_WORK if arguments == ["all"] else 0

    def obey(self, *packets: bytes, sources: Sequence[tuple] = ()) -> int:
        return self.inbox.obey([(packet, (sources or [A] * len(packets))[at]) for at, packet in enumerate(packets)])


@pytest.fixture
def surface() -> Surface:
    return Surface()


def test_a_message_moves_its_control(surface: Surface) -> None:
    assert surface.obey(message("/deck/2/morph", 0.25, 1)) == 0
    assert surface.applied == [("/deck/2/morph", (0.25, 1.0))]


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (message("/deck/1/density", "loud"), "got 'loud'"),
        (message("/deck/1/density", float("nan")), "got nan"),
        (message("/deck/1/density"), "got 0 values"),
        (message("/deck/9/density", 1.0), "/deck/9/density is not a control"),
        (message("/deck/9/*", 1.0), r"/deck/9/\* fits no control"),
        (message("/deck/[1/level", 1.0), "close it"),
        (message("/deck/1/density", True), "got True"),
        (message("/deck/1/density", b"blob"), "got b'blob'"),
        (message("/deck/1/density", [1.0]), "it holds an array"),
        (b"/\xff\xfe\0,f\0\0\0\0\0\0", "address .* cannot be read"),
        (b"/deck/1/density\0,f\0\0", "too short"),
        (message("/scene/recall", 3), "scene 3 is empty"),
        (message("/ping", "no"), "no ping"),
    ],
)
def test_a_bad_message_is_refused_once_with_source_and_reason(surface: Surface, packet: bytes, reason: str) -> None:
    surface.obey(packet)
    assert surface.applied == []
    (line,) = surface.refused
    assert line.startswith("OSC from 10.0.0.1 refused: ")
    assert re.search(reason, line)


def test_of_many_messages_to_a_control_the_newest_is_obeyed(surface: Surface) -> None:
    passed_over = surface.obey(
        *(message("/deck/1/density", step / 50) for step in range(150)),
        *(message("/deck/2/bass", -step / 50) for step in range(150)),
        message("/deck/2/bass", "loud"),  # what is refused does not stand in for the good one before it
    )
    assert dict(surface.applied) == {
        "/deck/1/density": (pytest.approx(149 / 50),),
        "/deck/2/bass": (pytest.approx(-149 / 50),),
    }
    assert len(surface.applied) == 2
    assert passed_over == 298
    assert len(surface.refused) == 1


def test_of_a_burst_of_actions_and_commands_none_is_passed_over_and_each_keeps_its_place(surface: Surface) -> None:
    packets = [message("/deck/1/seed", 5), message("/scene/save", 1), message("/deck/1/seed", 6), message("/ping")]
    assert surface.obey(*packets, *[message("/deck/1/undo")] * 3) == 0
    assert [path for path, _ in surface.applied] == [
        "/deck/1/seed", "/scene/save", "/deck/1/seed", "/ping", *["/deck/1/undo"] * 3
    ]  # fmt: skip
    assert surface.asked == [([], A)]


def test_a_pattern_moves_all_that_it_fits(surface: Surface) -> None:
    surface.obey(message("/deck/{1,3}/level", 0.5))
    assert sorted(surface.applied) == [("/deck/1/level", (0.5,)), ("/deck/3/level", (0.5,))]


def test_a_pattern_presses_buttons(surface: Surface) -> None:
    surface.obey(message("/deck/[12]/undo"))
    assert surface.applied == [("/deck/1/undo", (1.0,)), ("/deck/2/undo", (1.0,))]


def test_a_pattern_moves_what_its_values_fit_and_is_refused_if_they_fit_nothing(surface: Surface) -> None:
    surface.obey(message("/deck/1/{level,morph}", 0.5))
    assert surface.applied == [("/deck/1/level", (0.5,))]
    assert surface.refused == []
    surface.obey(message("/deck/1/{level,morph}", 0.5, 0.5, 0.5))
    assert len(surface.refused) == 1


def test_a_newer_message_moves_its_control_out_of_an_older_pattern(surface: Surface) -> None:
    passed_over = surface.obey(
        message("/deck/*/level", 0.25), message("/deck/*/level", 0.5), message("/deck/2/level", 0.75)
    )
    assert dict(surface.applied) == {f"/deck/{deck}/level": (0.75 if deck == 2 else 0.5,) for deck in (1, 2, 3, 4)}
    assert len(surface.applied) == 4
    assert passed_over == 1


def test_no_message_is_looked_at_for_ever(surface: Surface) -> None:
    surface.obey(*(message("/*/*/*", "loud") for _ in range(100)))
    assert any(f"more than {MAX_WORK} values at once" in line for line in surface.refused)
    surface.refused.clear()
    surface.obey(message("/deck/1/level", 0.5))
    assert surface.refused == []


def test_many_commands_at_once_are_obeyed_and_keep_no_hand_from_playing(surface: Surface) -> None:
    surface.obey(*[message("/ping")] * 100, message("/deck/1/level", 0.5))
    assert len(surface.asked) == 100
    assert surface.refused == []
    surface.obey(*[message("/ping", "all")] * 3, message("/deck/1/level", 0.25))
    assert len(surface.asked) == 101
    assert len(surface.refused) == 2
    assert surface.applied[-1] == ("/deck/1/level", (0.25,))


def test_a_source_is_heard_with_what_it_set(surface: Surface) -> None:
    surface.obey(message("/deck/1/level", 0.5))
    assert surface.heard == [(A, "/deck/1/level", (0.5,))]


@pytest.mark.parametrize("value", [2.0, "loud"])
def test_a_source_does_not_know_what_was_clipped_or_refused(surface: Surface, value: object) -> None:
    surface.obey(message("/deck/1/level", value))
    assert surface.heard[-1] == (A, "/deck/1/level", None)


def test_a_source_does_not_know_what_another_set_after_it(surface: Surface) -> None:
    surface.obey(message("/deck/1/level", 0.25), message("/deck/1/level", 0.5), sources=[A, B])
    assert surface.heard == [(B, "/deck/1/level", (0.5,)), (A, "/deck/1/level", None)]


def test_a_source_knows_the_newest_of_its_own(surface: Surface) -> None:
    surface.obey(message("/deck/1/level", 0.25), message("/deck/1/level", 0.5))
    assert surface.heard == [(A, "/deck/1/level", (0.5,))]


PATHS = ["/deck/1/level", "/deck/2/level", "/deck/*/level", "/master/level", "/*/level", "/scene/save"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from([0.0, 0.25, 1.0, 2.0, "loud"])), max_size=12))
def test_after_a_burst_all_stands_as_if_each_message_had_been_obeyed_in_turn(
    moves: list[tuple[str, object]],
) -> None:
    def end(*bursts: list[bytes]) -> list[dict[str, Values]]:
        surface, scenes = Surface(), []
        stands: dict[str, Values] = {}
        for burst in bursts:
            surface.obey(*burst)
        for path, values in surface.applied:
            if path == "/scene/save":
                scenes.append(dict(stands))
            elif path in CONTROLS_BY_PATH:
                stands[path] = values
        return [*scenes, stands]

    packets = [message(path, int(value == 1) if path == "/scene/save" else value) for path, value in moves]
    assert end(packets) == end(*([packet] for packet in packets))
