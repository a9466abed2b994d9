"""The headphones process: plays the cue bus to a device of its own, so that this device never touches the master's.

Run as `python -m performer.headphones_process FOLDER` by the supervisor; with a device behind it, to take the place of
one that plays elsewhere.
"""

import pathlib
import sys

from performer.console import say
from performer.memory import Memory, read_options
from performer.output.headphones import Headphones
from performer.output.opening import Entrance, choose_rate, enter, keep_calm, open_sound, stay

REALTIME_PRIORITY = 4
"""Below the audio process."""


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
    options = read_options(folder)
    name = device if device is not None else options["cue_device"]
    is_newcomer = device is not None
    again = not is_newcomer and memory.heartbeat_s("headphones") > 0
    sample_rate = choose_rate(name)
    headphones = Headphones(memory, sample_rate=sample_rate)
    headphones.warm_up()
    priority = keep_calm(REALTIME_PRIORITY)
    entrance = Entrance()
    output = enter(
        "headphones",
        lambda: open_sound(
            name,
            again=again,
            option="--cue-device",
            latency_ms=options["latency_ms"],
            render=entrance,
            underrun=entrance.guard(lambda: memory.count("headphones_gaps")),
            sample_rate=sample_rate,
            n_channels=2,
        ),
        folder=folder,
        memory=memory,
        waits=again,
        newcomer=is_newcomer,
    )
    if output is None:
        return
    entrance.sound = headphones.render
    say(f"headphones: {output.description}; {priority}")
    stay("headphones", output, memory=memory)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *sys.argv[2:])
