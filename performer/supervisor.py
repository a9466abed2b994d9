"""The supervisor: starts the processes, starts again whichever dies, and clears up at the end."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from performer.console import TOLD, Warnings, say
from performer.controls import LEVEL_SLOTS
from performer.errors import AlreadyToldError, PerformerError
from performer.lenience import Lenience
from performer.memory import PROCESSES, Memory, make_folder
from performer.output.changeover import Changeover

POLL_S = 0.05
FROZEN_S = {"audio": 1.0, "control": 3.0, "worker": 1.5, "recorder": 60.0, "headphones": 3.0}
"""A process that has not been alive for so long is ended and started again."""
CALM_S = 1.0
"""A process that lived shorter than this is started again only after it."""
LEAVE_S = 3.0
"""How long processes get to leave by themselves."""
READY_S = 120.0
"""How long a process may take to get ready. (The first start ever compiles the mixing kernel.)"""
READY_AGAIN_S = {"audio": 20.0}
"""How long one may take that was ready before, where nothing is heard meanwhile."""
KEPT_BYTES = "1000000000"
ENVIRONMENT = {
    "GOMP_SPINCOUNT": "0",  # threads of a layer that wait for each other must not burn the time of the one that is late
    "OPENBLAS_NUM_THREADS": "1",  # its threads spin for a while after each product: a window took 75 ms instead of 45
    "MALLOC_MMAP_THRESHOLD_": KEPT_BYTES,  # memory once used is kept: fresh pages cost a tenth of the vocoder's time
    "MALLOC_TRIM_THRESHOLD_": KEPT_BYTES,
}
"""What every process starts with, unless the user says otherwise."""


@dataclasses.dataclass
class Child:
    """One process beneath the supervisor."""

    name: str
    """One of `PROCESSES`."""
    process: subprocess.Popen[bytes]
    """The running process."""
    started_s: float
    """Monotonic time of its start."""


class Supervisor:
    """One running instrument.

    Parameters
    ----------
    options : dict
        What the processes need to know: `models`, `device`, `cue_device`, `outputs`, `latency_ms`, `http_port`,
        `osc_port`, `midi`, `record`, and `session`, the file that scenes, history and controls are kept in (without it
        nothing is).

    Raises
    ------
    PerformerError
        If there is no room for the shared memory.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.folder = make_folder(options)
        try:
            self.memory = Memory.create(self.folder)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.memory.state["supervisor_pid"][0] = os.getpid()
        self.children: dict[str, Child] = {}
        self.has_headphones = bool(options.get("cue_device"))
        self.changeover = Changeover(self.folder, self.memory, start=self.spawn, replace=self.replace)
        self.first_position = 0
        self.first_stolen_s = 0.0
        self.lenience = Lenience()
        self.warnings = Warnings()

    def start(self) -> None:
        """Start every process and wait until each deck whose fader is up sounds.

        Raises
        ------
        AlreadyToldError
            If a process cannot start; it has said why.
        PerformerError
            If a process dies before that, or no deck sounds in time.
        """
        for name in PROCESSES:
            if name != "headphones" or self.has_headphones:
                self.launch(name)
        deadline_s = time.monotonic() + READY_S
        while not self.ready():
            if self.all_joined():
                self.watch()
            else:
                self.require_alive()
            if time.monotonic() > deadline_s:
                raise PerformerError(
                    f"no loop after {READY_S:g} s; needed are about 5 s on an idle computer; see the lines above"
                )
            time.sleep(POLL_S)
            if self.memory.stopping:
                return

    def require_alive(self) -> None:
        """Check that no process has ended."""
        for child in self.children.values():
            code = child.process.poll()
            if code == TOLD:
                raise AlreadyToldError(f"the {child.name} process could not start")
            if code is not None:
                raise PerformerError(
                    f"the {child.name} process ended with {code} before it was ready; see the lines above and try again"
                )

    def ready(self) -> bool:
        """Whether every process is ready, and every deck whose fader is up sounds."""
        state = self.memory.state
        waiting = (state["controls"][0, LEVEL_SLOTS] > 0) & (state["sounding"][0] == 0)
        return not waiting.any() and self.all_joined()

    def all_joined(self) -> bool:
        """Whether every process has been alive once."""
        return all(self.memory.heartbeat_s(name) > 0 for name in self.children)

    def launch(self, name: str) -> None:
        """Start one process."""
        self.children[name] = Child(name, self.spawn(name), time.monotonic())

    def spawn(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program of the instrument."""
        command = [sys.executable, "-P", "-m", f"performer.{name}_process", str(self.folder), *arguments]
        return subprocess.Popen(
            command, start_new_session=True, stdin=subprocess.DEVNULL, env={**ENVIRONMENT, **os.environ}
        )

    def replace(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """End a process, if there is one of that name, and let another be it."""
        if name in self.children:
            end(self.children[name].process)
        self.children[name] = Child(name, process, time.monotonic())

    def watch(self) -> None:
        """Start again what died, end and start again what froze; let another device play if one was asked for."""
        try:
            self.changeover.step()
            self.judge(may_end=self.lenience.may_judge())
        except OSError as error:
            self.warnings.warn("watch", f"what a process needs cannot be done ({error}); trying again")

    def judge(self, *, may_end: bool) -> None:
        """Start again what died; end and start again what froze, if silence may be held against it."""
        for child in list(self.children.values()):
            heartbeat_s = self.memory.heartbeat_s(child.name)
            silent_s = time.monotonic() - max(heartbeat_s, child.started_s)
            starting_s = READY_AGAIN_S.get(child.name, READY_S) if heartbeat_s > 0 else READY_S
            patience_s = FROZEN_S[child.name] if heartbeat_s > child.started_s else starting_s
            code = child.process.poll()
            if code is None and may_end and silent_s > patience_s:
                say(f"the {child.name} process has been silent for {silent_s:.1f} s; ending it")
                code = end(child.process)
            if code is not None and time.monotonic() - child.started_s > CALM_S:
                count = self.memory.count(f"{child.name}_restarts")
                goes_on = "the clock runs on" if child.name == "audio" else "the music goes on"
                say(f"the {child.name} process ended ({code}); starting it again, {goes_on} ({count} so far)")
                self.launch(child.name)

    def begin_summary(self) -> None:
        """Count what `summary` tells from now on."""
        self.first_position = int(self.memory.state["position"][0])
        self.first_stolen_s = stolen_s()

    def play(self, *, duration_s: float | None = None) -> None:
        """Keep everything alive until the instrument is stopped.

        Parameters
        ----------
        duration_s : float, optional
            Stop by itself after this time.
        """
        self.begin_summary()
        until_s = time.monotonic() + duration_s if duration_s is not None else float("inf")
        while not self.memory.stopping and time.monotonic() < until_s:
            self.watch()
            time.sleep(POLL_S)

    def close(self) -> None:
        """Let every process leave, end those that do not, and remove the shared memory."""
        self.memory.stop()
        self.changeover.close()
        deadline_s = time.monotonic() + LEAVE_S
        for child in self.children.values():
            try:
                child.process.wait(max(deadline_s - time.monotonic(), 0.01))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def summary(self) -> dict[str, Any]:
        """Tell how it went.

        Returns
        -------
        dict
            `played_s` (since the decks sounded), `stolen_s` (processor time that a host took from this machine
            meanwhile: what no program can play through), `longest_block_ms` and `counters`.
        """
        state = self.memory.state
        played = int(state["position"][0]) - self.first_position
        return {
            "played_s": round(played / max(float(state["sample_rate"][0]), 1.0), 2),
            "stolen_s": round(stolen_s() - self.first_stolen_s, 2),
            "longest_block_ms": round(float(state["block_s"][0]) * 1000, 2),
            "counters": self.memory.counters(),
        }


def end(process: subprocess.Popen[bytes]) -> int | None:
    """Kill a process; None if it is stuck in its driver and cannot go yet."""
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(LEAVE_S)
    return None


def stolen_s() -> float:
    """Processor time that a virtual machine's host took since the start, over all cores; 0 where it is not told."""
    try:
        total = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
        return int(total[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


@contextlib.contextmanager
def stop_on_signals(memory: Memory) -> Iterator[None]:
    """Stop the instrument in order when the terminal or the system asks for it; let other signals do nothing.

    Parameters
    ----------
    memory : Memory
        Of the instrument.
    """

    def stop(_signal: int, _frame: object) -> None:
        memory.stop()

    asking = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    before = {number: signal.signal(number, stop) for number in asking} | {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGUSR1, signal.SIGUSR2)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_running(instruments: list[tuple[pathlib.Path, Memory]]) -> int:
    """Ask instruments to stop, and wait until they are gone.

    Parameters
    ----------
    instruments : list of (pathlib.Path, Memory)
        From `memory.running_instruments`.

    Returns
    -------
    int
        How many were asked.
    """
    for _, memory in instruments:
        memory.stop()
    deadline_s = time.monotonic() + LEAVE_S
    for folder, memory in instruments:
        while folder.exists() and time.monotonic() < deadline_s:
            time.sleep(POLL_S)
            youngest_s = max(memory.heartbeat_s(name) for name in PROCESSES)
            if time.monotonic() - youngest_s > 1.0:
                break
        shutil.rmtree(folder, ignore_errors=True)  # the supervisor does this, unless it is dead
    return len(instruments)
