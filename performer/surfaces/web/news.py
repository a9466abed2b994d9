"""What the page is told: read once for all pages, and each told what it has not heard yet."""

import collections
import pathlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from performer.actions import ACTIONS, Action
from performer.clock import TICKS_A_CELL, TICKS_A_LOOP, read_clock
from performer.controls import CONTROLS, N_DECKS, Control
from performer.desk.voice import DIGIT
from performer.direction_names import COMPONENTS, DIRECTION_NAMES, FINE
from performer.memory import N_CELLS, N_SLOTS, PROCESSES, process_exists, read_options
from performer.ports import loudspeaker_port
from performer.readouts import READOUTS, Readout
from performer.session.history import DeckHistory
from performer.surfaces.feed import PATHS, Feed, Values, read_all
from performer.surfaces.hub import Hub
from performer.surfaces.web.pictures import N_BANDS, N_COLUMNS, Pictures
from performer.surfaces.web.thumbnails import BANDS, COLUMNS, Thumbnails

RECKONED = {"/beat", *(f"/deck/{deck + 1}/{name}" for deck in range(N_DECKS) for name in ("playhead", "pending"))}
"""Readouts that the page reckons itself, from the clock and the cells."""
SILENT_S = 1.5
"""A process that has not been alive for so long is shown as gone; the supervisor is about to start it again."""
SLOW_SILENT_S = {"recorder": 10.0}
"""The recorder may wait for its disk."""
CLOCK_S = 0.5
"""Time between two readings of the clock that a page gets; a change of tempo is told at once."""
SLOW_S = 0.25
"""Time between two looks at what changes seldom."""
N_TOLD = 40
"""Entries of a deck's history that a page is shown, besides the starred ones."""
N_PICTURES = 16
"""Cells or thumbnails in one message."""
N_REFUSALS = 8
PICTURE, THUMBNAIL = 1, 2
"""First byte of each record of a binary message."""

Fact = Any
"""Something that can be written as JSON."""


def describe_row(row: Control | Action | Readout) -> dict[str, Fact]:
    """Write a row of a table as JSON."""
    limits = row.limits if isinstance(row, Action) else [(row.minimum, row.maximum)] * len(row.types)
    described: dict[str, Fact] = {
        "path": row.path,
        "types": row.types,
        "limits": limits,
        "unit": row.unit,
        "help": row.help,
    }
    if isinstance(row, Control):
        described["default"] = row.default
    return described | {"kind": "action" if isinstance(row, Action) else type(row).__name__.lower()}


def describe_history(history: DeckHistory) -> dict[str, Fact]:
    """Write a deck's history as JSON: the newest entries and the starred ones."""
    told = {entry.number: entry for entry in history.entries[-N_TOLD:]}
    told |= {entry.number: entry for entry in history.entries if entry.is_starred or entry.number == history.at}
    entries = [
        [entry.number, round(entry.time_s), int(entry.is_starred), int(entry.is_aside), int(entry.place[0])]
        for _, entry in sorted(told.items())
    ]
    return {"at": history.at, "entries": entries}


