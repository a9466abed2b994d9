"""The audio process: plays the pages to the device, without torch and without waiting for anybody.

Run as `python -m performer.audio_process FOLDER` by the supervisor; with a device behind it, to take the place of one
that plays elsewhere.
"""

import pathlib
import sys
from typing import Any

from performer.console import say
from performer.desk.mixer import DECKS, N_CHANNELS, STEREO, WITH_CUE
from performer.desk.playback import Playback, warm_up
from performer.memory import Memory, read_options
from performer.output.opening import Entrance, choose_rate, enter, keep_calm, open_sound, stay
from performer.output.outputs import Output
from performer.output.sound_device import NoDeviceError

CHANNELS = {"master": STEREO, "cue": WITH_CUE, "decks": DECKS}
"""What `--outputs` says."""
REALTIME_PRIORITY = 5
"""Above every ordinary process; below what sound servers give themselves."""


def open_output(memory: Memory, render: Entrance, options: dict[str, Any], *, sample_rate: int, again: bool) -> Output:
    """Open where the sound goes.

    Parameters
    ----------
    memory : Memory
        For the counters.
    render : Entrance
        What fills the blocks.
    options : dict
        `device`, `outputs`, `http_port` and `latency_ms` of the command line.
    sample_rate : int
        In hertz.
    again : bool
        Whether the sound was already here: a missing device is then waited for, and the next file taken.

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
        "render": render,
        "underrun": render.guard(lambda: memory.count("underruns")),
        "sample_rate": sample_rate,
        "n_channels": N_CHANNELS[CHANNELS[options["outputs"]]],
    }
    stands_in = device is None and bool(memory.state["browser"][0])
    if device != "browser" and not stands_in:
        try:
            return open_sound(device, again=again, option="--device", latency_ms=options["latency_ms"], **paced)
        except NoDeviceError as error:
            if again or device is not None:
                raise
            say(f"{error}; the browser is the loudspeaker instead")
            memory.state["browser"][0] = 1
    from performer.output.loudspeaker import BrowserOutput  # noqa: PLC0415 - a web server only where it is needed
    from performer.surfaces.admission import Admission  # noqa: PLC0415

    return BrowserOutput(options["http_port"], admission=Admission.from_options(options), **paced).start()


def main(folder: pathlib.Path, device: str | None = None) -> None:
    """Play until the instrument stops.

    Parameters
    ----------
    folder : pathlib.Path
        The running instrument's shared memory.
    device : str, optional
        Where to play instead of where another process does.
    """
    memory = Memory.join(folder)
    options = read_options(folder) | ({"device": device} if device is not None else {})
    is_newcomer = device is not None
    again = not is_newcomer and memory.state["position_time_s"][0] > 0
    sample_rate, channels = choose_rate(options["device"]), CHANNELS[options["outputs"]]
    warm_up(sample_rate=sample_rate, channels=channels)
    priority = keep_calm(REALTIME_PRIORITY)
    entrance = Entrance()
    output = enter(
        "audio",
        lambda: open_output(memory, entrance, options, sample_rate=sample_rate, again=again),
        folder=folder,
        memory=memory,
        waits=again,
        newcomer=is_newcomer,
    )
    if output is None:
        return
    playback = Playback(memory, sample_rate=sample_rate, channels=channels)
    if is_newcomer:
        playback.opened_s = 0.0  # its buffer is full of silence already
    entrance.sound = playback.render
    say(f"sound: {output.description}; {priority}")
    stay("audio", output, memory=memory)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *sys.argv[2:])
