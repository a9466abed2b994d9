"""The clock: one counter of samples, and the tick of the music that falls on each of them.

A tick is a thirty-second note. Between two changes of tempo the tick is a straight line over the counter, so nothing
is ever added up and nothing drifts.
"""

import dataclasses

import numpy as np

from performer.memory import Memory

TICKS_A_BEAT = 8
TICKS_A_CELL = 2
TICKS_A_LOOP = 64

READ_TRIES = 100
"""A reader does not wait for ever for a writer that died in the middle."""

CLIP_RATE = 48_000
"""Samples a second of the clips, whatever the device's are."""
LINE = np.dtype(
    [
        ("position", "i8"),  # where the stretch begins, in samples of the device
        ("tick", "f8"),  # the tick there
        ("ticks_a_sample", "f8"),
        ("native_rate", "f8"),  # samples of a clip for one of the device, at the clip's own pitch and tempo
        ("turn", "i8"),  # stretches before
    ],
    align=True,
)
"""A stretch of constant tempo."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClockReading:
    """Where the music is, as any process reads it."""

    position: int
    """Samples since the start."""
    tick: float
    """Thirty-second notes since the start, at that sample."""
    ticks_a_second: float
    """Speed; 0 before the first block."""

    def tick_in(self, seconds: float) -> float:
        """Tick that is played so many seconds from the reading."""
        return self.tick + seconds * self.ticks_a_second


class Clock:
    """The audio process's clock, which it alone moves.

    Parameters
    ----------
    memory : Memory
        Where the other processes read it; a successor of the audio process takes it up from there.
    sample_rate : int
        Of the device, in hertz.
    """

    def __init__(self, memory: Memory, *, sample_rate: int) -> None:
        self.memory = memory
        self.sample_rate = sample_rate
        self.line = np.zeros(1, LINE)
        self.tempo_bpm = 0.0
        state = memory.state
        recorded_rate = float(state["sample_rate"][0])
        scale = sample_rate / recorded_rate if recorded_rate > 0 else 1.0
        self.line["position"] = round(int(state["clock_position"][0]) * scale)
        self.line["tick"] = state["clock_tick"][0]
        self.line["turn"] = state["clock_turn"][0]
        self.line["native_rate"] = CLIP_RATE / sample_rate
        state["position"][0] = round(int(state["position"][0]) * scale)
        state["sample_rate"][0] = sample_rate
        if state["clock_bpm"][0] > 0:
            self.set_line(int(self.line["position"][0]), float(self.line["tick"][0]), float(state["clock_bpm"][0]))

    def tick_at(self, position: int) -> float:
        """Tick of the music at a sample."""
        line = self.line[0]
        return float(line["tick"] + (position - line["position"]) * line["ticks_a_sample"])

    def retime(self, position: int, tempo_bpm: float) -> None:
        """Go on at a tempo from a sample on; nothing happens if it is the tempo already.

        Parameters
        ----------
        position : int
            Samples since the start.
        tempo_bpm : float
            Beats a minute.
        """
        if tempo_bpm != self.tempo_bpm:
            self.set_line(position, self.tick_at(position) if self.tempo_bpm else 0.0, tempo_bpm)

    def set_line(self, position: int, tick: float, tempo_bpm: float) -> None:
        """Begin a stretch, and let the other processes know."""
        self.tempo_bpm = tempo_bpm
        line, state = self.line, self.memory.state
        line["position"], line["tick"] = position, tick
        line["ticks_a_sample"] = tempo_bpm * TICKS_A_BEAT / (60 * self.sample_rate)
        line["turn"] += 1
        state["clock_turn"][0] = -1  # being written
        state["clock_position"][0], state["clock_tick"][0], state["clock_bpm"][0] = position, tick, tempo_bpm
        state["clock_turn"][0] = line["turn"][0]

    def record_position(self, position: int, *, heard_s: float) -> None:
        """Note at which monotonic time a sample leaves the device."""
        self.memory.state["position"][0] = position
        self.memory.state["position_time_s"][0] = heard_s

    def resume_position(self, *, heard_s: float) -> int:
        """Tell which sample would be heard at a monotonic time, had the music never stopped; 0 if it never began."""
        recorded_s = float(self.memory.state["position_time_s"][0])
        if recorded_s == 0:
            return 0
        return int(self.memory.state["position"][0]) + round((heard_s - recorded_s) * self.sample_rate)


def read_clock(memory: Memory) -> ClockReading:
    """Read the clock from another process.

    Parameters
    ----------
    memory : Memory
        Where `Clock` writes.

    Returns
    -------
    ClockReading
        Of the newest block.
    """
    state = memory.state
    for _ in range(READ_TRIES):
        turn = int(state["clock_turn"][0])
        anchor, tick, tempo_bpm = int(state["clock_position"][0]), float(state["clock_tick"][0]), state["clock_bpm"][0]
        if turn >= 0 and turn == int(state["clock_turn"][0]):
            break
    sample_rate = float(state["sample_rate"][0])
    if sample_rate == 0:
        return ClockReading(position=0, tick=0.0, ticks_a_second=0.0)
    speed = float(tempo_bpm) * TICKS_A_BEAT / 60
    position = int(state["position"][0])
    return ClockReading(position=position, tick=tick + (position - anchor) / sample_rate * speed, ticks_a_second=speed)
