"""Shared memory: the clips of all loops, the control values and the state that the processes have in common.

Files in a folder of the system's memory file system, mapped by every process. No lock is taken: each field has one
writer, named in its comment, and a reader sees either the old or the new eight bytes.
"""

import contextlib
import dataclasses
import json
import math
import os
import pathlib
import shutil
import tempfile
import time
from typing import Any

import numpy as np

from performer.controls import N_DECKS, N_SETTINGS, N_VALUES, default_values
from performer.errors import PerformerError

N_CELLS = 32
"""Cells of a loop, a sixteenth each."""
N_SLOTS = 3
"""Places for a cell's clip: what sounds, what has arrived, what is being written."""
N_LOOPS = 4
"""Loops of a deck, slightly different ones, mixed to stereo."""
CLIP_SAMPLES = 13_312
"""Room for a clip: a sixteenth at 60 BPM, and what it carries on either side."""
N_READINGS = 3
"""Readings of a meter: see `meter.measure`."""
TAPE_SAMPLES = 1 << 20
"""Samples of the master that a recorder may be behind, 20 s."""
CUE_TAPE_SAMPLES = 1 << 16
"""Samples of the headphones that their process may be behind."""
JOURNAL_ENTRIES = 1 << 15
"""Changes that a recorder may be behind."""
PROCESSES = ("audio", "worker", "control", "recorder", "headphones")
"""The processes beneath the supervisor, in the order of `heartbeat_s`; the last only where it is asked for."""
COUNTERS = {
    "underruns": "blocks that came too late for the sound device, or found no room in a recording",
    "late_blocks": "blocks that took longer to mix than to play",
    "limited_blocks": "blocks that the limiter held below full scale",
    "windows": "windows of a loop rendered while its controls moved",
    "narrowed_windows": "windows drawn with fewer than four loops, for want of time: the deck was less wide",
    "waiting_decks": "times that a deck kept its loop for a while because others moved and there was no time for all",
    "loops": "whole loops rendered, once their controls rested",
    "render_failures": "loops that could not be rendered",
    "late_cells": "cells that played on as they were because their new sound came too late",
    "osc_messages": "OSC messages obeyed",
    "osc_passed_over": "OSC messages passed over for a newer one to the same control",
    "osc_refused": "OSC messages or packets refused",
    "midi_messages": "MIDI controllers obeyed",
    "midi_unmapped": "MIDI controllers that no control listens to",
    "page_messages": "moves and buttons of the page obeyed",
    "page_refused": "messages of the page refused",
    "surface_failures": "times that a surface (OSC, MIDI, the page) failed and was started again",
    "session_failures": "actions, entries and saves of history, scenes and session that failed",
    "audio_restarts": "restarts of the audio process",
    "worker_restarts": "restarts of the generation worker",
    "control_restarts": "restarts of the control process",
    "recorder_restarts": "restarts of the recorder",
    "headphones_restarts": "restarts of the headphones process",
    "headphones_gaps": "times that the headphones had nothing to play, or came too late for their device",
    "unrecorded_samples": "samples that a recording lacks, for the disk was full, or too slow",
}
"""What is counted while playing; each counter has one writing process."""
HEADER = np.dtype(
    [
        ("revision", "i8"),  # what the worker was asked for when it drew the clip
        ("start", "f8"),  # where the cell begins in the clip, in samples
        ("length", "f8"),  # how long it lasts, in samples
        ("covariance", "f8", (N_LOOPS, N_LOOPS)),  # K-weighted, of the whole loops
    ],
    align=True,
)
"""What belongs to a clip; the worker writes it with the clip."""

