"""What a page is told, and when; with a clock that stands still until it is told to go on."""

import os
import pathlib
from typing import Any

import numpy as np
import pytest

from performer.clock import Clock
from performer.controls import SLOTS
from performer.memory import N_CELLS, Memory
from performer.surfaces.web.news import N_PICTURES, N_REFUSALS, N_TOLD, PICTURE, Listener, News, describe_history
from performer.surfaces.web.pictures import N_BANDS, N_COLUMNS
from tests.performer.conftest import FakeClock, HandOver, tone
from tests.performer.surfaces.conftest import build_hub, write_options

CELL_BYTES = 4 + N_COLUMNS * N_BANDS


@pytest.fixture
def news(memory: Memory, clock: FakeClock, tmp_path: pathlib.Path) -> News:
    return News(build_hub(memory, now_s=clock), write_options(tmp_path), now_s=clock)


@pytest.fixture
def listener(news: News) -> Listener:
    news.refresh()
    return Listener(news)


def hear(listener: Listener) -> dict[str, Any]:
    listener.news.refresh()
    return listener.compose()


def test_all_is_told_at_first_and_then_only_what_has_changed(listener: Listener) -> None:
    first = hear(listener)
    assert first["values"]["/tempo"] == (120.0,)
    assert set(first) >= {"clock", "heads", "pending", "scenes", "alive", "asking", "loudspeaker", "history/4", "n"}
    assert hear(listener) == {}
    listener.news.memory.state["controls"][0, SLOTS["/tempo"]] = 126
    assert hear(listener) == {"values": {"/tempo": (126.0,)}, "n": 2}


def test_each_page_has_its_own_place(listener: Listener) -> None:
    hear(listener)
    assert hear(Listener(listener.news))["values"]["/tempo"] == (120.0,)
    assert hear(listener) == {}


def test_the_clock_is_told_twice_a_second_and_at_once_when_the_tempo_changes(
    listener: Listener, memory: Memory, clock: FakeClock
) -> None:
    music = Clock(memory, sample_rate=48_000)
    music.retime(0, 120.0)
    music.record_position(48_000, heard_s=clock())
    assert hear(listener)["clock"] == [16.0, 16.0]  # a second of sixteen thirty-second notes
    clock.advance(0.125)
    assert "clock" not in hear(listener)
    music.retime(48_000, 60.0)
    assert hear(listener)["clock"] == [17.0, 8.0]  # an eighth of a second later, at half the speed
    clock.advance(0.5)
    assert hear(listener)["clock"] == [21.0, 8.0]


def test_heads_tell_where_each_loop_is_against_the_clock(listener: Listener, memory: Memory) -> None:
    under = memory.state["under"][0]
    under[:] = (64 * N_CELLS + 0, 70 * N_CELLS + 4, -1, 67 * N_CELLS + 0)
    assert hear(listener)["heads"] == [0, 2, None, 61]  # the second is a cell ahead; the last is repeated or rotated
    under[0] = 66 * N_CELLS + 1  # a cell later: as expected, so nothing is new
    assert "heads" not in hear(listener)


def test_cells_that_have_arrived_and_are_not_heard_are_pending(
    listener: Listener, memory: Memory, hand_over: HandOver
) -> None:
    assert hear(listener)["pending"] == [0, 0, 0, 0]
    hand_over(tone(500), deck=1)
    assert hear(listener)["pending"] == [0, 2**N_CELLS - 1, 0, 0]
    state = memory.state
    state["playing"][0, 1, 3:] = state["published"][0, 1, 3:] % 3 + 1
    assert hear(listener)["pending"] == [0, 0b111, 0, 0]


def test_a_process_that_is_silent_is_told_and_one_that_never_was_is_not(
    listener: Listener, memory: Memory, clock: FakeClock
) -> None:
    memory.state["supervisor_pid"][0] = os.getpid()
    memory.state["heartbeat_s"][0, :4] = clock()
    clock.advance(1.0)
    assert hear(listener)["alive"] == {
        "audio": True, "worker": True, "control": True, "recorder": True, "supervisor": True,
    }  # fmt: skip
    clock.advance(1.0)
    alive = hear(listener)["alive"]
    assert (alive["audio"], alive["worker"], alive["recorder"]) == (False, False, True)
    memory.state["supervisor_pid"][0] = 2**22 + 1
    clock.advance(1.0)
    assert hear(listener)["alive"]["supervisor"] is False


