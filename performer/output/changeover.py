"""Another device while the music plays.

A command leaves a wish in the instrument's folder. The supervisor starts a second process of the kind that is to
change; it finds and opens the device, silently, and only then takes the first one's place. Whatever goes wrong before
that goes wrong beside the music.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import time
from collections.abc import Callable

from performer.console import say
from performer.errors import PerformerError
from performer.memory import Memory, read_options, replace_text, write_options

OPTIONS = {"audio": "device", "headphones": "cue_device"}
"""Which option names the device of a process."""
POLL_S = 0.005
LATE_S = 30.0
"""A process that is not ready by then is given up."""
WISH, REFUSAL, ANSWER = "wish.json", "refusal.json", "answer.json"
"""Written by the command, by the process that was started, and by the supervisor."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is asked for."""

    process: str
    """`audio` or `headphones`."""
    device: str
    """As after `--device` and `--cue-device`."""


def ask(folder: pathlib.Path, wish: Wish, *, patience_s: float = LATE_S + 5) -> None:
    """Ask a running instrument for another device, and wait until it plays there.

    Parameters
    ----------
    folder : pathlib.Path
        Of the instrument.
    wish : Wish
        What is wanted.
    patience_s : float
        How long to wait.

    Raises
    ------
    PerformerError
        If it goes on playing as before.
    """
    answer = folder / ANSWER
    answer.unlink(missing_ok=True)
    replace_text(folder / WISH, json.dumps(dataclasses.asdict(wish)))
    deadline_s = time.monotonic() + patience_s
    while not answer.exists():
        if time.monotonic() > deadline_s:
            raise PerformerError(
                f"the instrument has not answered for {patience_s:g} s; its supervisor is needed to change a device; "
                "stop it ('loopmorph stop') and start it anew"
            )
        time.sleep(POLL_S)
    error = json.loads(answer.read_text())
    if error is not None:
        raise PerformerError(error)


def refuse(folder: pathlib.Path, reason: str) -> None:
    """Leave behind, in the process that was started, why it cannot be."""
    replace_text(folder / REFUSAL, json.dumps(reason))


def wait_for_turn(memory: Memory) -> None:
    """Say that this process is ready, and wait until its predecessor is gone."""
    parent = os.getppid()
    memory.state["heir"][0] = os.getpid()
    while memory.state["heir"][0]:
        if memory.stopping or os.getppid() != parent:
            os._exit(1)
        time.sleep(POLL_S)


class Changeover:
    """The supervisor's part: one change at a time.

    Parameters
    ----------
    folder, memory : pathlib.Path, Memory
        Of the instrument.
    start : callable
        Starts a process of a kind on a device.
    replace : callable
        Ends the process of a kind that there is, if any, and puts another in its place.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        memory: Memory,
        *,
        start: Callable[[str, str], subprocess.Popen[bytes]],
        replace: Callable[[str, subprocess.Popen[bytes]], None],
    ) -> None:
        self.folder, self.memory = folder, memory
        self.start, self.replace = start, replace
        self.wish: Wish | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.begun_s = 0.0

    def step(self) -> None:
        """Do what is due."""
        if self.process is None or self.wish is None:
            self.begin()
        elif int(self.memory.state["heir"][0]) == self.process.pid:
            self.hand_over(self.wish, self.process)
        elif self.process.poll() is not None or time.monotonic() - self.begun_s > LATE_S:
            self.close()

    def hand_over(self, wish: Wish, process: subprocess.Popen[bytes]) -> None:
        """Let the new process take the place of the old one; where that cannot be noted, give it up."""
        try:
            write_options(self.folder, read_options(self.folder) | {OPTIONS[wish.process]: wish.device})
        except OSError as error:
            self.end(process)
            reason = (
                f"the change to {wish.device!r} cannot be noted ({error.strerror}); the old one plays on; room in "
                f"{self.folder} is needed; make some and ask again"
            )
            say(reason)  # there may be no room for the answer either
            self.answer(reason)
            return
        self.replace(wish.process, process)
        self.memory.state["heir"][0] = 0
        self.process = None
        self.answer(None)

    def begin(self) -> None:
        """Start what was asked for."""
        path = self.folder / WISH
        try:
            text = path.read_text()
        except FileNotFoundError:
            return
        path.unlink()
        (self.folder / REFUSAL).unlink(missing_ok=True)
        self.wish = Wish(**json.loads(text))
        self.begun_s = time.monotonic()
        try:
            self.process = self.start(self.wish.process, self.wish.device)
        except OSError as error:
            self.answer(
                f"a process for {self.wish.device!r} cannot be started ({error.strerror}); the old one plays on; more "
                "memory, or fewer programs, are needed; ask again then"
            )

    def close(self) -> None:
        """Give up a change that is under way."""
        if self.process is None or self.wish is None:
            return
        code = self.end(self.process)
        try:
            self.answer(json.loads((self.folder / REFUSAL).read_text()))
        except FileNotFoundError:
            self.answer(
                f"the new {self.wish.process} process ended ({code}) before it played on {self.wish.device!r}; the old "
                "one plays on; look at the lines of 'loopmorph perform'"
            )

    def end(self, process: subprocess.Popen[bytes]) -> int:
        """End the new process, and be ready for another; tell its exit status."""
        process.kill()
        code = process.wait()
        self.process = None
        self.memory.state["heir"][0] = 0
        return code

    def answer(self, error: str | None) -> None:
        """Tell whoever asked how it went."""
        replace_text(self.folder / ANSWER, json.dumps(error))
