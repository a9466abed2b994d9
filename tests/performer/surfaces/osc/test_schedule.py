import asyncio
import random
from typing import cast

import pytest

from performer.surfaces.osc.packet import NOW, OscError
from performer.surfaces.osc.schedule import MAX_AHEAD_S, MAX_WAITING_BYTES, NTP_EPOCH_S, Schedule, ahead_s

WALL_S = 1_767_225_600.25  # 2026


def tag(wall_s: float) -> int:
    return int((wall_s + NTP_EPOCH_S) * 2**32) % 2**64


class FakeTimer:
    def __init__(self, loop: "FakeLoop", due_s: float) -> None:
        self.loop, self.due_s = loop, due_s

    def cancel(self) -> None:
        self.loop.timers.pop(self, None)


class FakeLoop:
    """Time that goes on only when told to, and calls what is due."""

    def __init__(self) -> None:
        self.now_s = 50.0
        self.timers: dict[FakeTimer, object] = {}

    def time(self) -> float:
        return self.now_s

    def call_at(self, due_s: float, callback: object) -> FakeTimer:
        timer = FakeTimer(self, due_s)
        self.timers[timer] = callback
        return timer

    def advance(self, seconds: float) -> None:
        self.now_s += seconds
        for timer in [timer for timer in self.timers if timer.due_s <= self.now_s]:
            self.timers.pop(timer)()  # type: ignore[operator]


class Stage:
    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.wall_s = WALL_S
        self.obeyed: list[bytes] = []
        self.schedule = Schedule(
            lambda messages: self.obeyed.extend(data for data, _ in messages),
            loop=cast(asyncio.AbstractEventLoop, self.loop),
            wall_s=lambda: self.wall_s,
        )

    def add(self, name: bytes, after_s: float) -> None:
        self.schedule.add([(tag(self.wall_s + after_s), (name, ()))])


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize("after_s", [-3600.0, -0.5, 0.0, 0.001, 0.5, 59.0, 1e6])
def test_a_time_tag_tells_how_far_ahead_it_is(after_s: float) -> None:
    assert ahead_s(tag(WALL_S + after_s), wall_s=WALL_S) == pytest.approx(after_s, abs=1e-6)


def test_at_once_is_now_and_so_is_nothing() -> None:
    assert ahead_s(NOW, wall_s=WALL_S) == ahead_s(0, wall_s=WALL_S) == 0.0


def test_time_tags_go_on_when_their_seconds_begin_anew_in_2036() -> None:
    turn_s = 2.0**32 - NTP_EPOCH_S
    assert tag(turn_s + 1) < tag(turn_s - 1)
    assert ahead_s(tag(turn_s + 0.5), wall_s=turn_s - 0.5) == pytest.approx(1.0)
    assert ahead_s(tag(turn_s - 0.5), wall_s=turn_s + 0.5) == pytest.approx(-1.0)


def test_what_is_past_is_due_and_what_is_far_ahead_is_refused(stage: Stage) -> None:
    assert stage.schedule.is_due(tag(WALL_S - 86_400))
    assert not stage.schedule.is_due(tag(WALL_S + MAX_AHEAD_S - 1))
    with pytest.raises(OscError, match="time tag 3600 s ahead, at most 60 s are needed; set the clock"):
        stage.schedule.is_due(tag(WALL_S + 3600))


def test_each_message_is_obeyed_at_its_time_whatever_the_order_in_which_they_came(stage: Stage) -> None:
    for name, after_s in ((b"c", 0.3), (b"a", 0.1), (b"b", 0.2)):
        stage.add(name, after_s)
    heard = []
    for _ in range(4):
        stage.loop.advance(0.1 + 1e-6)
        heard.append(b"".join(stage.obeyed))
    assert heard == [b"a", b"ab", b"abc", b"abc"]
    assert not stage.loop.timers


def test_of_equal_tags_the_first_that_came_is_the_first_obeyed(stage: Stage) -> None:
    names = [bytes([65 + number]) for number in range(26)]
    random.Random(3).shuffle(names)
    half_past = tag(WALL_S + 0.5)
    for name in names:
        stage.schedule.add([(half_past, (name, ()))])
        stage.wall_s += 1e-5  # time goes on while they come
    stage.loop.advance(1)
    assert stage.obeyed == names
    assert not stage.schedule.due_s


def test_a_clock_that_is_set_meanwhile_moves_nothing(stage: Stage) -> None:
    stage.add(b"a", 0.5)
    stage.wall_s -= 3600
    stage.loop.advance(0.6)
    assert stage.obeyed == [b"a"]


def test_what_waits_is_bounded_and_its_room_is_given_back(stage: Stage) -> None:
    def fill() -> int:
        number = 0
        while stage.schedule.waiting_bytes + 1512 <= MAX_WAITING_BYTES:
            stage.add(bytes(1000), 0.5)
            number += 1
        with pytest.raises(OscError, match=f"{number} messages wait for their time"):
            stage.add(bytes(1000), 0.5)
        return number

    room = fill()
    assert 0 < room * 1512 <= MAX_WAITING_BYTES
    stage.loop.advance(1)
    assert len(stage.obeyed) == room
    assert fill() == room


def test_a_closed_schedule_obeys_nothing(stage: Stage) -> None:
    stage.add(b"a", 0.1)
    stage.schedule.close()
    stage.loop.advance(1)
    assert stage.obeyed == []
