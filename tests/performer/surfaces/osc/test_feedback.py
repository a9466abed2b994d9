import asyncio

import pytest

from performer.controls import SLOTS
from performer.memory import Memory
from performer.surfaces.feed import PATHS
from performer.surfaces.osc.feedback import LIFE_S, MAX_CLIENTS, TICK_S, ClientsError, Newsroom
from tests.performer.conftest import FakeClock
from tests.performer.surfaces.osc.osc_stage import read

SOURCE = ("10.0.0.1", 1)


class FakeLink:
    """Takes packets while it has room."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.has_room = True

    def send(self, packet: bytes) -> bool:
        if self.has_room:
            self.packets.append(packet)
        return self.has_room

    def heard(self) -> dict[str, list[object]]:
        """The newest values since the last time."""
        found = dict(told for packet in self.packets for told in read(packet))
        self.packets.clear()
        return found


class Stage:
    def __init__(self, memory: Memory, clock: FakeClock) -> None:
        self.memory, self.clock = memory, clock
        self.newsroom = Newsroom(memory, now_s=clock)
        self.link = FakeLink()

    def set(self, path: str, *values: float) -> None:
        self.memory.state["controls"][0, SLOTS[path]] = values

    def tick(self, n: int = 1) -> None:
        for _ in range(n):
            self.clock.advance(TICK_S)
            self.newsroom.tell()


@pytest.fixture
def stage(memory: Memory, clock: FakeClock) -> Stage:
    return Stage(memory, clock)


def test_a_client_hears_all_values_at_once_then_what_changes_as_often_as_it_wants(stage: Stage) -> None:
    stage.newsroom.subscribe(SOURCE, stage.link, interval_ms=30)
    assert set(stage.link.heard()) == set(PATHS)
    stage.set("/deck/2/morph", 0.25, 0.5)
    stage.tick()
    assert stage.link.heard() == {"/deck/2/morph": [0.25, 0.5]}
    stage.set("/deck/2/morph", 0.5, 0.5)
    stage.tick(2)
    assert stage.link.heard() == {}
    stage.set("/deck/2/morph", 0.75, 0.5)
    stage.tick()
    assert stage.link.heard() == {"/deck/2/morph": [0.75, 0.5]}
    stage.tick(10)
    assert stage.link.packets == []


@pytest.mark.parametrize(("interval_ms", "ticks"), [(0, 1), (10, 1), (50, 5), (100, 10), (10_000, 10)])
def test_its_interval_is_10_to_100_ms(stage: Stage, interval_ms: int, ticks: int) -> None:
    stage.newsroom.subscribe(SOURCE, stage.link, interval_ms=interval_ms)
    stage.tick()
    stage.link.packets.clear()
    told = []
    for step in range(1, 31):
        stage.set("/tempo", 100 + step)
        stage.tick()
        told.append(bool(stage.link.heard()))
    assert [at + 1 for at, is_told in enumerate(told) if is_told] == list(range(ticks, 31, ticks))


def test_it_hears_what_it_asked_for_alone(stage: Stage) -> None:
    stage.newsroom.subscribe(SOURCE, stage.link, paths=("/tempo",))
    stage.set("/deck/1/level", 0.1)
    stage.tick(5)
    assert stage.link.heard() == {"/tempo": [120]}


def test_a_client_without_room_hears_the_newest_values_when_it_has(stage: Stage) -> None:
    stage.newsroom.subscribe(SOURCE, stage.link)
    stage.link.heard()
    stage.link.has_room = False
    for tempo_bpm in (121, 122, 123):
        stage.set("/tempo", tempo_bpm)
        stage.tick(5)
    stage.set("/deck/1/level", 0.25)
    stage.link.has_room = True
    stage.tick(5)
    assert stage.link.heard() == {"/tempo": [123], "/deck/1/level": [0.25]}
    assert stage.link.packets == []


def test_what_a_client_set_itself_is_not_sent_back(stage: Stage) -> None:
    stage.newsroom.subscribe(SOURCE, stage.link)
    other = FakeLink()
    stage.newsroom.subscribe(("10.0.0.2", 1), other)
    stage.link.heard(), other.heard()
    stage.set("/tempo", 130)
    stage.newsroom.note(SOURCE, "/tempo", (130.0,))
    stage.tick(10)
    assert stage.link.heard() == {}
    assert other.heard() == {"/tempo": [130]}


def test_what_was_changed_of_it_is_sent_back_even_if_it_stood_there_before(stage: Stage) -> None:
    stage.set("/deck/1/level", 1.0)
    stage.newsroom.subscribe(SOURCE, stage.link)
    stage.link.heard()
    stage.newsroom.note(SOURCE, "/deck/1/level", None)  # it sent 2, which is clipped to 1
    stage.tick()
    assert stage.link.heard() == {"/deck/1/level": [1.0]}


def test_what_another_sets_just_after_it_is_sent(stage: Stage) -> None:
    stage.newsroom.subscribe(SOURCE, stage.link)
    stage.link.heard()
    stage.newsroom.note(SOURCE, "/tempo", (130.0,))
    stage.set("/tempo", 140)
    stage.tick()
    assert stage.link.heard() == {"/tempo": [140]}


def test_what_is_noted_of_others_or_of_addresses_that_it_does_not_hear_is_nothing(stage: Stage) -> None:
    stage.newsroom.subscribe(SOURCE, stage.link, paths=("/tempo",))
    stage.newsroom.note(SOURCE, "/deck/1/level", None)
    stage.newsroom.note(("10.0.0.9", 1), "/tempo", None)
    stage.link.heard()
    stage.tick(5)
    assert stage.link.heard() == {}


def test_a_silent_client_is_forgotten_unless_it_is_connected(stage: Stage) -> None:
    connected, renewed = FakeLink(), FakeLink()
    stage.newsroom.subscribe(SOURCE, stage.link)
    stage.newsroom.subscribe(("10.0.0.2", 1), renewed)
    stage.newsroom.subscribe(("10.0.0.3", 1, "TCP"), connected, lasts=True)
    stage.clock.advance(LIFE_S - 1)
    stage.newsroom.renew(("10.0.0.2", 1))
    stage.newsroom.renew(("10.0.0.9", 1))
    stage.clock.advance(2)
    stage.newsroom.tell()
    assert list(stage.newsroom.clients) == [("10.0.0.2", 1), ("10.0.0.3", 1, "TCP")]


def test_who_subscribes_again_is_told_all_again_and_counted_once(stage: Stage) -> None:
    stage.newsroom.subscribe(SOURCE, stage.link, paths=("/tempo",))
    stage.newsroom.subscribe(("10.0.0.1", 77), stage.link, paths=("/tempo",))  # from another port, to the same one
    assert len(stage.link.packets) == 2
    assert len(stage.newsroom.clients) == 1


def test_there_is_room_for_so_many_clients(stage: Stage) -> None:
    for number in range(MAX_CLIENTS):
        stage.newsroom.subscribe(("10.0.0.1", number), FakeLink(), paths=("/tempo",))
    with pytest.raises(ClientsError, match="32 clients listen"):
        stage.newsroom.subscribe(("10.0.0.2", 1), FakeLink())
    stage.newsroom.unsubscribe(("10.0.0.1", 3))
    stage.newsroom.subscribe(("10.0.0.2", 1), FakeLink())


def test_nothing_is_read_while_nobody_listens(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(stage.newsroom, "tell", lambda: told.append(len(stage.newsroom.clients)))

    async def play() -> None:
        task = asyncio.create_task(stage.newsroom.run())
        await asyncio.sleep(0.05)
        assert told == []
        stage.newsroom.subscribe(SOURCE, stage.link)
        await asyncio.sleep(0.1)
        assert len(told) > 3
        stage.newsroom.unsubscribe(SOURCE)
        await asyncio.sleep(0.05)
        rest = len(told)
        await asyncio.sleep(0.05)
        assert len(told) == rest
        task.cancel()

    asyncio.run(play())
