"""Part of the way from what plays to a scene."""

import numpy as np

from performer.controls import CONTROLS, DECK_STRIDE, N_DECKS, SLOTS
from performer.memory import Memory
from performer.session.pad import Edge, lead_over
from performer.session.snapshot import IN_SCENES
from performer.session.values import WALK_SLOTS, present_values, set_values
from performer.settings import DeckSettings

GLIDE_S = 1.0
"""Least glide of a deck that goes over to other seeds: what cannot be drawn between is wandered to."""
SETTLE_S = 1.5
"""So long after the newest move the glide is what it was."""
CORNERS, MORPH, TIMBRE, GLIDE = (SLOTS[f"/deck/1/{name}"] for name in ("corners", "morph", "timbre", "glide"))


def even_slots() -> np.ndarray:
    """Tell which values go evenly, `[N_VALUES]`; the others, and the places on random walks, change at half the way."""
    kinds = [kind for control in CONTROLS for kind in control.types]
    is_even = np.array([kind == "f" for kind in kinds])
    is_even[WALK_SLOTS] = False
    return is_even


class SceneMorph:
    """The way from what plays to a scene.

    A control that the hand moves meanwhile is left to it.

    Parameters
    ----------
    memory : Memory
        The controls; what they are now is where the way begins.
    goal : np.ndarray [shape=(N_VALUES,)]
        Values of the scene.
    """

    def __init__(self, memory: Memory, goal: np.ndarray) -> None:
        self.memory = memory
        self.origin = present_values(memory)
        self.goal = np.where(IN_SCENES, goal, self.origin)
        self.x = 0.0
        self.moved_s = 0.0
        self.expected = memory.state["controls"][0].copy()
        self.wanted = self.origin.copy()
        self.is_mine, self.is_even = IN_SCENES.copy(), even_slots()
        self.far: dict[int, tuple[Edge, Edge] | None] = {}
        for deck in range(N_DECKS):
            self.look_at(deck)

    def look_at(self, deck: int) -> None:
        """Find out whether a deck goes over to other seeds, and how."""
        origin, goal = (DeckSettings.from_controls(values, deck=deck + 1) for values in (self.origin, self.goal))
        is_elsewhere = origin.model != goal.model or origin.seeds != goal.seeds
        edges = lead_over(origin, goal) if is_elsewhere and origin.model == goal.model else None
        if is_elsewhere and edges is None:
            for place in (MORPH, TIMBRE):  # its pad changes at half the way, and the places on it too
                self.is_even[on_deck(place, deck)] = False
        if is_elsewhere or (origin.seed, origin.walk) != (goal.seed, goal.walk):
            self.far[deck] = edges

    def at(self, x: float) -> np.ndarray:
        """Tell the values of all controls on the way.

        Parameters
        ----------
        x : float
            0 as it was to 1, the scene.

        Returns
        -------
        np.ndarray [shape=(N_VALUES,)]
            At 0 and 1 exactly those of the ends, but for the glide.
        """
        nearer = self.origin if x < 0.5 else self.goal
        is_end = x in (0.0, 1.0)
        values = (
            nearer.copy() if is_end else np.where(self.is_even, self.origin + x * (self.goal - self.origin), nearer)
        )
        for deck, edges in self.far.items():
            glide = on_deck(GLIDE, deck)
            values[glide] = max(values[glide][0], GLIDE_S)
            if edges is not None and not is_end:
                lower, upper = edges
                values[on_deck(CORNERS, deck)] = (*lower.seeds, *upper.seeds)
                values[on_deck(MORPH, deck)] = lower.place + x * (upper.place - lower.place), x
        return values

    @property
    def was_touched(self) -> bool:
        """Whether anything else has moved a control that belongs to scenes."""
        return bool(np.any((self.memory.state["controls"][0] != self.expected) & IN_SCENES))

    def go(self, x: float, *, now_s: float) -> None:
        """Go as far as a fader says.

        Parameters
        ----------
        x : float
            0 as it was to 1, the scene.
        now_s : float
            Monotonic time.
        """
        self.x, self.moved_s = x, now_s
        self.write(self.at(x))

    def settle(self, *, now_s: float) -> None:
        """Let the glides be what they were, once what was wandered to has been reached."""
        if self.far and now_s - self.moved_s > SETTLE_S:
            self.release()

    def release(self) -> None:
        """Let the glides be what they were; a deck that is on its way goes on."""
        values = self.wanted.copy()
        for deck in self.far:
            slot = on_deck(GLIDE, deck)
            values[slot] = self.origin[slot] + self.x * (self.goal[slot] - self.origin[slot])
        self.write(values)

    def write(self, values: np.ndarray) -> None:
        """Set what has changed, and leave alone what the hand has moved."""
        self.is_mine &= self.memory.state["controls"][0] == self.expected
        index = np.flatnonzero((values != self.wanted) & self.is_mine)
        self.wanted = values
        self.expected[index] = values[index]
        set_values(self.memory, index.tolist(), values[index])


def on_deck(slot: slice, deck: int) -> slice:
    """Tell where a control of the first deck stands on another, counted from 0."""
    return slice(slot.start + deck * DECK_STRIDE, slot.stop + deck * DECK_STRIDE)