STATE = np.dtype(
    [
        ("stop", "i8"),  # supervisor, or `loopmorph stop`: 1 asks every process to leave
        ("supervisor_pid", "i8"),  # supervisor
        ("heir", "i8"),  # a process that waits to take its predecessor's place: its number; then supervisor: 0, it may
        ("heartbeat_s", "f8", (len(PROCESSES),)),  # each process its own: monotonic time, 0 until it is ready
        ("controls", "f8", (N_VALUES,)),  # control process; before it starts, the supervisor
        ("sample_rate", "f8"),  # audio process: of the device; positions count its samples
        ("position", "i8"),  # audio process: first sample of the newest block, counted from the start
        ("position_time_s", "f8"),  # audio process: monotonic time at which that sample is heard
        ("clock_turn", "i8"),  # audio process: changes of tempo so far; -1 while the next three are written
        ("clock_position", "i8"),  # audio process: sample of the newest change
        ("clock_tick", "f8"),  # audio process: tick at that sample
        ("clock_bpm", "f8"),  # audio process: tempo from there on
        ("browser", "i8"),  # audio process: 1 if the browser stands in for a missing device
        ("published", "i8", (N_DECKS, N_CELLS)),  # worker: newest clip, `clips.pack_slot`
        ("seen", "i8", (N_DECKS, N_CELLS)),  # audio process: newest clip that it knows of
        ("playing", "i8", (N_DECKS, N_CELLS)),  # audio process: slots that sound and fade out, see `clips.free_slot`
        ("cued", "i8", (N_DECKS, N_CELLS)),  # audio process: the same for the headphones
        ("sounding", "i8", (N_DECKS,)),  # audio process: revision under the playhead
        (
            "under",
            "i8",
            (N_DECKS,),
        ),  # audio process: tick at which the sounding cell began * N_CELLS + that cell; or -1
        ("rested", "i8", (N_DECKS,)),  # worker: newest revision of which the whole loop was drawn
        ("rendered", "f8", (N_DECKS, N_SETTINGS)),  # worker: settings of the `rested` revision
        ("drawn", "f8", (N_DECKS, N_SETTINGS)),  # worker: settings of the newest clips
        ("walk_turn", "i8", (N_DECKS,)),  # control process: how often a deck was sent out on its random walk anew
        ("walked_turn", "i8", (N_DECKS,)),  # worker: which of those `walked` belongs to
        ("walked", "f8", (N_DECKS,)),  # worker: how far the deck has come since, in steps
        ("margin_s", "f8", (N_DECKS,)),  # worker: how far ahead of the playhead its newest window was published
        ("loops", "i8", (N_DECKS,)),  # worker: how many of the four loops its newest clips were drawn with
        ("readings", "f8", (N_DECKS + 1, N_READINGS)),  # audio process: meters of the decks and the master, `meter`
        ("taped", "i8"),  # audio process: position up to which the tape holds the master
        ("noted", "i8"),  # audio process: entries written into the journal so far
        ("logged", "i8"),  # recorder: entries of the journal that are in the ledger
        ("recording", "i8"),  # recorder: 1 while a recording is asked for
        ("recorded_from", "i8"),  # recorder: so many samples before `recorded` as its files hold
        ("recorded", "i8"),  # recorder: position up to which it is on the disk; 0 before its first sound
        ("cue_ppm", "f8"),  # headphones process: how much faster than the nominal rates say they read
        ("cue_lag_s", "f8"),  # headphones process: how much later than the master they are heard
        ("block_s", "f8"),  # audio process: longest time that mixing a block took
        ("counters", "i8", (len(COUNTERS),)),  # each counter has one writing process
    ],
    align=True,
)

ENTRY = np.dtype([("position", "i8"), ("kind", "i8"), ("index", "i8"), ("value", "f8")], align=True)
"""An entry of the journal: from this sample on a control has a value (`index` as in `controls`), or a cell has a clip
(`index` as in `published`, flattened, and `value` its word), or an audio process plays (`value` its sample rate, and at
index 1 what `taped` was before)."""
KIND_CONTROL, KIND_CLIP, KIND_START = 0, 1, 2

