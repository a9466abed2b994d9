"""Shared memory: the pages of loops, the control values and the state that the processes have in common.

Files in a folder of the system's memory file system, mapped by every process. No lock is taken: each field has one
writer, named in its comment, and a reader sees either the old or the new eight bytes.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import tempfile
import time
from typing import Any

import numpy as np

from melgan_vocoder.format import LoopFormat
from performer.controls import N_DECKS, N_VALUES, default_values
from performer.errors import PerformerError

N_PAGES = 3
"""Pages of a deck: sounding, arriving, previous."""
N_LOOPS = 4
"""Loops of a page, slightly different ones, mixed to stereo."""
PROCESSES = ("audio", "worker", "control")
"""The processes beneath the supervisor, in the order of `heartbeat_s`."""
COUNTERS = {
    "underruns": "blocks that came too late for the sound device, or found no room in a recording",
    "late_blocks": "blocks that took longer to mix than to play",
    "limited_blocks": "blocks that the limiter held below full scale",
    "pages": "pages rendered and published",
    "render_failures": "pages that could not be rendered",
    "osc_messages": "OSC messages obeyed",
    "osc_passed_over": "OSC messages passed over for a newer one to the same control",
    "osc_refused": "OSC messages or packets refused",
    "midi_messages": "MIDI controllers obeyed",
    "midi_unmapped": "MIDI controllers that no control listens to",
    "audio_restarts": "restarts of the audio process",
    "worker_restarts": "restarts of the generation worker",
    "control_restarts": "restarts of the control process",
}
"""What is counted while playing; each counter has one writing process."""
N_SETTINGS = 6
"""Values that make a page: seed, morph (2), density, bass, spread."""

STATE = np.dtype(
    [
        ("stop", "i8"),  # supervisor, or `loopmorph stop`: 1 asks every process to leave
        ("supervisor_pid", "i8"),  # supervisor
        ("heartbeat_s", "f8", (len(PROCESSES),)),  # each process its own: monotonic time, 0 until it is ready
        ("controls", "f8", (N_VALUES,)),  # control process; before it starts, the supervisor
        ("position", "i8"),  # audio process: first sample of the newest block, counted from the start
        ("position_time_s", "f8"),  # audio process: monotonic time at which that sample is heard
        ("browser", "i8"),  # audio process: 1 if the browser stands in for a missing device
        ("published", "i8", (N_DECKS,)),  # worker: newest complete generation; its page is generation % N_PAGES
        ("sounding", "i8", (N_DECKS,)),  # audio process: newest generation whose fade is over
        ("rendered", "f8", (N_DECKS, N_SETTINGS)),  # worker: settings of the published page
        ("covariance", "f8", (N_DECKS, N_PAGES, N_LOOPS, N_LOOPS)),  # worker: see `pages.Page`
        ("correlation", "f8", (N_DECKS, N_PAGES)),  # worker: of a page with the one before it
        ("block_s", "f8"),  # audio process: longest time that mixing a block took
        ("counters", "i8", (len(COUNTERS),)),  # each counter has one writing process
    ],
    align=True,
)

FOLDER_PREFIX = "loopmorph-"
ABANDONED_AFTER_S = 10.0
MARGIN_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Memory:
    """The mapped arrays."""

    state: np.ndarray
    """One record of `STATE`, as an array of shape `(1,)`."""
    pages: np.ndarray
    """float32 `[N_DECKS, N_PAGES, N_LOOPS, n_samples]`."""

    @classmethod
    def private(cls, mel_format: LoopFormat) -> "Memory":
        """Make memory that no other process sees, for rendering offline and for tests."""
        memory = cls(np.zeros(1, STATE), np.zeros(pages_shape(mel_format), np.float32))
        memory.reset()
        return memory

    @classmethod
    def create(cls, folder: pathlib.Path, mel_format: LoopFormat) -> "Memory":
        """Make shared memory in an existing empty folder.

        Raises
        ------
        PerformerError
            If the memory file system has too little room.
        """
        needed = STATE.itemsize + int(np.prod(pages_shape(mel_format))) * 4
        free = shutil.disk_usage(folder).free
        if free < needed + MARGIN_BYTES:
            raise PerformerError(
                f"{folder.parent}: {free >> 20} MB free, {(needed + MARGIN_BYTES) >> 20} MB are needed for the decks; "
                "enlarge it (mount -o remount,size=256m; docker run --shm-size=256m)"
            )
        for name, size in (("state", STATE.itemsize), ("pages", needed - STATE.itemsize)):
            with (folder / name).open("wb") as file:
                file.truncate(size)
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
        memory = cls.attach(folder, mel_format)
        memory.reset()
        return memory

    @classmethod
    def attach(cls, folder: pathlib.Path, mel_format: LoopFormat) -> "Memory":
        """Map the shared memory that `create` made."""
        state = np.memmap(folder / "state", STATE, mode="r+", shape=(1,))
        pages = np.memmap(folder / "pages", np.float32, mode="r+", shape=pages_shape(mel_format))
        return cls(np.asarray(state), np.asarray(pages))

    @classmethod
    def join(cls, folder: pathlib.Path, mel_format: LoopFormat) -> "Memory":
        """Map the shared memory of the instrument that this process belongs to; leave if it was stopped meanwhile."""
        try:
            return cls.attach(folder, mel_format)
        except FileNotFoundError:
            raise SystemExit(0) from None

    def reset(self) -> None:
        """Set every control to its default and every deck to silence."""
        self.state["controls"][0] = default_values()
        self.state["rendered"][0] = np.nan

    def beat(self, process: str) -> None:
        """Say that a process is ready and alive."""
        self.state["heartbeat_s"][0, PROCESSES.index(process)] = time.monotonic()

    def heartbeat_s(self, process: str) -> float:
        """Monotonic time at which a process was last alive; 0 before it was ready."""
        return float(self.state["heartbeat_s"][0, PROCESSES.index(process)])

    @property
    def stopping(self) -> bool:
        """Whether every process is asked to leave."""
        return bool(self.state["stop"][0])

    def stop(self) -> None:
        """Ask every process to leave."""
        self.state["stop"][0] = 1

    def count(self, counter: str, amount: int = 1) -> int:
        """Add to a counter and return it; only from the process that owns the counter."""
        index = COUNTER_INDEX[counter]
        self.state["counters"][0, index] += amount
        return int(self.state["counters"][0, index])

    def counters(self) -> dict[str, int]:
        """Read all counters by name."""
        return {name: int(self.state["counters"][0, index]) for name, index in COUNTER_INDEX.items()}


COUNTER_INDEX = {name: index for index, name in enumerate(COUNTERS)}


def pages_shape(mel_format: LoopFormat) -> tuple[int, int, int, int]:
    """Shape of all pages of all decks."""
    return (N_DECKS, N_PAGES, N_LOOPS, mel_format.n_samples)


def memory_root() -> pathlib.Path:
    """Folder of the system's memory file system, or the folder for temporary files where there is none."""
    shm = pathlib.Path("/dev/shm")
    return shm if shm.is_dir() and os.access(shm, os.W_OK) else pathlib.Path(tempfile.gettempdir())


