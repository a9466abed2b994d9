"""Playing for long: four decks under a scripted hand, and what it cost."""

import math
import pathlib
import socket
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from performer.clock import TICKS_A_BEAT, read_clock
from performer.controls import N_DECKS
from performer.desk.playback import NUDGE, NUDGED, TEMPO
from performer.memory import KIND_CONTROL, PROCESSES, Memory
from performer.supervisor import Supervisor
from performer.surfaces.osc import build_packet

STEP_S = 0.05
"""Time from one move of the hand to the next."""
REPORT_S = 10.0
"""Time from one reading of memory and margin to the next."""
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
        yield f"/deck/{deck}/density", (2 * math.sin(at_s / 9),)
    if step % 60 == 20:
        yield f"/deck/{deck}/filter", (0.6 * math.sin(at_s / 5),)
    if step % 400 == 100:
        yield f"/deck/{deck}/seed", (float(step // 400 * 17 % 1000),)
    if step % 1200 == 700:
        yield "/tempo", (120.0 + 6 * math.sin(at_s / 50),)
    if step % 600 == 300:
        yield f"/deck/{deck}/repeat", (float(step // 600 % 5),)
    if step % 600 == 330:
        yield f"/deck/{deck}/repeat", (0.0,)


def resident_mb(pid: int) -> float:
    """Memory that a process holds for itself, without what it shares, in megabytes; 0 where it cannot be told."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/statm").read_text().split()
        return (int(fields[1]) - int(fields[2])) * 4096 / 1e6
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
    """

    def __init__(self, supervisor: Supervisor, *, osc_port: int) -> None:
        self.supervisor = supervisor
        self.osc_port = osc_port
        self.sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.memories_mb: list[dict[str, float]] = []
        self.margins_s: list[np.ndarray] = []
        self.read_s: list[float] = []
        self.count = ExactCount(supervisor.memory)

    def play(self, duration_s: float) -> Iterator[float]:
        """Move controls until the time is over; yields the seconds played."""
        begun_s = time.monotonic()
        step, read_s = 0, begun_s
        while (at_s := time.monotonic() - begun_s) < duration_s and not self.supervisor.memory.stopping:
            for path, values in moves(step):
                self.sending.sendto(build_packet(path, values), ("127.0.0.1", self.osc_port))
            step += 1
            self.count.follow()
            self.margins_s.append(self.supervisor.memory.state["margin_s"][0].copy())
            if time.monotonic() - read_s > REPORT_S:
                read_s = time.monotonic()
                self.read_s.append(at_s)
                self.memories_mb.append(
                    {name: resident_mb(child.process.pid) for name, child in self.supervisor.children.items()}
                )
            self.supervisor.watch()
            time.sleep(max(step * STEP_S - (time.monotonic() - begun_s), 0))
            yield at_s

    def report(self) -> dict[str, Any]:
        """Tell how it went.

        Returns
        -------
        dict
            What `Supervisor.summary` tells, and `drift_samples` (of the clock, against its own counter), `margin_ms`
            (5th percentile and least of all decks) and `memory_mb_an_hour` of each process.
        """
        margins = np.array(self.margins_s)
        margins = margins[margins > 0]
        growth = {
            name: round(slope_an_hour(self.read_s, [memory[name] for memory in self.memories_mb]), 1)
            for name in PROCESSES
            if self.memories_mb
        }
        return {
            **self.supervisor.summary(),
            "drift_samples": round(self.count.drift_samples(), 6),
            "margin_ms": {
                "p5": round(float(np.percentile(margins, 5)) * 1000, 1) if margins.size else None,
                "least": round(float(margins.min()) * 1000, 1) if margins.size else None,
            },
            "memory_mb": self.memories_mb[-1] if self.memories_mb else {},
            "memory_mb_an_hour": growth,
        }


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
        reading = read_clock(self.memory)
        self.go_on(reading.position)
        if self.tempo_bpm == 0:
            return 0.0
        rate = int(self.memory.state["sample_rate"][0])
        return float((Fraction(reading.tick) - self.tick) * 60 * rate / (self.tempo_bpm * TICKS_A_BEAT))


def slope_an_hour(at_s: list[float], values: list[float]) -> float:
    """Slope of the straight line through the second half of some readings, in units an hour."""
    half = len(values) // 2
    if len(values) - half < 2:
        return 0.0
    return float(np.polyfit(at_s[half:], values[half:], 1)[0]) * 3600