FOLDER_PREFIX = "loopmorph-"
ABANDONED_AFTER_S = 10.0
MARGIN_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Memory:
    """The mapped arrays."""

    state: np.ndarray
    """One record of `STATE`, as an array of shape `(1,)`."""
    headers: np.ndarray
    """`HEADER` of each clip, `[N_DECKS, N_CELLS, N_SLOTS]`."""
    clips: np.ndarray
    """float32 `[N_DECKS, N_CELLS, N_SLOTS, N_LOOPS, CLIP_SAMPLES]`."""
    tape: np.ndarray
    """float32 `[TAPE_SAMPLES, 2]`: the newest sound of the master, a ring that positions count."""
    cue_tape: np.ndarray
    """float32 `[CUE_TAPE_SAMPLES, 2]`: the same of the headphones."""
    journal: np.ndarray
    """`ENTRY` `[JOURNAL_ENTRIES]`: the newest changes that the audio process obeyed, a ring that `noted` counts."""

    @classmethod
    def private(cls) -> "Memory":
        """Make memory that no other process sees, for rendering offline and for tests."""
        memory = cls(**{name: np.zeros(shape, dtype) for name, (dtype, shape) in ARRAYS.items()})
        memory.reset()
        return memory

    @classmethod
    def create(cls, folder: pathlib.Path) -> "Memory":
        """Make shared memory in an existing empty folder.

        Raises
        ------
        PerformerError
            If the memory file system has too little room.
        """
        sizes = {name: math.prod(shape) * dtype.itemsize for name, (dtype, shape) in ARRAYS.items()}
        needed, free = sum(sizes.values()) + MARGIN_BYTES, shutil.disk_usage(folder).free
        if free < needed:
            raise PerformerError(
                f"{folder.parent}: {free >> 20} MB free, {needed >> 20} MB are needed for the decks; "
                "enlarge it (mount -o remount,size=256m; docker run --shm-size=256m)"
            )
        for name, size in sizes.items():
            with (folder / name).open("wb") as file:
                file.truncate(size)
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
        memory = cls.attach(folder)
        memory.reset()
        return memory

    @classmethod
    def attach(cls, folder: pathlib.Path) -> "Memory":
        """Map the shared memory that `create` made."""
        return cls(
            **{
                name: np.asarray(np.memmap(folder / name, dtype, mode="r+", shape=shape))
                for name, (dtype, shape) in ARRAYS.items()
            }
        )

    @classmethod
    def join(cls, folder: pathlib.Path) -> "Memory":
        """Map the shared memory of the instrument that this process belongs to; leave if it was stopped meanwhile."""
        try:
            return cls.attach(folder)
        except FileNotFoundError:
            raise SystemExit(0) from None

    def reset(self) -> None:
        """Set every control to its default and every deck to silence."""
        self.state["controls"][0] = default_values()
        self.state["rendered"][0] = self.state["drawn"][0] = np.nan

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


ARRAYS: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
    "state": (STATE, (1,)),
    "headers": (HEADER, (N_DECKS, N_CELLS, N_SLOTS)),
    "clips": (np.dtype(np.float32), (N_DECKS, N_CELLS, N_SLOTS, N_LOOPS, CLIP_SAMPLES)),
    "tape": (np.dtype(np.float32), (TAPE_SAMPLES, 2)),
    "cue_tape": (np.dtype(np.float32), (CUE_TAPE_SAMPLES, 2)),
    "journal": (ENTRY, (JOURNAL_ENTRIES,)),
}
"""Files of the shared memory."""
COUNTER_INDEX = {name: index for index, name in enumerate(COUNTERS)}


def memory_root() -> pathlib.Path:
    """Folder of the system's memory file system, or the folder for temporary files where there is none."""
    shm = pathlib.Path("/dev/shm")
    return shm if shm.is_dir() and os.access(shm, os.W_OK) else pathlib.Path(tempfile.gettempdir())


def make_folder(options: dict[str, Any]) -> pathlib.Path:
    """Make the folder of one running instrument and write its options into it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=memory_root()))
    write_options(folder, options)
    return folder


def write_options(folder: pathlib.Path, options: dict[str, Any]) -> None:
    """Write what the processes need to know; a reader sees either the old or the new."""
    replace_text(folder / "options.json", json.dumps(options))


def replace_text(path: pathlib.Path, text: str) -> None:
    """Write a small file at once."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def read_options(folder: pathlib.Path) -> dict[str, Any]:
    """Read what `write_options` wrote."""
    return dict(json.loads((folder / "options.json").read_text()))


def running_instruments() -> list[tuple[pathlib.Path, Memory]]:
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
            memory = Memory.attach(folder)
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