class News:
    """All that there is to tell, as it is now.

    Parameters
    ----------
    hub : Hub
        Where the surfaces meet.
    folder : pathlib.Path
        Of the running instrument, which holds its options.
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(self, hub: Hub, folder: pathlib.Path, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self.hub, self.folder, self.now_s = hub, folder, now_s
        self.memory = hub.memory
        self.pictures = Pictures(self.memory)
        self.thumbnails = Thumbnails(self.memory, self.pictures, hub.conductor.chronicle.histories)
        self.values: dict[str, Values] = {}
        self.facts: dict[str, Fact] = {}
        self.looked_s = float("-inf")
        self.marks: dict[int, tuple[int, ...]] = {}

    def draw(self) -> None:
        """Draw some of what sounds otherwise than it looks, and the thumbnails that are due."""
        self.pictures.work()
        self.thumbnails.work(self.now_s())

    def refresh(self) -> None:
        """Read everything else."""
        now_s = self.now_s()
        self.values = read_all(self.memory)
        tempo = float(self.memory.state["clock_bpm"][0])
        self.facts["clock"] = [tempo, int(self.memory.state["clock_turn"][0]), int(now_s / CLOCK_S)]
        self.facts["heads"] = [self.read_head(deck) for deck in range(N_DECKS)]
        self.facts["pending"] = [self.read_pending(deck) for deck in range(N_DECKS)]
        if now_s - self.looked_s >= SLOW_S:
            self.looked_s = now_s
            self.look_around(now_s)

    def look_around(self, now_s: float) -> None:
        """Read what changes seldom."""
        self.facts["scenes"] = sorted(self.hub.conductor.session.scenes)
        self.facts["alive"] = self.read_alive(now_s)
        self.facts["asking"] = list(self.hub.admission.asking)
        self.facts["loudspeaker"] = self.read_loudspeaker()
        for history in self.hub.conductor.chronicle.histories:
            starred = sum(entry.is_starred for entry in history.entries)
            mark = (history.at, history.next_number, len(history.entries), starred)
            if self.marks.get(history.deck) != mark:
                self.marks[history.deck] = mark
                self.facts[f"history/{history.deck}"] = describe_history(history)

    def read_clock(self) -> list[float]:
        """Tell the tick that is heard now, and how many there are a second."""
        reading = read_clock(self.memory)
        heard_s = float(self.memory.state["position_time_s"][0])
        return [round(reading.tick_in(self.now_s() - heard_s if heard_s else 0.0), 4), reading.ticks_a_second]

    def read_head(self, deck: int) -> int | None:
        """Tell how many ticks a deck's loop (counted from 0) is ahead of the clock; None while it is silent."""
        under = int(self.memory.state["under"][0, deck])
        if under < 0:
            return None
        began, cell = divmod(under, N_CELLS)
        return (cell * TICKS_A_CELL - began) % TICKS_A_LOOP

    def read_pending(self, deck: int) -> int:
        """Tell which cells of a deck (counted from 0) have a new clip that waits: a bit for each."""
        state = self.memory.state
        published, playing = state["published"][0, deck], state["playing"][0, deck]
        waits = (published > 0) & (published % N_SLOTS != playing % DIGIT - 1)
        return int(np.sum(waits * (1 << np.arange(N_CELLS))))

    def read_alive(self, now_s: float) -> dict[str, bool]:
        """Tell which processes live; those that were never started are left out."""
        alive = {}
        for process in PROCESSES:
            beat_s = self.memory.heartbeat_s(process)
            if beat_s > 0:
                alive[process] = now_s - beat_s < SLOW_SILENT_S.get(process, SILENT_S)
        return alive | {"supervisor": process_exists(int(self.memory.state["supervisor_pid"][0]))}

    def read_loudspeaker(self) -> int | None:
        """Tell the port on which the page hears the sound that it is to play; None if it is not the loudspeaker."""
        try:
            options = read_options(self.folder)
        except OSError:  # the instrument is being stopped
            return None
        device = options.get("device")
        stands_in = device is None and bool(self.memory.state["browser"][0])
        return loudspeaker_port(options["http_port"]) if device == "browser" or stands_in else None

    def hello(self) -> dict[str, Fact]:
        """Tell what never changes while the instrument runs."""
        rows: list[Control | Action | Readout] = [*CONTROLS, *ACTIONS, *READOUTS]
        return {
            "rows": [describe_row(row) for row in rows],
            "directions": DIRECTION_NAMES,
            "drawer": (*FINE, *COMPONENTS),
            "repertoires": [
                {"labels": known.labels, "presets": known.presets} for known in self.hub.conductor.repertoires
            ],
            "models": [stamp.name for stamp in self.hub.conductor.session.stamps],
            "decks": N_DECKS,
            "cells": N_CELLS,
            "picture": [N_COLUMNS, N_BANDS],
            "thumbnail": [COLUMNS, BANDS],
            "tablet": self.hub.admission.is_tablet,
        }


class Listener:
    """One page's place in the news. It is told what is new when it can take it: nothing waits in a line.

    Parameters
    ----------
    news : News
        What there is to tell.
    """

    def __init__(self, news: News) -> None:
        self.news = news
        self.feed = Feed(path for path in PATHS if path not in RECKONED)
        self.facts: dict[str, Fact] = {}
        self.heard_line = news.hub.warnings.n_said
        self.refusals: collections.deque[str] = collections.deque(maxlen=N_REFUSALS)
        self.versions = np.zeros_like(news.pictures.versions)
        self.thumbnails: list[set[int]] = [set() for _ in news.thumbnails.taken]
        self.n_told = self.n_heard = 0
        self.nudge = 0.0
        """What this page's hand holds /nudge at."""

    def compose(self) -> dict[str, Fact]:
        """Tell what is new; the dictionary is empty if nothing is."""
        told = {key: fact for key, fact in self.news.facts.items() if self.facts.get(key, self) != fact}
        self.facts |= told
        if "clock" in told:
            told["clock"] = self.news.read_clock()
        values = self.feed.news(self.news.values)
        if values:
            told["values"] = values
        if self.refusals:
            told["refused"] = list(self.refusals)
            self.refusals.clear()
        lines = self.news.hub.warnings.said_since(self.heard_line)
        if lines:
            told["lines"] = lines
            self.heard_line = self.news.hub.warnings.n_said
        if told:
            self.n_told += 1
            told["n"] = self.n_told
        return told

    def compose_pictures(self) -> bytes:
        """Tell which cells and thumbnails look otherwise, a few at a time; empty if none does.

        Returns
        -------
        bytes
            Records without anything between them: `PICTURE`, deck, cell, 0, and the cell's bytes; or `THUMBNAIL`,
            deck, 0, 0, the entry's number in four bytes (little-endian), and its bytes. Decks count from 0.
        """
        pictures, records = self.news.pictures, []
        for index in np.flatnonzero(pictures.versions != self.versions)[:N_PICTURES].tolist():
            deck, cell = divmod(index, N_CELLS)
            self.versions[deck, cell] = pictures.versions[deck, cell]
            records.append(bytes((PICTURE, deck, cell, 0)) + pictures.cells[deck, cell].tobytes())
        for deck, taken in enumerate(self.news.thumbnails.taken):
            self.thumbnails[deck] &= taken.keys()
            for number in sorted(taken.keys() - self.thumbnails[deck])[: N_PICTURES - len(records)]:
                self.thumbnails[deck].add(number)
                records.append(bytes((THUMBNAIL, deck, 0, 0)) + number.to_bytes(4, "little") + taken[number])
        return b"".join(records)
