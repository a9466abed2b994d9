"""Another clock -> /tempo and /nudge: how the instrument follows Ableton Link or a MIDI clock.

A surface keeps one `Follower` and calls `step` about twenty times a second, on the control process's loop::

    follower = Follower(memory)
    follower.step(tempo_bpm, beat_at)              # beat_at(monotonic seconds) -> beat of the other clock
    follower.step(tempo_bpm, beat_at, cycle=4.0)   # bars in phase too, not only beats
    follower.rest()                                # the other clock is gone: play on at the tempo that there is

The tempo goes into the control /tempo, and the phase is brought to the other's by /nudge, 4 % at most, so that nothing
jumps. What is compared is what is heard: the beat under the sample that leaves the device, at the time when it does.
"""

import collections
import math
import statistics
import time
from collections.abc import Callable

from performer.clock import TICKS_A_BEAT, read_clock
from performer.controls import SLOTS, TEMPO_RANGE_BPM
from performer.desk.playback import NUDGE
from performer.memory import Memory
from performer.session.values import set_values

STEP_S = 0.05
"""A good time from one `step` to the next."""
SETTLE_S = 1.0
"""Time constant with which a small error goes away."""
NEAR_S = 0.01
"""What is left of a tempo that does not quite fit is learnt from errors smaller than this."""
MAX_LEARNT = 0.005
"""How far the learnt tempo may be from that of the other clock."""
NUDGE_STEPS = 200
"""Nudges are multiples of one two-hundredth: 0.02 % of the tempo."""
READINGS = 20
"""Readings of the audio clock whose median counts."""
MOVED_S = 0.05
"""A reading that is further off than this is of another device, or of a clock that was set."""
TEMPO_STEP_BPM = 0.001
"""Smaller changes of the other clock's tempo are left to the nudge."""
TEMPO, NUDGED = SLOTS["/tempo"].start, SLOTS["/nudge"].start


def fold_tempo(tempo_bpm: float) -> float:
    """Tell how many of the instrument's beats fit into one of a clock whose tempo it cannot play.

    Parameters
    ----------
    tempo_bpm : float > 0
        Of the other clock.

    Returns
    -------
    float
        A power of two; 1 for a tempo from 60 to 200 BPM.
    """
    low, high = TEMPO_RANGE_BPM
    if tempo_bpm > high:
        return 2.0 ** -math.ceil(math.log2(tempo_bpm / high))
    return 2.0 ** max(math.ceil(math.log2(low / tempo_bpm)), 0)


