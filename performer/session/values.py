"""The values of all controls: as they are, and many of them set at once."""

from collections.abc import Sequence

import numpy as np

from performer.controls import N_DECKS, SLOTS
from performer.memory import Memory
from performer.settings import DeckSettings

WALK_SLOTS = [SLOTS[f"/deck/{deck + 1}/walk"].start for deck in range(N_DECKS)]
"""Where the decks' places on their random walks stand."""
SEED_SLOTS = [SLOTS[f"/deck/{deck + 1}/seed"].start for deck in range(N_DECKS)]
STEADY_TRIES = 3


def set_values(memory: Memory, index: Sequence[int], values: Sequence[float] | np.ndarray) -> None:
    """Set controls.

    A deck whose seed or walk is among them sets out from there, even if that is where it had set out from before.

    Parameters
    ----------
    memory : Memory
        Where they are.
    index : sequence of int
        Which ones, in the order of `SLOTS`.
    values : sequence of float
        What they become.
    """
    memory.state["controls"][0, index] = values
    for deck in range(N_DECKS):
        if WALK_SLOTS[deck] in index or SEED_SLOTS[deck] in index:
            memory.state["walk_turn"][0, deck] += 1


def present_values(memory: Memory) -> np.ndarray:
    """Read all controls; of a deck that has drifted, the walk is how far it has come.

    Returns
    -------
    np.ndarray [shape=(N_VALUES,)]
        float64, in the order of `SLOTS`.
    """
    state = memory.state
    values = state["controls"][0].copy()
    for deck, walk in enumerate(WALK_SLOTS):
        if state["walked_turn"][0, deck] == state["walk_turn"][0, deck]:
            values[walk] += state["walked"][0, deck]
    return values


def drawn_settings(memory: Memory, deck: int) -> DeckSettings | None:
    """Read what a deck's newest sound was drawn from.

    Parameters
    ----------
    memory : Memory
        Where the worker notes it.
    deck : int
        Counted from 0.

    Returns
    -------
    DeckSettings or None
        None before the first loop.
    """
    array = memory.state["drawn"][0, deck].copy()
    for _ in range(STEADY_TRIES):  # the worker may be in the middle of writing it
        again = memory.state["drawn"][0, deck].copy()
        if again.tobytes() == array.tobytes():
            break
        array = again
    return None if np.isnan(array).any() else DeckSettings.from_array(array)