def test_scenes_lines_and_refusals_are_told_once(listener: Listener) -> None:
    hear(listener)
    hub = listener.news.hub
    hub.conductor.session.save_scene(7)
    hub.warnings.warn("test", "a line")
    for number in range(100):
        listener.refusals.append(f"no {number}")
    listener.news.looked_s = float("-inf")
    told = hear(listener)
    assert told["scenes"] == [7]
    assert told["lines"][-1] == "a line"
    assert told["refused"] == [f"no {number}" for number in range(100 - N_REFUSALS, 100)]
    assert hear(listener) == {}


def test_lines_from_before_a_page_came_are_not_told(listener: Listener) -> None:
    listener.news.hub.warnings.warn("test", "long ago")
    assert "lines" not in hear(Listener(listener.news))


def test_a_history_is_told_when_it_changes_with_its_newest_and_its_starred_entries(
    listener: Listener, clock: FakeClock
) -> None:
    hear(listener)
    chronicle = listener.news.hub.conductor.chronicle
    history, place = chronicle.histories[1], chronicle.present(1)[0]
    for number in range(60):
        history.note((float(number), *place[1:]), chronicle.stamp(0), time_s=1.7e9)
        if number == 4:
            history.star()
    clock.advance(1)
    told = hear(listener)
    assert set(told) & {f"history/{deck}" for deck in range(1, 5)} == {"history/2"}
    assert told["history/2"] == describe_history(history)
    numbers = [entry[0] for entry in told["history/2"]["entries"]]
    assert numbers == [5, *range(61 - N_TOLD, 61)]
    assert told["history/2"]["at"] == 60
    assert told["history/2"]["entries"][0][:4] == [5, 1_700_000_000, 1, 0]
    history.step(-1)
    clock.advance(1)
    assert hear(listener)["history/2"]["at"] == 59


@pytest.mark.parametrize(
    ("device", "stands_in", "port"),
    [("null", 0, None), ("null", 1, None), ("browser", 0, 8766), (None, 0, None), (None, 1, 8766)],
)
def test_the_page_is_told_whether_it_is_the_loudspeaker(
    listener: Listener, device: str | None, stands_in: int, port: int | None
) -> None:
    write_options(listener.news.folder, device=device)
    listener.news.memory.state["browser"][0] = stands_in
    assert listener.news.read_loudspeaker() == port


def test_an_instrument_that_is_being_stopped_has_no_loudspeaker(listener: Listener) -> None:
    (listener.news.folder / "options.json").unlink()
    assert listener.news.read_loudspeaker() is None


def test_pictures_are_told_a_few_at_a_time_and_only_what_is_new(
    listener: Listener, memory: Memory, hand_over: HandOver
) -> None:
    assert listener.compose_pictures() == b""
    hand_over(tone(500), deck=2)
    memory.state["playing"][0, 2] = memory.state["published"][0, 2] % 3 + 1
    pictures = listener.news.pictures
    pictures.work(n=N_CELLS)
    first, second = listener.compose_pictures(), listener.compose_pictures()
    assert len(first) == len(second) == N_PICTURES * CELL_BYTES
    assert first[:4] == bytes((PICTURE, 2, 0, 0))
    assert first[4:CELL_BYTES] == pictures.cells[2, 0].tobytes()
    assert second[2] == N_PICTURES
    assert listener.compose_pictures() == b""
    pictures.versions[2, 9] += 3  # drawn three times meanwhile: told once
    assert len(listener.compose_pictures()) == CELL_BYTES
    assert listener.compose_pictures() == b""


def test_what_the_page_reckons_itself_is_not_streamed(listener: Listener, memory: Memory) -> None:
    values = hear(listener)["values"]
    assert "/deck/1/meter" in values
    assert not {"/beat", "/deck/1/playhead", "/deck/4/pending"} & set(values)
    assert np.isfinite([number for numbers in values.values() for number in numbers]).all()
