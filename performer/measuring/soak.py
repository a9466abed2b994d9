"""Playing for long: four decks under a scripted hand, and what it cost."""

import math
import os
import pathlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from performer.clock import TICKS_A_BEAT, read_clock
from performer.controls import N_DECKS
from performer.desk.playback import NUDGE, NUDGED, TEMPO
from performer.measuring.standstill import StandstillWatch
from performer.memory import KIND_CONTROL, Memory
from performer.supervisor import Supervisor, stolen_s
from performer.surfaces.osc.packet import build_packet

STEP_S = 0.05
"""Time from one move of the hand to the next."""
READ_S = 10.0
"""Time from one reading of memory to the next."""
AROUND_S = 0.25
"""An underrun so shortly after a standstill of the machine is the machine's."""
LEVEL = 0.6


def moves(step: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Tell which controls a hand moves at a step: every deck's pad all the time, the rest now and then."""
    at_s = step * STEP_S
    if step == 0:
        for deck in range(1, N_DECKS + 1):
            yield f"/deck/{deck}/level", (LEVEL,)
    deck = step % N_DECKS + 1
    turn = 2 * math.pi * at_s / (20 + 7 * deck)
    yield f"/deck/{deck}/morph", (0.5 + 0.5 * math.cos(turn), 0.5 + 0.5 * math.sin(turn))
    if step % 40 == 0:
        yield f"/deck/{step // 40 % N_DECKS + 1}/density", (2 * math.sin(at_s / 9),)
    if step % 60 == 20:
        yield f"/deck/{step // 60 % N_DECKS + 1}/filter", (0.6 * math.sin(at_s / 5),)
    if step % 80 == 30:
        yield f"/deck/{step // 80 % N_DECKS + 1}/send", (0.5 + 0.5 * math.sin(at_s / 7),)
    if step % 400 == 100:
        yield f"/deck/{step // 400 % N_DECKS + 1}/seed", (float(step // 400 * 17 % 1000),)
    if step % 1200 == 700:
        yield "/tempo", (120.0 + 6 * math.sin(at_s / 50),)
    if step % 600 == 300:
        yield f"/deck/{step // 600 % N_DECKS + 1}/repeat", (float(step // 600 % 5),)
    if step % 600 == 330:
        yield f"/deck/{step // 600 % N_DECKS + 1}/repeat", (0.0,)


def resident_mb(pid: int) -> float:
    """Memory that a process holds for itself, without what it shares, in megabytes; 0 where it cannot be told."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/statm").read_text().split()
        return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0


class Soak:
    """A long set.

    Parameters
    ----------
    supervisor : Supervisor
        Of the instrument, already playing.
    osc_port : int
        Where it listens.
    watch : StandstillWatch
        On the machine.
    """

    def __init__(self, supervisor: Supervisor, *, osc_port: int, watch: StandstillWatch) -> None:
        self.supervisor = supervisor
        self.osc_port = osc_port
        self.watch = watch
        self.sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.begun_s = time.monotonic()
        self.read_s: list[float] = []
        self.memories_mb: list[dict[str, float]] = []
        self.margins_s: list[float] = []
        self.newest_margins_s = supervisor.memory.state["margin_s"][0].copy()
        self.first = supervisor.memory.counters()
        self.blame = Blame(watch, underruns=self.first["underruns"])
        self.count = ExactCount(supervisor.memory)

    def play(self, duration_s: float) -> Iterator[float]:
        """Move controls until the time is over; yields the seconds played."""
        self.begun_s = time.monotonic()
        step = 0
        while (at_s := time.monotonic() - self.begun_s) < duration_s and not self.supervisor.memory.stopping:
            for path, values in moves(step):
                self.sending.sendto(build_packet(path, values), ("127.0.0.1", self.osc_port))
            step += 1
            self.look(at_s)
            self.supervisor.watch()
            time.sleep(max(step * STEP_S - (time.monotonic() - self.begun_s), 0))
            yield at_s
        self.look(duration_s)

    def look(self, at_s: float) -> None:
        """Read what there is to report, so many seconds after the beginning."""
        memory = self.supervisor.memory
        self.count.follow()
        self.blame.look(memory.counters()["underruns"], now_s=time.monotonic(), stolen_s=stolen_s())
        margins_s = memory.state["margin_s"][0].copy()
        self.margins_s += margins_s[margins_s != self.newest_margins_s].tolist()  # each window once
        self.newest_margins_s = margins_s
        if not self.read_s or at_s - self.read_s[-1] >= READ_S:
            self.read_s.append(at_s)
            self.memories_mb.append(
                {name: resident_mb(child.process.pid) for name, child in self.supervisor.children.items()}
            )

    def report(self) -> dict[str, Any]:
        """Tell how it went.

        Returns
        -------
        dict
            What `Supervisor.summary` tells; `underruns`, and how many of them fell together with stolen time or a
            standstill (`machine_underruns`); `standstills` of the machine and the longest; `late_blocks` (mixed more
            slowly than played) and `late_cells` (drawn too late); `margin_ms`, by how much windows were ready before
            the playhead left them (5th percentile and least of all decks, None if nothing moved); `drift_samples` of
            the clock against an exact count of its own; `memory_mb` and its slope of each process, `memory_mb_an_hour`
            (of the second half; None if that is too short).
        """
        counters = self.supervisor.memory.counters()
        delays_ms = [1000 * delay_s for at_s, delay_s in list(self.watch.delays) if at_s > self.begun_s]
        margins_ms = 1000 * np.array(self.margins_s)
        return {
            **self.supervisor.summary(),
            "underruns": self.blame.underruns,
            "machine_underruns": self.blame.of_the_machine,
            "standstills": {
                "count": len(delays_ms) if self.watch.is_fair else None,
                "longest_ms": round(max(delays_ms, default=0.0), 1) if self.watch.is_fair else None,
            },
            **{name: counters[name] - self.first[name] for name in ("late_blocks", "late_cells")},
            "margin_ms": {
                "p5": round(float(np.percentile(margins_ms, 5)), 1) if margins_ms.size else None,
                "least": round(float(margins_ms.min()), 1) if margins_ms.size else None,
            },
            "drift_samples": round(self.count.drift_samples(), 6) + 0.0,  # never -0.0
            "memory_mb": {name: round(size, 1) for name, size in self.memories_mb[-1].items()},
            "memory_mb_an_hour": slopes(self.read_s, self.memories_mb),
        }

    def close(self) -> None:
        """Let go of the socket."""
        self.sending.close()


class Blame:
    """Tells whose fault an underrun is: the machine's, if it stood still or its host took time just before.

    Parameters
    ----------
    watch : StandstillWatch
        On the machine.
    underruns : int
        Counted so far.
    """

    def __init__(self, watch: StandstillWatch, *, underruns: int) -> None:
        self.watch = watch
        self.counted = underruns
        self.underruns = 0
        self.of_the_machine = 0
        self.looked_s = time.monotonic()
        self.stolen: list[tuple[float, float]] = []

    def look(self, counted: int, *, now_s: float, stolen_s: float) -> None:
        """Look at the counter of underruns, at a monotonic time and what the host had taken by then."""
        new, since_s = counted - self.counted, self.looked_s - AROUND_S
        self.stolen = [reading for reading in self.stolen if reading[0] >= since_s] + [(now_s, stolen_s)]
        if new > 0:
            self.underruns += new
            if self.stolen[0][1] < stolen_s or self.watch.stood_still(since_s, now_s):
                self.of_the_machine += new
        self.counted, self.looked_s = counted, now_s


class ExactCount:
    """The ticks of the music, counted a second time in fractions from what the journal says of the tempo.

    Parameters
    ----------
    memory : Memory
        Of the instrument, whose journal still holds its beginning.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.read = 0
        self.position = 0
        self.tick = Fraction(0)
        self.tempo_bpm = Fraction(0)
        self.controls = {TEMPO: 120.0, NUDGED: 0.0}

    def follow(self) -> None:
        """Read on in the journal."""
        noted = int(self.memory.state["noted"][0])
        for number in range(self.read, noted):
            entry = self.memory.journal[number % len(self.memory.journal)]
            if entry["kind"] == KIND_CONTROL and int(entry["index"]) in self.controls:
                self.go_on(int(entry["position"]))
                self.controls[int(entry["index"])] = float(entry["value"])
                self.tempo_bpm = Fraction(self.controls[TEMPO] * (1 + NUDGE * self.controls[NUDGED]))
        self.read = noted

    def go_on(self, position: int) -> None:
        """Count on to a sample."""
        rate = int(self.memory.state["sample_rate"][0])
        self.tick += (position - self.position) * self.tempo_bpm * TICKS_A_BEAT / (60 * rate)
        self.position = position

    def drift_samples(self) -> float:
        """By how much the instrument's clock is ahead."""
        self.follow()
        if self.tempo_bpm == 0:
            return 0.0  # nothing has been played yet
        reading = read_clock(self.memory)
        self.go_on(reading.position)
        rate = int(self.memory.state["sample_rate"][0])
        return float((Fraction(reading.tick) - self.tick) * 60 * rate / (self.tempo_bpm * TICKS_A_BEAT))


def slopes(at_s: Sequence[float], memories_mb: Sequence[Mapping[str, float]]) -> dict[str, float | None]:
    """Slope of each process's memory, in megabytes an hour."""
    names = set.intersection(*(set(memory) for memory in memories_mb))
    found = {name: slope_an_hour(at_s, [memory[name] for memory in memories_mb]) for name in sorted(names)}
    return {name: None if slope is None else round(slope, 1) for name, slope in found.items()}


def slope_an_hour(at_s: Sequence[float], values: Sequence[float]) -> float | None:
    """Slope of the straight line through the second half of some readings, an hour; None if they are too few."""
    half = len(values) // 2
    if len(values) - half < 3:
        return None
    return float(np.polyfit(at_s[half:], values[half:], 1)[0]) * 3600