def make_folder(options: dict[str, Any]) -> pathlib.Path:
    """Make the folder of one running instrument and write its options into it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=memory_root()))
    (folder / "options.json").write_text(json.dumps(options))
    return folder


def read_options(folder: pathlib.Path) -> dict[str, Any]:
    """Read what `make_folder` wrote."""
    return dict(json.loads((folder / "options.json").read_text()))


def running_instruments(mel_format: LoopFormat) -> list[tuple[pathlib.Path, Memory]]:
    """Find the instruments of this user that are playing, and clear away what dead ones left.

    Returns
    -------
    list of (pathlib.Path, Memory)
        Folder and memory of each.
    """
    found = []
    for folder in sorted(memory_root().glob(f"{FOLDER_PREFIX}*")):
        with contextlib.suppress(OSError, ValueError):
            if folder.stat().st_uid != os.getuid():
                continue
            memory = Memory.attach(folder, mel_format)
            youngest_s = max(memory.heartbeat_s(process) for process in PROCESSES)
            playing = youngest_s > 0 and time.monotonic() - youngest_s < ABANDONED_AFTER_S
            starting = time.time() - folder.stat().st_mtime < ABANDONED_AFTER_S
            if playing or starting or process_exists(int(memory.state["supervisor_pid"][0])):
                found.append((folder, memory))
            else:
                shutil.rmtree(folder, ignore_errors=True)
    return found


def process_exists(pid: int) -> bool:
    """Whether a process of that number is alive."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0
