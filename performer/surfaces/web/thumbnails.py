"""Thumbnails of the histories: what a deck looked like when an entry was noted."""

from collections.abc import Sequence

import numpy as np

from performer.memory import N_CELLS, Memory
from performer.readouts import waiting_cells
from performer.session.history import DeckHistory
from performer.session.values import drawn_settings
from performer.surfaces.web.pictures import N_BANDS, N_COLUMNS, Pictures

COLUMNS, BANDS = 64, 32
"""Size of a thumbnail."""
LATE_S = 1.0
"""A loop that is still moving so long after it was noted is taken as it is."""
KEPT = 300
"""Thumbnails that are kept of each deck."""


class Thumbnails:
    """One small spectrogram for each entry that was noted since the instrument started.

    Parameters
    ----------
    memory : Memory
        What the decks play.
    pictures : Pictures
        Where they are taken from.
    histories : sequence of DeckHistory
        Of each deck.
    """

    def __init__(self, memory: Memory, pictures: Pictures, histories: Sequence[DeckHistory]) -> None:
        self.memory, self.pictures, self.histories = memory, pictures, histories
        self.taken: list[dict[int, bytes]] = [{} for _ in histories]
        """Of each deck, by the number of the entry: `COLUMNS` times `BANDS` bytes, time first."""
        self.noted_s: list[tuple[int, float]] = [(history.next_number, float("-inf")) for history in histories]

    def work(self, now_s: float) -> None:
        """Take what is due.

        Parameters
        ----------
        now_s : float
            Monotonic time.
        """
        for deck, history in enumerate(self.histories):
            newest, _ = self.noted_s[deck]
            if history.next_number != newest:
                self.noted_s[deck] = history.next_number, now_s
            if history.at and history.at not in self.taken[deck] and self.is_due(deck, now_s):
                self.take(deck, history.at)

    def is_due(self, deck: int, now_s: float) -> bool:
        """Whether a deck sounds as its present entry says, or was noted so long ago that it is taken as it is."""
        history = self.histories[deck]
        next_number, noted_s = self.noted_s[deck]
        is_late = history.at == next_number - 1 and LATE_S <= now_s - noted_s < 2 * LATE_S
        if is_late and self.pictures.cells[deck].any():  # before the first loop sounds there is nothing to be taken
            return True
        drawn, present = drawn_settings(self.memory, deck), history.present
        is_there = drawn is not None and present is not None and drawn.place == present.place
        return is_there and waiting_cells(self.memory, deck) == 0 and self.pictures.is_whole(deck)

    def take(self, deck: int, number: int) -> None:
        """Keep what a deck looks like now as the thumbnail of an entry."""
        cells = self.pictures.cells[deck]
        columns = N_CELLS * N_COLUMNS // COLUMNS
        small = cells.reshape(COLUMNS, columns, BANDS, N_BANDS // BANDS).max(axis=(1, 3))
        taken = self.taken[deck]
        taken[number] = np.ascontiguousarray(small).tobytes()
        while len(taken) > KEPT:
            del taken[next(iter(taken))]
