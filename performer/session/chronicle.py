"""Writing down what the decks play, and bringing it back."""

import dataclasses
import time
from collections.abc import Callable, Sequence

import numpy as np

from performer.clock import TICKS_A_BEAT, read_clock
from performer.controls import N_DECKS, SLOTS
from performer.errors import ControlError
from performer.memory import Memory
from performer.session.history import DeckHistory, Entry
from performer.session.pad import played_seed
from performer.session.stamp import ModelStamp, choose_model
from performer.session.values import drawn_settings, present_values, set_values
from performer.settings import DeckSettings, place_slots

TICKS_A_BAR = 4 * TICKS_A_BEAT
N_WHOLES = 8
"""Whole loops that are remembered by revision: what sounds is among them."""
REST_S = 0.5
"""A hand that has not moved for so long rests. (A deck that nobody hears is drawn whole even while it moves.)"""


@dataclasses.dataclass
class Track:
    """What is known of a deck, besides its history."""

    slots: list[int]
    """Where its place and its model stand among the controls."""
    heading: np.ndarray
    """Values of those, when they were last looked at."""
    moved_s: float = float("-inf")
    """When one of them last moved."""
    rested: int = 0
    """Revision of the newest whole loop that it rested at."""
    wholes: dict[int, tuple[tuple[float, ...], ModelStamp]] = dataclasses.field(default_factory=dict)
    """Place and model of the newest whole loops, by revision."""
    landed: np.ndarray | None = None
    """Values that an undo or redo has set: until the hand moves one of them, nothing new is to be noted."""


