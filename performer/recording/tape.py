"""The tape: the newest twenty seconds of the master, which the audio process writes and the recorder reads."""

import numpy as np

from performer.memory import TAPE_SAMPLES, Memory

LARGEST_BLOCK = 1 << 15
"""The audio process may be writing so many samples ahead of what it says."""


def read_tape(memory: Memory, start: int, stop: int) -> np.ndarray | None:
    """Copy a stretch of the master.

    Parameters
    ----------
    memory : Memory
        Where the tape is.
    start, stop : int
        Positions; no later than `taped`.

    Returns
    -------
    np.ndarray or None
        float32 `[stop - start, 2]`; None if newer sound has taken its place, or may have while it was copied.
    """
    index = np.arange(start, stop) % TAPE_SAMPLES
    audio = memory.tape[index]
    oldest = int(memory.state["taped"][0]) - TAPE_SAMPLES + LARGEST_BLOCK
    return audio if start >= oldest else None
