"""The table of readouts, beside those of controls and actions: what the instrument shows and nobody sets."""

import dataclasses
from collections.abc import Callable

import numpy as np

from performer.clock import TICKS_A_BEAT, TICKS_A_CELL, read_clock
from performer.controls import N_DECKS
from performer.desk.meter import LOUDNESS, PEAK
from performer.desk.voice import DIGIT
from performer.memory import COUNTERS, N_CELLS, N_SLOTS, Memory

FLOOR_DB = -90.0
"""What silence reads."""
ALARMS = ("underruns", "late_blocks", "render_failures", "worker_restarts", "audio_restarts", "session_failures",
          "unrecorded_samples")  # fmt: skip
"""Counters that a performer wants to see move."""

Read = Callable[[Memory], tuple[float, ...]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Readout:
    """One row of the table."""

    path: str
    """Its OSC address."""
    types: str
    """OSC type of each value: `i` or `f`."""
    minimum: float
    """Smallest value."""
    maximum: float
    """Largest value."""
    unit: str
    """What the numbers count."""
    help: str
    """What it shows, in one line."""
    read: Read
    """Reads it, rounded to what a surface can show."""


def decibels(level: float) -> float:
    """Give a level in decibels of full scale, `FLOOR_DB` or more, to a tenth."""
    return round(max(20 * float(np.log10(max(level, 1e-9))), FLOOR_DB), 1)


def loudness(memory: Memory) -> float:
    """Give the loudness of the mix in LUFS, `FLOOR_DB` or more, to a tenth; before the first block it is silence."""
    has_begun = read_clock(memory).ticks_a_second > 0
    return round(max(float(memory.state["readings"][0, N_DECKS, LOUDNESS]), FLOOR_DB), 1) if has_begun else FLOOR_DB


def place_in_loop(memory: Memory, deck: int) -> float:
    """Tell where in its loop a deck is, 0 to 1."""
    under = int(memory.state["under"][0, deck])
    if under < 0:
        return 0.0
    began, cell = divmod(under, N_CELLS)
    within = min(max((read_clock(memory).tick - began) / TICKS_A_CELL, 0.0), 1.0)
    return round((cell + within) % N_CELLS / N_CELLS, 4)


def waiting_cells(memory: Memory, deck: int) -> float:
    """Count a deck's cells whose newest clip has arrived and is not what they play."""
    state = memory.state
    published, playing = state["published"][0, deck], state["playing"][0, deck]
    return float(np.sum((published > 0) & (published % N_SLOTS != playing % DIGIT - 1)))


def beats(memory: Memory) -> float:
    """Tell the beat of the two bars, 0 to 8, to a quarter of a beat."""
    return float(int(read_clock(memory).tick / TICKS_A_BEAT * 4) % 32 / 4)


def deck_readouts(deck: int) -> list[Readout]:
    """List what there is to see of one deck, counted from 1."""
    index = deck - 1

    def row(name: str, limits: tuple[float, float], unit: str, text: str, read: Read, *, types: str = "f") -> Readout:
        return Readout(
            path=f"/deck/{deck}/{name}", types=types, minimum=limits[0], maximum=limits[1], unit=unit, help=text,
            read=read,
        )  # fmt: skip

    return [
        row("playhead", (0, 1), "loops", "Where in its loop the deck is.", lambda m: (place_in_loop(m, index),)),
        row("pending", (0, N_CELLS), "cells", "Sixteenths whose new sound has arrived and waits to be flipped to.",
            lambda m: (waiting_cells(m, index),), types="i"),
        row("loops", (0, 4), "loops", "How many of the four loops the newest sound was drawn with; 4 unless there is "
            "no time.", lambda m: (float(m.state["loops"][0, index]),), types="i"),
        row("margin", (-10, 10), "s", "How far ahead of the playhead the newest sound arrived.",
            lambda m: (round(float(m.state["margin_s"][0, index]), 2),)),
        row("meter", (FLOOR_DB, 12), "dB", "Peak of the left and right channel behind the fader.",
            lambda m: tuple(decibels(v) for v in m.state["readings"][0, index, PEAK : PEAK + 2]), types="ff"),
    ]  # fmt: skip


def master_readouts() -> list[Readout]:
    """List what there is to see of the whole."""

    def counter(name: str) -> Readout:
        text = COUNTERS[name]
        return Readout(
            path=f"/count/{name}", types="i", minimum=0, maximum=2**31 - 1, unit="",
            help=f"{text[0].upper()}{text[1:]}.", read=lambda m: (float(m.counters()[name]),),
        )  # fmt: skip

    def row(path: str, limits: tuple[float, float], unit: str, text: str, read: Read, *, types: str = "f") -> Readout:
        return Readout(path=path, types=types, minimum=limits[0], maximum=limits[1], unit=unit, help=text, read=read)

    return [
        row("/beat", (0, 8), "beats", "Beat of the two bars.", lambda m: (beats(m),)),
        row("/master/meter", (FLOOR_DB, 12), "dB", "Peak of the left and right channel of the mix.",
            lambda m: tuple(decibels(v) for v in m.state["readings"][0, N_DECKS, PEAK : PEAK + 2]), types="ff"),
        row("/master/loudness", (FLOOR_DB, 12), "LUFS", "Loudness of the last 400 ms.",
            lambda m: (loudness(m),)),
        row("/recorded", (0, 1e9), "s", "How much of a recording is on the disk; 0 while there is none.",
            lambda m: (recorded_s(m),)),
        *(counter(name) for name in ALARMS),
    ]  # fmt: skip


def recorded_s(memory: Memory) -> float:
    """Tell how long the recording that runs is so far, in seconds."""
    state = memory.state
    is_running = state["recording"][0] and state["recorded"][0] and state["sample_rate"][0]
    n_samples = max(int(state["recorded"][0] - state["recorded_from"][0]), 0)  # the two are written one after the other
    return round(n_samples / state["sample_rate"][0], 1) if is_running else 0.0


READOUTS: tuple[Readout, ...] = (
    *(row for deck in range(1, N_DECKS + 1) for row in deck_readouts(deck)),
    *master_readouts(),
)
"""All that the instrument shows."""

READOUTS_BY_PATH = {readout.path: readout for readout in READOUTS}
