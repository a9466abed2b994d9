"""A deck's history: what it has played, undo and redo along it, and stars for what is to be kept."""

import dataclasses
import functools
import json
import math
from typing import Any

from performer.controls import CONTROLS_BY_PATH
from performer.errors import ControlError
from performer.session.stamp import ModelStamp
from performer.settings import PLACE_NAMES

N_KEPT = 256
"""Entries that a deck keeps besides the starred ones."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A loop that a deck has played."""

    number: int
    """Counted from 1 on each deck; never given twice."""
    time_s: float
    """When, in seconds since 1970."""
    place: tuple[float, ...]
    """Values of `settings.PLACE_NAMES`: with its model all that the loop is a function of, but for the tempo."""
    model: ModelStamp
    """Who drew it."""
    is_starred: bool = False
    """Whether it is kept for ever."""
    is_aside: bool = False
    """Whether undo and redo pass it by: a starred loop of a way that was left."""

    @functools.cached_property
    def text(self) -> str:
        """The entry as JSON, with names and values."""
        values, at = {}, 0
        for name in PLACE_NAMES:
            size = len(CONTROLS_BY_PATH[f"/deck/1/{name}"].types)
            values[name] = self.place[at : at + size]
            at += size
        entry = {**dataclasses.asdict(self), "place": values}
        return json.dumps(entry)

    @classmethod
    def from_entry(cls, entry: object) -> "Entry":
        """Read what `text` wrote.

        Raises
        ------
        ControlError
            If it is something else. (A control that is not named is at its default; one that is not known is left
            out: directions come and go.)
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(entry, dict) or set(entry) != names or not isinstance(entry["place"], dict):
            raise ControlError(f"entry {entry!r:.60}: {', '.join(sorted(names))} are needed; correct it")
        number, time_s, values = entry["number"], entry["time_s"], entry["place"]
        flags = entry["is_starred"], entry["is_aside"]
        if type(number) is not int or number < 1 or not all(isinstance(flag, bool) for flag in flags):
            raise ControlError(f"entry {number!r:.60}: a number from 1 on and flags are needed; correct it")
        if not isinstance(time_s, int | float) or not math.isfinite(time_s):
            raise ControlError(f"entry {number}: time {time_s!r:.60}, seconds are needed; correct it")
        place: list[float] = []
        for name in PLACE_NAMES:
            control = CONTROLS_BY_PATH[f"/deck/1/{name}"]
            arguments = values.get(name, control.default)
            place += control.accept(arguments if isinstance(arguments, list | tuple) else [arguments])
        return cls(
            number=number,
            time_s=float(time_s),
            place=tuple(place),
            model=ModelStamp.from_entry(entry["model"]),
            is_starred=flags[0],
            is_aside=flags[1],
        )


class DeckHistory:
    """What one deck has played.

    Parameters
    ----------
    deck : int
        Counted from 1, for its messages.
    """

    def __init__(self, deck: int) -> None:
        self.deck = deck
        self.entries: list[Entry] = []
        """In the order of their numbers."""
        self.at = 0
        """Number of the present one; 0 before the first."""
        self.next_number = 1
        self.is_changed = False
        """Whether it differs from what was written to the disk."""

    @property
    def present(self) -> Entry | None:
        """The entry that the deck was last at."""
        return next((entry for entry in self.entries if entry.number == self.at), None)

    def is_at(self, place: tuple[float, ...], model: ModelStamp) -> bool:
        """Whether the present entry is this loop."""
        present = self.present
        return present is not None and present.place == place and present.model == model

    def note(self, place: tuple[float, ...], model: ModelStamp, *, time_s: float) -> None:
        """Add an entry after the present one, if it is another loop; what was undone is dropped then.

        Parameters
        ----------
        place : tuple of float
            Values of `settings.PLACE_NAMES`.
        model : ModelStamp
            Who draws it.
        time_s : float
            Seconds since 1970.
        """
        if self.is_at(place, model):
            return
        kept = [entry for entry in self.entries if entry.number <= self.at]
        starred = [entry for entry in self.entries if entry.number > self.at and entry.is_starred]
        self.entries = kept + [dataclasses.replace(entry, is_aside=True) for entry in starred]
        plain = [entry.number for entry in self.entries if not entry.is_starred]
        dropped = set(plain[: max(len(plain) - N_KEPT + 1, 0)])
        self.entries = [entry for entry in self.entries if entry.number not in dropped]
        self.at = self.next_number
        self.next_number += 1
        self.entries.append(Entry(number=self.at, time_s=time_s, place=place, model=model))
        self.is_changed = True

    def step(self, by: int) -> Entry:
        """Go one entry back (-1) or forward (1).

        Raises
        ------
        ControlError
            If there is none.
        """
        line = [entry for entry in self.entries if not entry.is_aside or entry.number == self.at]
        numbers = [entry.number for entry in line]
        index = numbers.index(self.at) + by if self.at in numbers else -1
        if not 0 <= index < len(line):
            raise ControlError(f"deck {self.deck} has nothing to {'undo' if by < 0 else 'redo'}; play on")
        self.at = line[index].number
        self.is_changed = True
        return line[index]

    def star(self) -> Entry:
        """Star the present entry, or take its star away.

        Raises
        ------
        ControlError
            If there is none yet.
        """
        present = self.present
        if present is None:
            raise ControlError(f"deck {self.deck} has not played yet, a loop is needed to star; wait for it")
        starred = dataclasses.replace(present, is_starred=not present.is_starred)
        self.entries[self.entries.index(present)] = starred
        self.is_changed = True
        return starred

    def find(self, number: int) -> Entry:
        """Find an entry by its number.

        Raises
        ------
        ControlError
            If there is none.
        """
        for entry in self.entries:
            if entry.number == number:
                return entry
        if not self.entries:
            raise ControlError(f"deck {self.deck} has no entry {number}: it has not played yet; wait for it")
        starred = " ".join(str(entry.number) for entry in self.entries if entry.is_starred)
        raise ControlError(
            f"deck {self.deck} has no entry {number}; there are some from {self.entries[0].number} to "
            f"{self.entries[-1].number}{f', starred are {starred}' if starred else ''}; choose one of them"
        )

    def rejoin(self, place: tuple[float, ...], model: ModelStamp) -> None:
        """Begin to play with what an earlier evening left: at its newest loop, unless the deck is where it ended."""
        line = [entry.number for entry in self.entries if not entry.is_aside]
        if line and not self.is_at(place, model):
            self.at = line[-1]

    def restore(self, entries: list[Entry], *, at: int, next_number: int) -> None:
        """Take up what was read from the disk."""
        self.entries = sorted({entry.number: entry for entry in entries}.values(), key=lambda entry: entry.number)
        newest = self.entries[-1].number if self.entries else 0
        self.at = at if any(entry.number == at for entry in self.entries) else newest
        self.next_number = max(next_number, newest + 1)


HEAD = {"kind": "loopmorph history", "version": 1}


def write_histories(histories: list[DeckHistory]) -> str:
    """Write the histories of all decks as JSON lines: what it is, then an entry a line."""
    at = {str(history.deck): [history.at, history.next_number] for history in histories}
    lines = [json.dumps({**HEAD, "at": at})]
    for history in histories:
        lines += [f'{{"deck": {history.deck}, "entry": {entry.text}}}' for entry in history.entries]
    return "\n".join(lines) + "\n"


def read_histories(text: str, histories: list[DeckHistory]) -> list[str]:
    """Read what `write_histories` wrote; what can be read is kept, whatever else is in the file.

    Parameters
    ----------
    text : str
        The file.
    histories : list of DeckHistory
        Filled.

    Returns
    -------
    list of str
        A line for each line of the file that could not be read.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    problems: list[str] = []
    head: dict[str, Any] = {}
    found: dict[int, list[Entry]] = {history.deck: [] for history in histories}
    for number, line in lines:
        try:
            thing = json.loads(line)
            if number == 1:
                head = read_head(thing)
            elif not isinstance(thing, dict) or set(thing) != {"deck", "entry"} or thing["deck"] not in found:
                raise ControlError("a deck and an entry are needed")
            else:
                found[thing["deck"]].append(Entry.from_entry(thing["entry"]))
        except (ControlError, ValueError, TypeError, RecursionError) as error:
            problems.append(f"line {number}: {error}")
            if number == 1 and isinstance(error, ControlError):
                return problems
    for history in histories:
        at, next_number = head.get(str(history.deck), (0, 1))
        history.restore(found[history.deck], at=at, next_number=next_number)
    return problems


def read_head(head: object) -> dict[str, Any]:
    """Read where each deck was, from the first line of a file of histories.

    Raises
    ------
    ControlError
        If it is no such line, or one of another version.
    """
    if not isinstance(head, dict) or {key: head.get(key) for key in HEAD} != HEAD:
        raise ControlError(f"it is no {HEAD['kind']} of version {HEAD['version']}")
    at = head.get("at")
    if not isinstance(at, dict) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(type(number) is int for number in pair)
        for pair in at.values()
    ):
        raise ControlError("where each deck was is needed")
    return at
