"""The generation worker's process.

Run as `python -m performer.worker_process FOLDER` by the supervisor.
"""

import os
import pathlib
import sys
import threading
import time

from melgan_vocoder.batch_threads import BatchThreads
from melgan_vocoder.errors import LoopmorphError
from melgan_vocoder.vocoder_file import load_vocoder
from performer.console import TOLD, say
from performer.generation.drawing_log import DrawingLog
from performer.generation.renderer import LoopRenderer
from performer.generation.worker import Worker
from performer.memory import Memory, read_options
from performer.recording.ledger import Ledger
from stylegan_audio.model_file import read_model_header

POLL_S = 0.002
PULSE_S = 0.1
STUCK_S = 30.0
"""No step takes so long on any machine that can play."""
NICENESS = 10
"""The sound device's thread goes first."""


class Pulse(threading.Thread):
    """Says that the worker is alive, also in the middle of a long step; no more once a step takes for ever.

    Parameters
    ----------
    memory : Memory
        Where it is said.
    """

    def __init__(self, memory: Memory) -> None:
        super().__init__(daemon=True)
        self.memory = memory
        self.stepped_s = time.monotonic()

    def run(self) -> None:
        """Beat until the instrument stops."""
        while not self.memory.stopping:
            if time.monotonic() - self.stepped_s < STUCK_S:
                self.memory.beat("worker")
            time.sleep(PULSE_S)


def main(folder: pathlib.Path) -> None:
    """Work until the instrument stops.

    Parameters
    ----------
    folder : pathlib.Path
        The running instrument's shared memory.
    """
    os.nice(NICENESS)
    memory = Memory.join(folder)
    try:
        vocoder, threads = load_vocoder(), BatchThreads()
        renderers = [
            LoopRenderer(read_model_header(pathlib.Path(path)), vocoder, threads=threads)
            for path in read_options(folder)["models"]
        ]
    except LoopmorphError as error:
        say(str(error))
        raise SystemExit(TOLD) from error
    for renderer in renderers:
        for line in renderer.repertoire.tell_idle():
            say(f"model {renderer.header.name}: {line}")
    worker = Worker(memory, renderers, log=DrawingLog(Ledger(folder).append))
    pulse = Pulse(memory)
    pulse.start()
    while not memory.stopping:
        pulse.stepped_s = time.monotonic()
        worker.warnings.flush()
        if not worker.step():
            time.sleep(POLL_S)
        if worker.is_starved:
            say("the worker has run out of memory")
            os._exit(1)  # torch does not recover: the supervisor starts a fresh process


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