class Chronicle:
    """Note an entry whenever a deck rests, and at each downbeat while it moves; go back and forth along them.

    Parameters
    ----------
    memory : Memory
        What the decks play.
    stamps : sequence of ModelStamp
        The loaded models.
    remark : callable
        Called with a line that the performer should read.
    now_s : callable
        Monotonic time in seconds.
    time_s : callable
        Seconds since 1970.
    """

    def __init__(
        self,
        memory: Memory,
        stamps: Sequence[ModelStamp],
        *,
        remark: Callable[[str], None],
        now_s: Callable[[], float] = time.monotonic,
        time_s: Callable[[], float] = time.time,
    ) -> None:
        self.memory = memory
        self.stamps = stamps
        self.remark = remark
        self.now_s = now_s
        self.time_s = time_s
        self.histories = [DeckHistory(deck + 1) for deck in range(N_DECKS)]
        slots = [[*place_slots(deck), SLOTS[f"/deck/{deck + 1}/model"].start] for deck in range(N_DECKS)]
        self.tracks = [Track(own, memory.state["controls"][0, own]) for own in slots]
        self.bar = self.read_bar()

    def rejoin(self) -> None:
        """Begin to play with what an earlier evening left."""
        for deck, history in enumerate(self.histories):
            history.rejoin(*self.present(deck))

    def poll(self) -> None:
        """Note what is to be noted."""
        bar = self.read_bar()
        is_downbeat, self.bar = bar != self.bar, bar
        for deck, track in enumerate(self.tracks):
            heading = self.heading(deck)
            if not np.array_equal(heading, track.heading):
                track.heading, track.moved_s, track.landed = heading, self.now_s(), None
            self.remember(deck)
            drawn = drawn_settings(self.memory, deck)
            if drawn is not None and track.landed is None and (is_downbeat or self.has_rested(deck, drawn)):
                self.note(deck, drawn.place, self.stamp(drawn.model))

    def has_rested(self, deck: int, drawn: DeckSettings) -> bool:
        """Whether there is a new whole loop of where the controls point, and the hand rests too."""
        track, rested = self.tracks[deck], int(self.memory.state["rested"][0, deck])
        if rested == track.rested or self.now_s() - track.moved_s < REST_S or drawn.place != self.present(deck)[0]:
            return False
        track.rested = rested
        return True

    def remember(self, deck: int) -> None:
        """Remember what the newest whole loop was drawn from."""
        wholes, state = self.tracks[deck].wholes, self.memory.state
        revision, rendered = int(state["rested"][0, deck]), state["rendered"][0, deck].copy()
        if revision in wholes or np.isnan(rendered).any() or revision != int(state["rested"][0, deck]):
            return
        settings = DeckSettings.from_array(rendered)
        wholes[revision] = settings.place, self.stamp(settings.model)
        if len(wholes) > N_WHOLES:
            sounding = int(state["sounding"][0, deck])
            del wholes[min(known for known in wholes if known != sounding)]

    def read_bar(self) -> int:
        """Tell in which bar the music is, counted from the start."""
        return int(read_clock(self.memory).tick // TICKS_A_BAR)

    def stamp(self, model: int) -> ModelStamp:
        """Tell which model a control's value stands for."""
        return self.stamps[min(model, len(self.stamps) - 1)]

    def heading(self, deck: int) -> np.ndarray:
        """Read the controls that a deck's loop is drawn from."""
        return self.memory.state["controls"][0, self.tracks[deck].slots]

    def present(self, deck: int) -> tuple[tuple[float, ...], ModelStamp]:
        """Tell where a deck's controls, and its drift, have brought it, and who draws it."""
        settings = DeckSettings.from_controls(present_values(self.memory), deck=deck + 1)
        return settings.place, self.stamp(settings.model)

    def note(self, deck: int, place: tuple[float, ...], model: ModelStamp) -> None:
        """Add an entry, if it is another loop than the present one."""
        self.histories[deck].note(place, model, time_s=self.time_s())

    def catch_up(self, deck: int) -> None:
        """Note where the deck is now, if the hand has moved since the present entry."""
        track = self.tracks[deck]
        if track.landed is None or not np.array_equal(track.landed, self.heading(deck)):
            self.note(deck, *self.present(deck))

    def step(self, deck: int, by: int) -> None:
        """Undo (-1) or redo (1); raises as `DeckHistory.step` does.

        Parameters
        ----------
        deck : int
            Counted from 1.
        by : int
            -1 or 1.
        """
        self.catch_up(deck - 1)
        self.bring_back(deck, self.histories[deck - 1].step(by))
        track = self.tracks[deck - 1]
        track.landed = track.heading = self.heading(deck - 1)

    def cancel(self, deck: int) -> None:
        """Bring a deck's controls back to the loop that sounds, so that what waits for its beat is given up.

        Parameters
        ----------
        deck : int
            Counted from 1.

        Raises
        ------
        ControlError
            If nothing waits, or what sounds is no whole loop.
        """
        track, sounding = self.tracks[deck - 1], int(self.memory.state["sounding"][0, deck - 1])
        if track.wholes.get(sounding) == self.present(deck - 1):
            raise ControlError(f"deck {deck}: no loop waits to be heard; /deck/{deck}/flip lets new ones wait")
        if sounding not in track.wholes:
            raise ControlError(
                f"deck {deck}: what sounds was drawn while it moved; /deck/{deck}/undo goes back instead"
            )
        self.set_place(deck, *track.wholes[sounding])
        track.landed = track.heading = self.heading(deck - 1)

    def recall(self, deck: int, number: int) -> None:
        """Bring back an entry as a move like any other, which can be undone; raises as `DeckHistory.find` does."""
        entry = self.histories[deck - 1].find(number)
        self.catch_up(deck - 1)
        self.bring_back(deck, entry)

    def bring_back(self, deck: int, entry: Entry) -> None:
        """Set a deck's controls to an entry."""
        remark = self.set_place(deck, entry.place, entry.model)
        if remark:
            self.remark(f"deck {deck}, entry {entry.number}: {remark}")

    def set_place(self, deck: int, place: tuple[float, ...], stamp: ModelStamp) -> str | None:
        """Set a deck's controls to a place in a model; a remark if that model is another one now."""
        slots = self.tracks[deck - 1].slots
        present = int(self.memory.state["controls"][0, slots[-1]])
        model, remark = choose_model(self.stamps, stamp, present=present)
        set_values(self.memory, slots, [*place, model])
        return remark

    def star(self, deck: int) -> None:
        """Star what a deck plays, or take its star away; raises as `DeckHistory.star` does."""
        self.catch_up(deck - 1)
        entry = self.histories[deck - 1].star()
        how = f"starred; /deck/{deck}/recall {entry.number} brings it back" if entry.is_starred else "no longer starred"
        self.remark(f"deck {deck}: entry {entry.number} is {how}")

    def pin(self, deck: int, corner: int) -> None:
        """Pin the seed that a deck plays to a corner of its pad, counted from 1; raises as `pad.played_seed` does."""
        seed = played_seed(DeckSettings.from_controls(self.memory.state["controls"][0], deck=deck))
        slot = SLOTS[f"/deck/{deck}/corners"].start + corner - 1
        set_values(self.memory, [slot], [seed])
