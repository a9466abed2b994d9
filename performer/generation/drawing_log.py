"""What the worker drew, in the order in which it drew it: its lines of the control log."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from performer.settings import DeckSettings


def forget(*_entries: Mapping[str, Any]) -> None:
    """Take lines that nobody wants."""


class DrawingLog:
    """Tell each step of a worker before its clips are heard.

    Parameters
    ----------
    append : callable
        Takes a line.
    """

    def __init__(self, append: Callable[..., None] = forget) -> None:
        self.append = append
        self.settings: dict[int, DeckSettings] = {}

    def began(self, revisions: Sequence[int]) -> None:
        """Tell that a worker begins, and from which revisions of the decks it goes on."""
        self.append({"worker": list(revisions)})

    def set_out(self, deck: int, settings: DeckSettings, *, glide_s: float, now_s: float) -> None:
        """Tell where a deck sets out for; settings that are as before are left out."""
        before = self.settings.get(deck)
        new = {
            field.name: getattr(settings, field.name)
            for field in dataclasses.fields(settings)
            if before is None or getattr(settings, field.name) != getattr(before, field.name)
        }
        self.settings[deck] = settings
        self.append({"deck": deck + 1, "to": new, "glide_s": glide_s, "now_s": now_s})

    def window(self, deck: int, first_cell: int, n_cells: int, *, n_loops: int, now_s: float, revision: int) -> None:
        """Tell which cells were drawn, and how many loops of them."""
        window = {"window": [first_cell, n_cells], "loops": n_loops}
        self.append({"deck": deck + 1, **window, "now_s": now_s, "revision": revision})

    def whole_begun(self, deck: int) -> None:
        """Tell that a whole loop is begun."""
        self.append({"deck": deck + 1, "whole": "begun"})

    def whole(self, deck: int, *, revision: int) -> None:
        """Tell that the whole loop that was begun last was drawn."""
        self.append({"deck": deck + 1, "whole": "drawn", "revision": revision})

    def missed(self, deck: int, cell: int) -> None:
        """Tell that the clip before the newest one of a cell was not handed over, and never will be."""
        self.append({"deck": deck + 1, "missed": cell})
