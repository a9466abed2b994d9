"""A thumbnail is of what the deck sounded like when the entry was noted, or there is none."""

import numpy as np
import pytest

from performer.controls import SLOTS
from performer.memory import Memory
from performer.session.chronicle import Chronicle
from performer.session.stamp import ModelStamp
from performer.settings import DeckSettings
from performer.surfaces.web.pictures import Pictures
from performer.surfaces.web.thumbnails import BANDS, COLUMNS, KEPT, LATE_S, Thumbnails
from tests.performer.conftest import FakeClock, HandOver, tone

DRUMS = ModelStamp(name="drums", sha256="")


class Deck:
    """The first deck, its history and its thumbnails."""

    def __init__(self, memory: Memory, clock: FakeClock, hand_over: HandOver) -> None:
        self.memory, self.clock, self.hand_over = memory, clock, hand_over
        self.chronicle = Chronicle(memory, (DRUMS,), remark=lambda text: None, now_s=clock, time_s=lambda: 0.0)
        self.history = self.chronicle.histories[0]
        self.pictures = Pictures(memory)
        self.thumbnails = Thumbnails(memory, self.pictures, self.chronicle.histories)
        self.revision = 0

    def draw(self, seed: int, *, plays: bool = True) -> None:
        """Do the worker's part, and where it `plays` that of the audio process and the pictures."""
        self.revision += 1
        self.memory.state["controls"][0, SLOTS["/deck/1/seed"]] = seed
        settings = DeckSettings.from_controls(self.memory.state["controls"][0], deck=1)
        self.memory.state["drawn"][0, 0] = settings.to_array()
        self.hand_over(tone(100 * seed), revision=self.revision)
        self.memory.state["seen"][0, 0] = self.memory.state["published"][0, 0]
        if plays:
            self.play()

    def play(self) -> None:
        self.memory.state["playing"][0, 0] = self.memory.state["published"][0, 0] % 3 + 1
        self.pictures.work(n=1000)

    def note(self) -> None:
        self.history.note(*self.chronicle.present(0), time_s=0.0)
        self.work()

    def work(self) -> set[int]:
        self.thumbnails.work(self.clock())
        return set(self.thumbnails.taken[0])


@pytest.fixture
def deck(memory: Memory, clock: FakeClock, hand_over: HandOver) -> Deck:
    return Deck(memory, clock, hand_over)


def test_a_thumbnail_is_what_sounds(deck: Deck) -> None:
    deck.draw(3)
    deck.note()
    deck.draw(30)
    deck.note()
    low, high = (np.frombuffer(deck.thumbnails.taken[0][number], np.uint8).reshape(COLUMNS, BANDS) for number in (1, 2))
    assert low.mean(axis=0).argmax() < high.mean(axis=0).argmax()


def test_a_loop_that_sounds_late_at_the_start_is_taken_once_it_does(deck: Deck) -> None:
    deck.draw(3, plays=False)
    deck.note()
    for _ in range(6):  # the mixer is compiled meanwhile
        deck.clock.advance(LATE_S / 2)
        assert deck.work() == set()
    deck.play()
    assert deck.work() == {1}
    assert np.frombuffer(deck.thumbnails.taken[0][1], np.uint8).any()


def test_nothing_is_taken_before_the_new_loop_sounds_and_was_drawn(deck: Deck) -> None:
    deck.draw(3, plays=False)
    deck.note()
    assert deck.work() == set()  # it has arrived and waits for its beat
    state = deck.memory.state
    state["playing"][0, 0] = state["published"][0, 0] % 3 + 1
    assert deck.work() == set()  # it sounds, and its picture is not drawn yet
    deck.play()
    assert deck.work() == {1}
    deck.draw(4, plays=False)
    deck.note()
    assert deck.work() == {1}  # the old one sounds on, until the new one is flipped to
    deck.play()
    assert deck.work() == {1, 2}


def test_a_loop_that_moves_on_is_taken_late_as_it_is(deck: Deck) -> None:
    deck.draw(3)
    deck.note()
    deck.draw(4, plays=False)
    deck.history.note(*deck.chronicle.present(0), time_s=0.0)
    deck.draw(5, plays=False)
    assert deck.work() == {1}
    deck.clock.advance(LATE_S + 0.1)
    assert deck.work() == {1, 2}


def test_an_old_entry_that_is_brought_back_has_none_until_it_sounds(deck: Deck) -> None:
    for seed in (3, 4):
        deck.draw(seed)
        deck.note()
    deck.thumbnails.taken[0].clear()  # as if no page had looked on
    deck.history.step(-1)
    deck.clock.advance(1.5 * LATE_S)
    assert deck.work() == set()
    deck.draw(3)
    assert deck.work() == {1}


def test_so_many_are_kept_and_no_more(deck: Deck) -> None:
    deck.draw(3)
    for number in range(1, KEPT + 20):
        deck.thumbnails.take(0, number)
    assert len(deck.thumbnails.taken[0]) == KEPT
    assert min(deck.thumbnails.taken[0]) == 20
