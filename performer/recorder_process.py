"""The recorder's process: it writes the set to the disk, and nothing waits for it.

Run as `python -m performer.recorder_process FOLDER` by the supervisor.
"""

import os
import pathlib
import sys
import time

from performer.crate import home_folder
from performer.memory import Memory, read_options
from performer.recording.control_log import make_header
from performer.recording.ledger import Ledger
from performer.recording.recorder import Recorder

POLL_S = 0.05
LAST_S = 0.2
"""Time that the audio process gets to leave before the rest of the tape is taken."""
NICENESS = 5
"""The tape holds twenty seconds: everything else goes first."""
SUFFIX = ".flac"
"""What a recording is that was switched on without a name."""


def choose_path(wanted: str | None) -> pathlib.Path:
    """Say where a recording goes: where it was asked for, else into the owner's folder, named by date and time."""
    return pathlib.Path(wanted) if wanted else home_folder() / "sets" / time.strftime(f"%Y-%m-%d-%H%M%S{SUFFIX}")


def main(folder: pathlib.Path) -> None:
    """Record until the instrument stops.

    Parameters
    ----------
    folder : pathlib.Path
        The running instrument's shared memory.
    """
    os.nice(NICENESS)
    memory = Memory.join(folder)
    options = read_options(folder)
    recorder = Recorder(
        memory,
        ledger=Ledger(folder),
        make_header=lambda: make_header(options["models"]),
        choose_path=lambda: choose_path(options.get("record")),
    )
    while not memory.stopping:
        memory.beat("recorder")
        recorder.step()
        time.sleep(POLL_S)
    time.sleep(LAST_S)
    recorder.step()
    recorder.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
