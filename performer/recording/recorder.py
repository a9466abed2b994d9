"""The recorder: tape and journal -> sound files, each with its control log, while the control `/record` is 1."""

import functools
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from performer.console import say
from performer.memory import Memory
from performer.output.outputs import N_CHANNELS
from performer.recording.control_log import SUFFIX
from performer.recording.journal import Change, Journal
from performer.recording.ledger import Ledger
from performer.recording.recording import Recording
from performer.recording.take import Take
from performer.recording.tape import read_tape

CHUNK = 48_000
"""Samples that are written at once."""
RECORD = "/record"


class Recorder:
    """Follow tape and journal.

    What it has done so far is noted in shared memory, where a successor takes it up: what was played while there was
    no recorder is still on the tape.

    Parameters
    ----------
    memory : Memory
        Of the instrument.
    ledger : Ledger
        Where the changes are noted, whether there is a recording or not.
    make_header : callable
        Says what draws, for the logs: see `control_log.make_header`.
    choose_path : callable
        Says where a recording goes.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        ledger: Ledger,
        make_header: Callable[[], Mapping[str, Any]],
        choose_path: Callable[[], pathlib.Path],
    ) -> None:
        self.memory = memory
        self.ledger = ledger
        self.make_header = functools.cache(make_header)
        self.choose_path = choose_path
        state = memory.state
        self.journal = Journal(memory, int(state["logged"][0]))
        self.sample_rate = int(state["sample_rate"][0])
        self.position = int(state["recorded"][0]) or int(state["taped"][0])
        self.recording: Recording | None = None
        self.begun = bool(state["recorded"][0])
        if state["recording"][0]:
            self.recording = self.new_recording()

    def step(self) -> None:
        """Take up what is new."""
        state = self.memory.state
        taped = int(state["taped"][0])  # first: the journal then holds all that was obeyed up to there
        changes, lost = self.journal.read()
        if lost:
            self.ledger.append({"lost": lost})
        self.ledger.append(*(change.entry() for change in changes))
        state["logged"][0] = self.journal.number
        sample_rate = self.sample_rate
        for change in changes:
            self.obey(change)
        if self.sample_rate == sample_rate:  # else it may count samples of the device before
            self.take(taped)

    def obey(self, change: Change) -> None:
        """Go on to a change, and follow it if it is for the recorder."""
        if change.started is not None:
            sample_rate, taped = change.started
            self.take(taped)
            self.go_on(change.position, sample_rate)
        self.take(change.position)
        if RECORD in change.controls:
            self.switch(bool(change.controls[RECORD][0]))

    def switch(self, on: bool) -> None:
        """Begin or end a recording; nothing happens if there is one already, or none."""
        state = self.memory.state
        if on == (self.recording is not None):
            return
        self.close()
        self.recording = self.new_recording() if on else None
        self.begun = False
        state["recorded"][0] = 0
        state["recording"][0] = int(on)

    def new_recording(self) -> Recording:
        """Make a recording that has no file yet."""
        return Recording(self.choose_path(), begin=self.begin, lost=self.lose, beside=(SUFFIX,))

    def begin(self, path: pathlib.Path) -> Take:
        """Begin a file here."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return Take(
            path,
            ledger=self.ledger.path,
            header=self.make_header(),
            start=self.position,
            sample_rate=self.sample_rate,
        )

    def count_lost(self, n_samples: int) -> None:
        """Count sound that a recording lacks."""
        self.memory.count("unrecorded_samples", n_samples)

    def lose(self, n_samples: int) -> None:
        """Count sound that found no room on the disk."""
        self.count_lost(n_samples)
        self.memory.state["recorded_from"][0] += n_samples

    def take(self, until: int) -> None:
        """Record the tape up to a position."""
        while self.position < until and self.recording is not None:
            stop = min(self.position + CHUNK, until)
            block = read_tape(self.memory, self.position, stop)
            if block is None:
                self.count_lost(stop - self.position)
                block = np.zeros((stop - self.position, N_CHANNELS), np.float32)
            self.put(block)
        self.position = max(self.position, until)

    def go_on(self, position: int, sample_rate: int) -> None:
        """Go on where a new audio process begins; in between there was silence."""
        if sample_rate != self.sample_rate:
            if self.recording is not None and self.begun:
                self.recording.close()  # the next block begins a file at the new rate
                state = self.memory.state
                held = (self.position - state["recorded_from"][0]) * sample_rate / self.sample_rate
                state["recorded"][0], state["recorded_from"][0] = position, position - round(held)
            self.sample_rate, self.position = sample_rate, position
        if self.recording is None or not self.begun:
            self.position = position
        while self.position < position:
            self.put(np.zeros((min(CHUNK, position - self.position), N_CHANNELS), np.float32))

    def put(self, block: np.ndarray) -> None:
        """Append a block to the recording, which begins with the first sound."""
        if self.recording is None:
            return
        if not self.begun:
            heard = np.flatnonzero(block.any(axis=1))
            silent = int(heard[0]) if heard.size else len(block)
            self.position, block = self.position + silent, block[silent:]
            if len(block) == 0:
                return
            self.memory.state["recorded_from"][0] = self.position
        self.begun = True
        self.recording.write(block)
        self.position += len(block)
        take = self.recording.file
        held = take.start + take.n_samples if isinstance(take, Take) else self.position
        self.memory.state["recorded"][0] = held

    def close(self) -> None:
        """End the recording, if there is one, and say what there is of it."""
        if self.recording is None:
            return
        self.recording.close()
        state = self.memory.state
        if not self.begun:
            say("nothing was recorded: there was no sound")
        elif self.recording.kept is None and state["recorded"][0] <= state["recorded_from"][0]:
            say(f"nothing was recorded: {self.recording.current} could not be written")
        else:
            say(f"recorded: {self.recording.kept or self.recording.path}")
