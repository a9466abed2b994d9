"""The journal: what the audio process obeyed, and from which sample on, in the words of the control table."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from performer.controls import CONTROLS, SLOTS
from performer.memory import KIND_CLIP, KIND_CONTROL, N_CELLS, N_SLOTS, Memory

PLACES = [(control.path, index) for control in CONTROLS for index in range(len(control.types))]
"""Path of a control and index of its value, for each of the values that the processes share."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """What changed with one block."""

    number: int
    """Entries of the journal up to here."""
    position: int
    """The block's first sample."""
    started: tuple[int, int] | None
    """Sample rate of an audio process that begins here, and how far the one before it came."""
    controls: dict[str, list[float | None]]
    """New values of each control that moved; None for one of its values that did not."""
    clips: list[tuple[int, int, int, int]]
    """Deck (from 1), cell, revision and slot of each clip that arrived."""

    def entry(self) -> dict[str, Any]:
        """Put it into words for the control log."""
        entry: dict[str, Any] = {"n": self.number, "at": self.position}
        if self.started is not None:
            entry["started"] = self.started
        if self.controls:
            entry["set"] = self.controls
        if self.clips:
            entry["clips"] = self.clips
        return entry


class Journal:
    """The recorder's place in the journal.

    Parameters
    ----------
    memory : Memory
        Where the ring is.
    number : int
        Entries that were read before.
    """

    def __init__(self, memory: Memory, number: int) -> None:
        self.memory = memory
        self.number = number

    def read(self) -> tuple[list[Change], int]:
        """Read on.

        Returns
        -------
        tuple of list of Change and int
            What changed, and how many entries were overwritten before they were read.
        """
        ring, noted = self.memory.journal, self.memory.state["noted"]
        stop = int(noted[0])
        entries = ring[np.arange(self.number, stop) % len(ring)] if stop - self.number <= len(ring) else ring[:0]
        lost = 0
        if int(noted[0]) - self.number > len(ring) * 3 // 4:  # the audio process may be writing into what was copied
            entries, lost = ring[:0], stop - self.number
        changes = list(changes_of(entries, self.number))
        self.number = stop
        return changes, lost


def changes_of(entries: np.ndarray, number: int) -> Iterator[Change]:
    """Gather entries of one block.

    Parameters
    ----------
    entries : np.ndarray
        Of `memory.ENTRY`, in order.
    number : int
        Entries before these.
    """
    for position, group in itertools.groupby(entries.tolist(), key=lambda entry: entry[0]):
        started: dict[int, int] = {}
        controls: dict[str, list[float | None]] = {}
        clips = []
        for _, kind, index, value in group:
            number += 1
            if kind == KIND_CONTROL:
                path, place = PLACES[index]
                slots = SLOTS[path]
                controls.setdefault(path, [None] * (slots.stop - slots.start))[place] = value
            elif kind == KIND_CLIP:
                deck, cell = divmod(index, N_CELLS)
                revision, slot = divmod(int(value), N_SLOTS)
                if value > 0:
                    clips.append((deck + 1, cell, revision, slot))
            else:
                started[index] = int(value)
        beginning = (started[0], started[1]) if started else None
        yield Change(number=number, position=position, started=beginning, controls=controls, clips=clips)
