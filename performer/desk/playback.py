"""Control values and clips -> blocks of sound: what the audio process does, live and offline alike."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from performer.clock import Clock
from performer.controls import SLOTS
from performer.desk.compiled import compiled
from performer.desk.limiter import delay_samples
from performer.desk.mixer import N_CHANNELS, STEREO, Loops, mix_block, new_desk
from performer.desk.voice import DIGIT
from performer.memory import KIND_CLIP, KIND_CONTROL, KIND_START, N_CELLS, Memory

FILLING_S = 0.1
"""Time that a device gets to fill its buffer."""
ASKING_S = 0.2
"""So long it is then asked when its blocks are heard: after a standstill of the machine an answer may be 20 ms off."""
NUDGE = 0.04
"""How much faster the clock runs at a nudge of 1."""
TEMPO, NUDGED = SLOTS["/tempo"].start, SLOTS["/nudge"].start


@compiled
def note_changes(
    values: np.ndarray, before: np.ndarray, kind: int, position: int, journal: np.ndarray, head: int
) -> int:
    """Write each value that changed into a journal.

    Parameters
    ----------
    values, before : np.ndarray [shape=(n,)]
        As they are, and as they were written down last; the latter is brought up to date.
    kind : int
        `KIND_CONTROL`, `KIND_CLIP` or `KIND_START`.
    position : int
        Sample from which on they hold.
    journal : np.ndarray
        `memory.ENTRY`, a ring.
    head : int
        Entries written so far.

    Returns
    -------
    int
        Entries written by now.
    """
    for index in range(values.shape[0]):
        if values[index] != before[index]:
            before[index] = values[index]
            entry = journal[head % journal.shape[0]]
            entry.position, entry.kind, entry.index, entry.value = position, kind, index, values[index]
            head += 1
    return head


class Playback:
    """Play the clips of all decks.

    Parameters
    ----------
    memory : Memory
        Clips, controls and state.
    sample_rate : int
        Of the device, in hertz.
    channels : int
        What its channels are: see `mixer.STEREO`.
    now_s : callable
        Monotonic time in seconds.

    Notes
    -----
    `render` runs on the sound device's thread: it takes no lock and allocates no array.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        sample_rate: int = 48_000,
        channels: int = STEREO,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.memory = memory
        self.now_s = now_s
        self.sample_rate = sample_rate
        self.channels = channels
        self.position: int | None = None  # known with the first block: opening a device may take a while
        self.opened_s = float("inf")
        self.n_silent = 0
        self.begun_s: list[float] = []
        self.clock = Clock(memory, sample_rate=sample_rate)
        self.desk = new_desk(sample_rate)
        self.delay_s = delay_samples(sample_rate) / sample_rate
        state = memory.state
        state["playing"][0] %= DIGIT  # what faded out when a process died does so no more
        state["cued"][0] = 0
        ring, taped = memory.cue_tape, int(state["taped"][0])
        ring[np.arange(taped, taped + len(ring) * 3 // 4) % len(ring)] = 0  # what nobody plays meanwhile is silent
        self.loops = Loops(memory.clips, memory.headers, state["seen"][0], state["playing"][0], state["cued"][0])
        self.asked, self.published = state["controls"][0], state["published"][0]
        self.controls = self.asked.copy()  # they stay as they are for the length of a block
        self.readings = state["readings"][0]
        self.noted_controls = np.full_like(self.controls, np.nan)
        self.noted_clips = np.full(self.published.size, -1)
        self.start = np.array([sample_rate, state["taped"][0]], np.float64)
        self.noted_start = np.full_like(self.start, np.nan)

    def render(self, out: np.ndarray, latency_s: float = 0.0) -> None:
        """Fill the next block and move the clock on.

        Parameters
        ----------
        out : np.ndarray [shape=(block_size, n_channels)]
            float32, overwritten.
        latency_s : float
            Time from now until the block's first sample leaves the device.
        """
        started_s = self.now_s()
        heard_s = started_s + latency_s + self.delay_s
        position = self.position
        if position is None:
            position = self.find_position(len(out), now_s=started_s, heard_s=heard_s)
        if position is None:
            out[:] = 0
            return
        np.copyto(self.controls, self.asked)
        self.clock.retime(position, float(self.controls[TEMPO] * (1 + NUDGE * self.controls[NUDGED])))
        np.copyto(self.loops.seen, self.published)
        self.note(position)
        limited = mix_block(
            out,
            position,
            self.controls,
            self.clock.line,
            self.loops,
            self.desk,
            self.channels,
            self.readings,
            self.memory.tape,
            self.memory.cue_tape,
        )
        self.tell_sounding()
        self.clock.record_position(position, heard_s=heard_s)
        self.position = position + len(out)
        self.memory.state["taped"][0] = self.position
        took_s = self.now_s() - started_s
        state = self.memory.state
        state["block_s"][0] = max(float(state["block_s"][0]), took_s)
        if limited:
            self.memory.count("limited_blocks")
        if took_s > len(out) / self.sample_rate:
            self.memory.count("late_blocks")

    def find_position(self, n: int, *, now_s: float, heard_s: float) -> int | None:
        """Take up the clock where the music would be by now.

        Parameters
        ----------
        n : int
            Samples of this block.
        now_s, heard_s : float
            Monotonic time, and when this block's first sample is heard as the device says now.

        Returns
        -------
        int or None
            Samples since the start. None while a device that was opened in the middle of the music fills its buffer,
            and then says some times when it will be heard: the median counts.
        """
        if self.memory.state["position_time_s"][0] > 0:
            self.opened_s = min(self.opened_s, now_s)
            silent_s, since_s = self.n_silent / self.sample_rate, now_s - self.opened_s
            if since_s < FILLING_S + ASKING_S:
                if since_s >= FILLING_S:
                    self.begun_s.append(heard_s - silent_s)
                self.n_silent += n
                return None
            if self.begun_s:
                heard_s = statistics.median(self.begun_s) + silent_s
        return self.clock.resume_position(heard_s=heard_s)

    def note(self, position: int) -> None:
        """Write into the journal what changed with this block."""
        noted, journal = self.memory.state["noted"], self.memory.journal
        head = note_changes(self.start, self.noted_start, KIND_START, position, journal, int(noted[0]))
        head = note_changes(self.controls, self.noted_controls, KIND_CONTROL, position, journal, head)
        noted[0] = note_changes(self.loops.seen.reshape(-1), self.noted_clips, KIND_CLIP, position, journal, head)

    def tell_sounding(self) -> None:
        """Let the other processes know which cell and revision is under each deck's playhead."""
        state = self.memory.state
        for deck, voice in enumerate(self.desk.voices):
            cell, slot = int(voice["cell"][0]), int(voice["slot"][0])
            entered = voice["prepared"][0] and not voice["next_joins"][0]  # the fade into the next cell has begun
            tick = int(voice["next_tick" if entered else "tick"][0])
            state["under"][0, deck] = tick * N_CELLS + cell if slot >= 0 else -1
            if slot >= 0:
                state["sounding"][0, deck] = self.memory.headers[deck, cell, slot]["revision"]


def warm_up(*, sample_rate: int, channels: int) -> None:
    """Compile the kernel before the first block is due."""
    away = Playback(Memory.private(), sample_rate=sample_rate, channels=channels)
    away.position = 0
    away.render(np.zeros((1, N_CHANNELS[channels]), np.float32))
