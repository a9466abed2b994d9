"""The headphones on a device of their own: the cue bus, read at the pace of that device."""

import time
from collections.abc import Callable

import numpy as np

from performer.desk.reader import N_TAPS, sinc_table
from performer.desk.tape_reader import BLOCK, new_room, read_ring, samples_ahead
from performer.memory import Memory
from performer.output.follower import Follower

LISTENING_S, PATIENCE_S = 0.5, 3.0
"""So long both devices are watched before the headphones sound: of calm, and at most. (A device that has just begun
does not know its latency yet.)"""
STALE_S = 0.3
"""A master that has not played for so long does not play."""
MARGIN_S, MOST_MARGIN_S = 0.01, 0.1
"""Sound that lies ready beyond what the watched blocks needed; it doubles with each gap, up to the latter."""
ASTRAY_S = 0.003
"""An error above this comes from a device whose latency has changed: the place is found anew."""
READ_TRIES = 10


class Headphones:
    """Fill the blocks of a second device with the cue bus.

    Parameters
    ----------
    memory : Memory
        Holds the cue bus and the times at which the master's samples are heard.
    sample_rate : int
        Of the second device, in hertz.
    now_s : callable
        Monotonic time in seconds.

    Notes
    -----
    `render` runs on the sound device's thread: it takes no lock and allocates no array. It follows the time at which
    samples are heard on both devices, as these tell it. Headphones hear a sample with the master if it is there early
    enough, else as much later as needed: `cue_lag_s`.
    """

    def __init__(self, memory: Memory, *, sample_rate: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self.memory = memory
        self.sample_rate = sample_rate
        self.now_s = now_s
        self.follower = Follower()
        self.margin_s = MARGIN_S
        self.tape_rate = 0.0
        self.place = 0.0
        self.lag = 0.0  # samples of the tape
        self.waited_s = 0.0
        self.is_playing = False
        self.is_astray = False  # playing on at the wrong place, while the right one is looked for
        self.move = 0.0  # to the right place, once it is known
        self.room, self.table = new_room(), sinc_table()
        self.taps, self.pair = np.zeros(N_TAPS), np.zeros(2)
        self.fall_silent()

    def listen(self) -> None:
        """Begin to find out anew where to read."""
        self.listened_s = 0.0
        self.first_error = 0.0
        self.errors = 0.0  # summed over the watched blocks
        self.n_watched = 0
        self.least_ahead = np.inf
        self.asked_s = np.inf
        self.longest_s = 0.0  # between two calls: so much less may lie ready at another time

    def fall_silent(self, *, came_late: bool = False) -> None:
        """Be silent until the place is found anew; further behind, if what was needed came too late."""
        if self.is_playing:
            self.memory.count("headphones_gaps")
        if self.is_playing and came_late:
            self.margin_s = min(2 * self.margin_s, MOST_MARGIN_S)
        self.is_playing = self.is_astray = False
        self.move = self.gain = self.waited_s = 0.0
        self.listen()

    def warm_up(self) -> None:
        """Compile the kernel before the first block is due."""
        nothing = np.zeros((1, 2), np.float32)
        read_ring(self.memory.cue_tape, 0.0, 1.0, nothing, (0.0, 0.0), self.room, self.table, self.taps, self.pair)

    def render(self, out: np.ndarray, latency_s: float = 0.0) -> None:
        """Fill the next block.

        Parameters
        ----------
        out : np.ndarray [shape=(n, 2)]
            float32, overwritten.
        latency_s : float
            Time from now until its first sample leaves the device.
        """
        now_s = self.now_s()
        for start in range(0, len(out), BLOCK):
            heard_s = now_s + latency_s + start / self.sample_rate
            self.render_part(out[start : start + BLOCK], now_s, heard_s)

    def render_part(self, out: np.ndarray, now_s: float, heard_s: float) -> None:
        """Fill up to `BLOCK` samples."""
        master, rate = self.heard_at(heard_s), float(self.memory.state["sample_rate"][0])
        ahead = float(self.memory.state["taped"][0]) - self.place
        out[:] = 0
        if rate != self.tape_rate or now_s - self.memory.state["position_time_s"][0] > STALE_S:
            self.fall_silent()
            self.tape_rate = rate
            return
        speed = self.follower.speed * rate / self.sample_rate
        needed = samples_ahead(speed, len(out))
        if self.is_playing and ahead < needed:
            self.fall_silent(came_late=True)
        elif self.is_playing:
            self.play(out, speed)
        error = master - self.place
        if self.is_playing and not self.is_astray:
            self.correct((error - self.lag) / rate, len(out) / self.sample_rate)
        else:
            self.watch(error, ahead - needed, len(out) / self.sample_rate, now_s=now_s)
        self.place += speed * len(out)

    def heard_at(self, time_s: float) -> float:
        """Tell which sample of the master is heard at a time."""
        state = self.memory.state
        position, position_s = int(state["position"][0]), float(state["position_time_s"][0])
        for _ in range(READ_TRIES):  # the two are written one after the other
            before = position, position_s
            position, position_s = int(state["position"][0]), float(state["position_time_s"][0])
            if before == (position, position_s):
                break
        return position + (time_s - position_s) * float(state["sample_rate"][0])

    def play(self, out: np.ndarray, speed: float) -> None:
        """Read the tape; fade out where the place is to be moved, and move it."""
        gain, self.gain = self.gain, 0.0 if self.move else 1.0
        read_ring(
            self.memory.cue_tape, self.place, speed, out, (gain, self.gain), self.room, self.table, self.taps, self.pair
        )
        if self.move:
            self.place += self.move
            self.move = 0.0
            self.is_astray = False

    def correct(self, error_s: float, step_s: float) -> None:
        """Correct the speed; where that would take too long, find the place anew."""
        self.memory.state["cue_ppm"][0] = (self.follower.follow(error_s, step_s=step_s) - 1) * 1e6
        if abs(self.follower.error_s) > ASTRAY_S:
            self.follower.settle()
            self.is_astray = True
            self.listen()

    def watch(self, error: float, spare: float, step_s: float, *, now_s: float) -> None:
        """Note how far the place is from that of the master, and what lies ready; move it when enough is known.

        Parameters
        ----------
        error, spare : float
            Samples of the tape: from the place to the master's, and beyond what this block needs.
        step_s, now_s : float
            Length of the block, and when it was asked for.
        """
        self.waited_s += step_s
        if self.n_watched == 0 or (
            abs(error - self.first_error) > ASTRAY_S * self.tape_rate and self.waited_s < PATIENCE_S
        ):
            self.listen()
            self.first_error = error
        self.errors += error
        self.n_watched += 1
        self.longest_s = max(self.longest_s, now_s - self.asked_s)
        self.asked_s = now_s
        self.least_ahead = min(self.least_ahead, spare)
        self.listened_s += step_s
        if self.listened_s < LISTENING_S:
            return
        mean = self.errors / self.n_watched
        margin = (self.margin_s + self.longest_s) * self.tape_rate
        self.lag = max(0.0, margin - (self.least_ahead - mean))
        self.memory.state["cue_lag_s"][0] = self.lag / self.tape_rate
        self.waited_s = 0.0
        self.listen()
        if self.is_playing:
            self.move = mean - self.lag
        else:
            self.place += mean - self.lag
            self.is_playing = True