class HeardClock:
    """The instrument's clock as it is heard, from the notes that the audio process leaves with each block.

    Parameters
    ----------
    memory : Memory
        Where it leaves them.

    Notes
    -----
    A single note is as late as the thread that wrote it was woken; the median of a second of them is not.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.offsets_s: collections.deque[float] = collections.deque(maxlen=READINGS)
        self.sample_rate = 0.0

    def read(self) -> tuple[float, float] | None:
        """Tell a beat, and the monotonic time in seconds at which it is heard; None before the music began."""
        state = self.memory.state
        sample_rate = float(state["sample_rate"][0])
        position, noted_s = int(state["position"][0]), float(state["position_time_s"][0])
        reading = read_clock(self.memory)
        if noted_s == 0 or reading.ticks_a_second == 0:
            return None
        offset_s = noted_s - position / sample_rate
        moved = self.offsets_s and abs(offset_s - statistics.median(self.offsets_s)) > MOVED_S
        if sample_rate != self.sample_rate or moved:
            self.sample_rate = sample_rate
            self.offsets_s.clear()
        self.offsets_s.append(offset_s)
        heard_s = reading.position / sample_rate + statistics.median(self.offsets_s)
        return reading.tick / TICKS_A_BEAT, heard_s


class Follower:
    """Keep the instrument's clock with another one.

    Parameters
    ----------
    memory : Memory
        Of the instrument; the control process alone may write its controls.
    now_s : callable
        Monotonic time in seconds.

    Attributes
    ----------
    error_s : float or None
        How far the instrument was behind the other clock at the last step, in seconds; None while that is not known.
    tempo_bpm : float
        What the follower knows /tempo to be; another value in the table is a hand's.

    Notes
    -----
    A hand on /nudge is stronger: while it is held nothing is corrected, and where it lets go is in phase from then on.
    That is how a device whose latency is not what it says is set right.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.memory = memory
        self.now_s = now_s
        self.heard = HeardClock(memory)
        self.controls = memory.state["controls"][0]
        self.tempo_bpm = float(self.controls[TEMPO])
        self.nudged = float(self.controls[NUDGED])
        self.learnt = 0.0
        self.trim_beats = 0.0
        self.is_held = False
        self.stepped_s: float | None = None
        self.error_s: float | None = None

    def step(self, tempo_bpm: float, beat_at: Callable[[float], float], *, cycle: float = 1.0) -> None:
        """Take over the tempo, and go a step towards the phase.

        Parameters
        ----------
        tempo_bpm : float > 0
            Of the other clock; one that the instrument cannot play is followed at half, double, ... of it.
        beat_at : callable
            Its beat at a monotonic time in seconds, which may be a tenth of a second ahead.
        cycle : float
            Beats after which one place is as good as another: 1 brings beats into phase, 4 bars.
        """
        factor = fold_tempo(tempo_bpm)
        self.take_tempo(tempo_bpm * factor)
        heard, now_s = self.heard.read(), self.now_s()
        elapsed_s = 0.0 if self.stepped_s is None else now_s - self.stepped_s
        self.stepped_s = now_s
        if heard is None:
            return
        beat, heard_s = heard
        behind = (beat_at(heard_s) * factor - beat - self.trim_beats + cycle / 2) % cycle - cycle / 2
        if self.yield_to_hand(behind):
            return
        self.error_s = behind * 60 / self.tempo_bpm
        self.nudge(self.steer(self.error_s, elapsed_s))

    def take_tempo(self, tempo_bpm: float) -> None:
        """Set /tempo, if it is another one, whoever set it last."""
        self.tempo_bpm = float(self.controls[TEMPO])
        if abs(tempo_bpm - self.tempo_bpm) >= TEMPO_STEP_BPM:
            self.tempo_bpm = round(tempo_bpm, 3)
            set_values(self.memory, [TEMPO], [self.tempo_bpm])
            self.learnt = 0.0

    def yield_to_hand(self, behind: float) -> bool:
        """Tell whether this step is a hand's, that is on /nudge or just let go; where it lets go counts as in phase."""
        asked = float(self.controls[NUDGED])
        if not self.is_held:
            self.is_held = asked != self.nudged
        elif asked == 0:
            self.is_held, self.nudged = False, 0.0
            self.trim_beats += behind
            self.learnt = 0.0
            return True
        return self.is_held

    def steer(self, error_s: float, elapsed_s: float) -> float:
        """Choose how much faster to run, as a share of the tempo."""
        if abs(error_s) < NEAR_S:
            learnt = self.learnt + error_s * elapsed_s / (4 * SETTLE_S**2)
            self.learnt = min(max(learnt, -MAX_LEARNT), MAX_LEARNT)
        return error_s / SETTLE_S + self.learnt

    def nudge(self, share: float) -> None:
        """Run faster or slower by a share of the tempo, as far as a nudge goes."""
        wanted = round(min(max(share / NUDGE, -1.0), 1.0) * NUDGE_STEPS) / NUDGE_STEPS
        if wanted != self.nudged:
            self.nudged = wanted
            set_values(self.memory, [NUDGED], [wanted])

    def rest(self) -> None:
        """Let go: the tempo stays, and a nudge that is not a hand's ends."""
        if float(self.controls[NUDGED]) == self.nudged:
            self.nudge(0.0)
        self.is_held, self.nudged = False, 0.0
        self.learnt, self.error_s, self.stepped_s = 0.0, None, None
