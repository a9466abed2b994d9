"""How a process comes to its output: opened at once, waited for, or in another process's place."""

import gc
import os
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from performer.clock import CLIP_RATE
from performer.console import TOLD, say
from performer.errors import PerformerError
from performer.lenience import Lenience
from performer.memory import Memory
from performer.output.changeover import refuse, wait_for_turn
from performer.output.file_output import FileOutput
from performer.output.outputs import Output, PacedOutput, Render
from performer.output.sound_device import PortAudioOutput, find_rate
from performer.recording.recording import unused_path

POLL_S = 0.02
RETRY_S = 0.5
LABELS = {"audio": "", "headphones": "headphones: "}
"""What the lines of each process begin with."""


class Entrance:
    """What an output asks for its blocks: silence until the sound comes on."""

    def __init__(self) -> None:
        self.sound: Render | None = None

    def guard(self, underrun: Callable[[], object]) -> Callable[[], None]:
        """Let underruns count only once the sound is on: until then another process plays, and counts."""

        def count() -> None:
            if self.sound is not None:
                underrun()

        return count

    def __call__(self, block: np.ndarray, latency_s: float) -> None:
        """Fill a block."""
        if self.sound is None:
            block[:] = 0
        else:
            self.sound(block, latency_s)


def open_sound(device: str | None, *, again: bool, option: str, latency_ms: float, **paced: Any) -> Output:
    """Open a sound device, a file, or nothing at all.

    Parameters
    ----------
    device : str or None
        `null`, `file:NAME.wav`, or the name of a sound device; None for the system's default.
    again : bool
        Whether the sound was already here, in a process that is gone: where the file exists, the next one is taken.
    option : str
        What the device was named with.
    latency_ms : float
        Asked of a sound device.
    **paced
        As of `PacedOutput`.

    Returns
    -------
    Output
        Already asking for blocks.

    Raises
    ------
    PerformerError
        If the device or file is not to be had.
    """
    if device == "null":
        return PacedOutput(**paced).start()
    if device is None or not device.startswith("file:"):
        return PortAudioOutput(device, latency_ms=latency_ms, **paced)
    name = device.removeprefix("file:")
    if not name.lower().endswith(".wav"):
        raise PerformerError(f"{option} {device}: the name of a WAV file is needed; write file:set.wav for example")
    return FileOutput(unused_path(pathlib.Path(name)) if again else pathlib.Path(name), **paced).start()


def enter(
    process: str, open_once: Callable[[], Output], *, folder: pathlib.Path, memory: Memory, waits: bool, newcomer: bool
) -> Output | None:
    """Open a process's output; end the process if that cannot be.

    Parameters
    ----------
    process : str
        One of `PROCESSES`.
    open_once : callable
        Opens it or raises `PerformerError`.
    folder, memory : pathlib.Path, Memory
        Of the running instrument.
    waits : bool
        Whether to try until it can be had.
    newcomer : bool
        Whether another process plays meanwhile, whose place is taken once the output is open.

    Returns
    -------
    Output or None
        None if the instrument was stopped meanwhile.
    """
    try:
        output = open_until_there(process, open_once, memory=memory) if waits and not newcomer else open_once()
    except PerformerError as error:
        if newcomer:
            refuse(folder, str(error))
        else:
            say(f"{LABELS[process]}{error}")
        os._exit(TOLD)  # PortAudio may hang when asked to leave properly
    if newcomer:
        wait_for_turn(memory)
    return output


def open_until_there(process: str, open_once: Callable[[], Output], *, memory: Memory) -> Output | None:
    """Try to open an output until it can be had, or the instrument stops."""
    told = False
    while not memory.stopping:
        try:
            return open_once()
        except PerformerError as error:
            if not told:
                say(f"{LABELS[process]}{error}; trying again every {RETRY_S:g} s, the clock runs on")
                told = True
            memory.beat(process)
            time.sleep(RETRY_S)
            memory.beat(process)
            restart_portaudio()
            memory.beat(process)
    return None


def stay(process: str, output: Output, *, memory: Memory) -> None:
    """Be alive until the instrument stops or the output fails; the process then ends."""
    lenience = Lenience()
    while not memory.stopping:
        memory.beat(process)
        failure = output.failure()
        if lenience.may_judge() and failure:
            say(f"{LABELS[process]}{failure}; opening it again")
            os._exit(1)  # closing a lost device can block for ever: the supervisor starts a fresh process
        time.sleep(POLL_S)
    output.close()


def keep_calm(priority: int) -> str:
    """Let the sound go before everything else, as far as the system allows, and never stop to tidy up.

    Threads that are started later, the sound device's among them, inherit it.

    Parameters
    ----------
    priority : int
        Real-time priority to ask for.

    Returns
    -------
    str
        What it was raised to, for the performer.
    """
    gc.collect()  # before the first block: it holds the interpreter longer than a block lasts
    gc.freeze()
    gc.disable()
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))
    except (AttributeError, OSError):  # not on this system, or not for this user
        return "ordinary priority"
    return "real-time priority"


def choose_rate(device: str | None) -> int:
    """Ask the sound device for its sample rate: 48 kHz if it plays that, else its own; 48 kHz where there is none."""
    if device in ("null", "browser") or (device is not None and device.startswith("file:")):
        return CLIP_RATE
    try:
        return find_rate(device, wanted=CLIP_RATE)
    except PerformerError:
        return CLIP_RATE  # opening it will tell


def restart_portaudio() -> None:
    """Let PortAudio look for devices again; it does so only when it starts."""
    if "sounddevice" in sys.modules:
        sounddevice = sys.modules["sounddevice"]
        sounddevice._terminate()
        sounddevice._initialize()
