"""The audio process: plays the pages to the device, without torch and without waiting for anybody.

Run as `python -m performer.audio_process FOLDER` by the supervisor.
"""

import gc
import os
import pathlib
import sys
import time
from typing import Any

from performer.clock import CLIP_RATE
from performer.console import TOLD, say
from performer.desk.mixer import DECKS, N_CHANNELS, STEREO, WITH_CUE
from performer.desk.playback import Playback
from performer.errors import PerformerError
from performer.memory import Memory, read_options
from performer.output.file_output import FileOutput
from performer.output.outputs import Output, PacedOutput
from performer.output.sound_device import NoDeviceError, PortAudioOutput, find_rate
from performer.recording.recording import unused_path

CHANNELS = {"master": STEREO, "cue": WITH_CUE, "decks": DECKS}
"""What `--outputs` says."""
POLL_S = 0.02
REALTIME_PRIORITY = 5
"""Above every ordinary process; below what sound servers give themselves."""
RETRY_S = 0.5


def open_output(memory: Memory, playback: Playback, options: dict[str, Any], *, again: bool) -> Output:
    """Open where the sound goes.

    Parameters
    ----------
    memory : Memory
        For the counters.
    playback : Playback
        What fills the blocks.
    options : dict
        `device`, `http_port` and `latency_ms` of the command line.
    again : bool
        Whether the music was already playing: a missing device is then waited for, and a file never overwritten.

    Returns
    -------
    Output
        Already asking for blocks.

    Raises
    ------
    PerformerError
        If the device, file or port is not to be had.
    """
    device = options["device"]
    paced: dict[str, Any] = {
        "render": playback.render,
        "underrun": lambda: memory.count("underruns"),
        "sample_rate": playback.sample_rate,
        "n_channels": N_CHANNELS[playback.channels],
    }
    if device == "null":
        return PacedOutput(**paced).start()
    if device is not None and device.startswith("file:"):
        name = device.removeprefix("file:")
        if not name.lower().endswith(".wav"):
            raise PerformerError(f"--device {device}: the name of a WAV file is needed; write file:set.wav for example")
        path = pathlib.Path(name)
        return FileOutput(unused_path(path) if again else path, **paced).start()
    if device != "browser" and not memory.state["browser"][0]:
        try:
            return PortAudioOutput(device, latency_ms=options["latency_ms"], **paced)
        except NoDeviceError as error:
            if again:
                raise
            say(f"{error}; the browser is the loudspeaker instead")
            memory.state["browser"][0] = 1
    from performer.output.loudspeaker import BrowserOutput  # noqa: PLC0415 - a web server only where it is needed

    return BrowserOutput(options["http_port"], **paced).start()


def open_until_there(memory: Memory, playback: Playback, options: dict[str, Any]) -> Output | None:
    """Open the output; if the music was already playing, try until it can be had.

    Returns
    -------
    Output or None
        None if the instrument was stopped meanwhile.

    Raises
    ------
    PerformerError
        At the first start, if the output is not to be had.
    """
    again = memory.state["position_time_s"][0] > 0
    told = False
    while not memory.stopping:
        try:
            return open_output(memory, playback, options, again=again)
        except PerformerError as error:
            if not again:
                raise
            if not told:
                say(f"{error}; trying again every {RETRY_S:g} s, the clock runs on")
                told = True
            memory.beat("audio")
            time.sleep(RETRY_S)
            restart_portaudio()
    return None


def raise_priority() -> str:
    """Let the sound go before everything else, as far as the system allows.

    Threads that are started later, the sound device's among them, inherit it.

    Returns
    -------
    str
        What it was raised to, for the performer.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REALTIME_PRIORITY))
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


def main(folder: pathlib.Path) -> None:
    """Play until the instrument stops.

    Parameters
    ----------
    folder : pathlib.Path
        The running instrument's shared memory.
    """
    memory = Memory.join(folder)
    options = read_options(folder)
    playback = Playback(memory, sample_rate=choose_rate(options["device"]), channels=CHANNELS[options["outputs"]])
    playback.warm_up()
    priority = raise_priority()
    gc.collect()  # before the first block: it holds the interpreter longer than a block lasts
    gc.freeze()
    gc.disable()
    try:
        output = open_until_there(memory, playback, options)
    except PerformerError as error:
        say(str(error))
        os._exit(TOLD)  # PortAudio may hang when asked to leave properly
    if output is None:
        return
    say(f"sound: {output.description}; {priority}")
    while not memory.stopping:
        memory.beat("audio")
        failure = output.failure()
        if failure:
            say(f"{failure}; opening it again")
            os._exit(1)  # closing a lost device can block for ever: the supervisor starts a fresh process
        time.sleep(POLL_S)
    output.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
