"""MIDI clock in: the tempo and the place of another's clock, followed smoothly.

References
----------
MIDI 1.0 detailed specification, "System Real Time Messages" and "Song Position Pointer".
"""

import collections
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from performer.controls import SLOTS
from performer.memory import Memory
from performer.surfaces.follow import STEP_S, Follower, fold_tempo
from performer.surfaces.midi.clock import PULSES_A_BEAT, PULSES_A_SIXTEENTH

CLOCK_KINDS = frozenset({"clock", "start", "continue", "stop", "songpos"})
FEWEST, MOST = 24, 96
"""Pulses that a tempo is read from: one beat at least, four at most."""
SILENT_S = 0.5
"""A clock that says nothing for so long has gone."""
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
"""Tempos that a clock is believed."""
SURE = 3.0
"""A change counts if it is larger than so many times what chance may make of it."""
LEAST_BPM, LEAST_S = 0.02, 0.008
"""And than this: of a tempo, and of the time of a pulse."""
LATELY = 12
"""Pulses whose middle one tells whether the tempo has changed: fewer that come late do not."""
OUTLIER = 3.7
"""A pulse that is further off than so many times the usual does not count."""
BURST_S = 60 / FASTEST_BPM / PULSES_A_BEAT / 2
"""Pulses that are closer than at any tempo were held up on the way: the last of them alone tells a time."""
BAR_BEATS = 4.0
OFFSET = SLOTS["/midi/offset"].start


class PulseLine:
    """The straight line through the newest pulses: when each is due.

    A line through four beats is forty times less noisy than a pulse; where the pulses leave it, it begins anew.
    """

    def __init__(self) -> None:
        self.pulses: collections.deque[tuple[int, float]] = collections.deque(maxlen=MOST)
        """Number of each, and when it came."""
        self.errors_s: collections.deque[float] = collections.deque(maxlen=LATELY)
        """How late the newest of them came, by the line before them."""
        self.count = 0
        """Pulses so far."""
        self.fit: tuple[float, float] | None = None
        """Seconds a pulse, and when pulse 0 would have come; None while there are too few."""
        self.scatter_s = 0.0
        self.tempo_bpm = 0.0
        """Tempo of the line; it stays as it is while its changes may be chance. 0 before the first."""

    def add(self, at_s: float) -> None:
        """Take in a pulse that came at a time."""
        if self.pulses and at_s - self.pulses[-1][1] < BURST_S:
            self.pulses.pop()
            if self.errors_s:
                self.errors_s.pop()
        if self.fit is not None and len(self.pulses) >= FEWEST:
            spacing_s, origin_s = self.fit
            self.errors_s.append(at_s - origin_s - self.count * spacing_s)
            has_left = abs(statistics.median(self.errors_s)) > max(LEAST_S, SURE * self.scatter_s)
            if has_left and len(self.errors_s) == LATELY:
                self.pulses.clear()  # another tempo: what was before says nothing
                self.errors_s.clear()
        self.pulses.append((self.count, at_s))
        self.count += 1
        if len(self.pulses) >= FEWEST:
            self.read()

    def read(self) -> None:
        """Lay the line, and tell the tempo."""
        places, times_s = np.array(self.pulses).T
        line = lay_line(places, times_s)
        off_s = np.abs(times_s - line[1] - places * line[0])
        usual = off_s <= max(OUTLIER * float(np.median(off_s)), 1e-3)
        spacing_s, origin_s = lay_line(places[usual], times_s[usual])
        tempo_bpm = 60 / max(spacing_s, 1e-6) / PULSES_A_BEAT
        if not SLOWEST_BPM <= tempo_bpm <= FASTEST_BPM:
            return
        self.fit = spacing_s, origin_s
        self.scatter_s = float(np.std(times_s[usual] - origin_s - places[usual] * spacing_s))
        chance_bpm = self.scatter_s / (float(np.std(places)) * math.sqrt(len(places))) / spacing_s * tempo_bpm
        if abs(tempo_bpm - self.tempo_bpm) > max(LEAST_BPM, SURE * chance_bpm):
            self.tempo_bpm = round(tempo_bpm, 2)

    def place_at(self, at_s: float) -> float:
        """Tell which pulse is due at a time, and how much of the way to the next has passed."""
        spacing_s, origin_s = self.fit or (math.inf, 0.0)
        return (at_s - origin_s) / spacing_s


def lay_line(places: np.ndarray, times_s: np.ndarray) -> tuple[float, float]:
    """Lay the line of least squares: seconds a place, and the time of place 0."""
    around = places - places.mean()
    spacing_s = float(around @ times_s) / float(around @ around)
    return spacing_s, float(times_s.mean() - places.mean() * spacing_s)


class ClockIn:
    """Follows the clock of one port: the first that sends one, until it goes.

    Its tempo is taken over; its beat and bar too, once Start, or a song position and Continue, have told where they
    are. When it stops or goes, the tempo stays, and the song waits at its place.

    Parameters
    ----------
    memory : Memory
        Of the instrument.
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(self, memory: Memory, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self.memory = memory
        self.now_s = now_s
        self.follower = Follower(memory, now_s=now_s)
        self.stepped_s = -math.inf
        self.songs: dict[str, int] = {}
        """Pulses into the song at which each port waits for Continue."""
        self.begin(None)

    def begin(self, port: str | None) -> None:
        """Listen to a port's clock, from nothing."""
        self.port = port
        self.heard_s = -math.inf
        self.line = PulseLine()
        self.first: int | None = None
        """Pulse with which the song that runs began; None while none does, or that is not known."""

    def stop(self, port: str) -> None:
        """Let the song of the port that is followed wait at its place."""
        if self.first is not None:
            self.songs[port] = self.line.count - self.first
        self.first = None

    def hear(self, port: str, message: Any, *, at_s: float) -> None:
        """Take in a message of a clock.

        Parameters
        ----------
        port : str
            Where it came from.
        message : mido.Message
            Of one of `CLOCK_KINDS`.
        at_s : float
            Monotonic time at which it came.
        """
        if port != self.port:
            if at_s - self.heard_s < SILENT_S:
                return
            self.begin(port)
        self.heard_s = at_s
        if message.type == "clock":
            self.line.add(at_s)
        elif message.type == "start":
            self.first = self.line.count
        elif message.type == "stop":
            self.stop(port)
        elif message.type == "continue":
            if self.first is None and port in self.songs:
                self.first = self.line.count - self.songs[port]
        elif self.first is None:
            self.songs[port] = message.pos * PULSES_A_SIXTEENTH
        else:
            self.first = self.line.count - message.pos * PULSES_A_SIXTEENTH

    def step(self) -> None:
        """Go a step towards the other clock, if it is time."""
        now_s = self.now_s()
        if now_s - self.stepped_s < STEP_S:
            return
        self.stepped_s = now_s
        if self.port is not None and now_s - self.heard_s > SILENT_S:
            self.stop(self.port)
            self.begin(None)
        line, first = self.line, self.first
        if line.fit is None or line.tempo_bpm == 0 or first is None:
            self.follower.rest()
            if line.tempo_bpm:
                self.follower.take_tempo(line.tempo_bpm * fold_tempo(line.tempo_bpm))
            return
        offset_s = float(self.memory.state["controls"][0, OFFSET]) / 1000

        def beat_at(at_s: float) -> float:
            return (line.place_at(at_s - offset_s) - first) / PULSES_A_BEAT

        self.follower.step(line.tempo_bpm, beat_at, cycle=BAR_BEATS)

    def rest(self) -> None:
        """Follow no more."""
        self.follower.rest()
        self.songs.clear()
        self.begin(None)
