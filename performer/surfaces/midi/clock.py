"""MIDI clock out: 24 pulses a beat, start, stop and song position, on a thread of its own.

References
----------
MIDI 1.0 detailed specification, "System Real Time Messages" and "Song Position Pointer".
"""

import collections
import contextlib
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import mido

from performer.clock import TICKS_A_BEAT, TICKS_A_LOOP, read_clock
from performer.controls import SLOTS
from performer.memory import Memory
from performer.surfaces.follow import HeardClock
from performer.surfaces.midi.driver import OutputPort

PULSES_A_BEAT = 24
PULSES_A_SIXTEENTH = 6
PULSES_A_LOOP = PULSES_A_BEAT * TICKS_A_LOOP // TICKS_A_BEAT
MAX_SONG_POSITION = 1 << 14
MISSED = 2.0
"""Pulses that the music may be from where it was expected; further, it has been set."""
MADE_UP = float(PULSES_A_SIXTEENTH)
"""Pulses that are made up for at once where the machine stood still: within a sixteenth no step is played twice."""
LONGEST_SLEEP_S = 0.1
KEPT = 1024
"""Pulses whose punctuality is known."""
OFFSET = SLOTS["/midi/offset"].start

Outputs = Callable[[], Mapping[str, OutputPort]]


class ClockOut:
    """Sends each pulse when its place in the music is heard.

    An output gets pulses at once, and Start with the next loop. Pulses that a short standstill has held up come as soon
    as they can. Where it was a long one, or the music was set elsewhere (another device plays it), an output gets Stop,
    the song position and Continue on the next sixteenth.

    Parameters
    ----------
    memory : Memory
        Of the instrument.
    outputs : callable
        Gives the open outputs by name.
    now_s : callable
        Monotonic time in seconds.

    Attributes
    ----------
    late_s : deque of float
        How late the newest pulses were sent.
    """

    def __init__(self, memory: Memory, outputs: Outputs, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self.memory = memory
        self.outputs = outputs
        self.now_s = now_s
        self.heard = HeardClock(memory)
        self.pulse: int | None = None
        self.stepped_s = -math.inf
        self.started: dict[str, int] = {}
        """Pulse with which each output was started."""
        self.has_moved = False
        self.late_s: collections.deque[float] = collections.deque(maxlen=KEPT)

    def step(self) -> float:
        """Send what is due.

        Returns
        -------
        float
            Seconds until the next pulse.
        """
        heard, speed = self.heard.read(), read_clock(self.memory).ticks_a_second * PULSES_A_BEAT / TICKS_A_BEAT
        if heard is None or speed <= 0:
            return LONGEST_SLEEP_S
        beat, heard_s = heard
        began_s = heard_s - float(self.memory.state["controls"][0, OFFSET]) / 1000 - beat * PULSES_A_BEAT / speed
        now_s = self.now_s()
        place, held_up = (now_s - began_s) * speed, (now_s - self.stepped_s) * speed
        self.stepped_s = now_s
        if self.pulse is None or not -MISSED <= place - self.pulse <= MISSED + min(held_up, MADE_UP):
            self.has_moved = self.pulse is not None
            self.pulse = math.ceil(place)
        while self.pulse <= place:
            self.late_s.append((place - self.pulse) / speed)
            self.send_pulse(self.pulse)
            self.pulse += 1
        return max(began_s + self.pulse / speed - self.now_s(), 0.0)

    def send_pulse(self, pulse: int) -> None:
        """Send a pulse to every output, and before it what it begins."""
        on_sixteenth, on_loop = pulse % PULSES_A_SIXTEENTH == 0, pulse % PULSES_A_LOOP == 0
        outputs = self.outputs()
        self.started = {name: first for name, first in self.started.items() if name in outputs}
        for name, output in outputs.items():
            if name not in self.started and on_loop:
                self.started[name] = pulse
                tell(output, mido.Message("start"))
            elif name in self.started and self.has_moved and on_sixteenth:
                self.relocate(name, output, pulse)
            tell(output, mido.Message("clock"))
        self.has_moved = self.has_moved and not on_sixteenth

    def relocate(self, name: str, output: OutputPort, pulse: int) -> None:
        """Let an output go on from where the music is."""
        passed = (pulse - self.started[name]) // PULSES_A_SIXTEENTH
        tell(output, mido.Message("stop"))
        tell(output, mido.Message("songpos", pos=passed % MAX_SONG_POSITION))
        tell(output, mido.Message("continue"))

    def stop(self) -> None:
        """Stop the outputs that were started."""
        for name, output in self.outputs().items():
            if name in self.started:
                tell(output, mido.Message("stop"))
        self.started.clear()
        self.pulse = None


def tell(output: OutputPort, message: Any) -> None:
    """Send a message; an output that was just unplugged is nobody's trouble."""
    with contextlib.suppress(OSError):
        output.send(message)


class ClockThread:
    """Runs a `ClockOut` between `start` and `stop`.

    Parameters
    ----------
    clock : ClockOut
        What sends.
    """

    def __init__(self, clock: ClockOut) -> None:
        self.clock = clock
        self.leaving = threading.Event()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send."""
        self.leaving.clear()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Send until it is time to leave."""
        while not self.leaving.wait(min(self.clock.step(), LONGEST_SLEEP_S)):
            pass
        self.clock.stop()

    def stop(self) -> None:
        """Send no more."""
        if self.thread is not None:
            self.leaving.set()
            self.thread.join()
            self.thread = None
