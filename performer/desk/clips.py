"""Handing clips from the worker to the audio process: a cell's sound in one of three slots, never overwritten unheard.

Each word in shared memory has one writer. The worker publishes; the audio process says what it has seen and what it
plays, and flips only to what it has seen. A slot is free for the worker if it is neither played, nor fading, nor cued,
nor the newest one published; and as long as the newest one was not seen, none is, for the audio process may just be
flipping to the one before it.
"""

import dataclasses

import numpy as np

from performer.desk.voice import DIGIT
from performer.memory import N_SLOTS, Memory

PREROLL = 1008
"""Samples before the cell that a clip carries, for the fade into it: 21 ms."""
TAIL = 288
"""Samples after the cell: 6 ms."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clip:
    """One cell of four loops, ready to be mixed, with a little more on either side."""

    audio: np.ndarray
    """float32 `[4, n]`; one bass for all."""
    start: float
    """Where the cell begins, in samples."""
    length: float
    """How long the cell lasts, in samples."""
    revision: int
    """Number of what the worker was asked for, from 1: clips of one revision continue each other."""
    covariance: np.ndarray
    """K-weighted covariance of the loops, float64 `[4, 4]`."""


def pack_slot(revision: int, slot: int) -> int:
    """Put a revision and its slot into one word, so that nobody reads half of it."""
    return revision * N_SLOTS + slot


def free_slot(memory: Memory, deck: int, cell: int) -> int | None:
    """Find a slot that may be written.

    Parameters
    ----------
    memory : Memory
        Where the clips are.
    deck, cell : int
        Counted from 0.

    Returns
    -------
    int or None
        None while all are in use, for the length of a fade, or until the audio process has seen the newest.
    """
    state = memory.state
    published = int(state["published"][0, deck, cell])
    if int(state["seen"][0, deck, cell]) != published:
        return None
    used = {published % N_SLOTS} if published else set()
    for name in ("playing", "cued"):
        word = int(state[name][0, deck, cell])  # 0 for none, else slot + 1; in two digits: what sounds, what fades out
        used |= {word % DIGIT - 1, word // DIGIT - 1}
    return next((slot for slot in range(N_SLOTS) if slot not in used), None)


def publish(memory: Memory, deck: int, cell: int, clip: Clip) -> bool:
    """Write a clip into a free slot and hand it over.

    Parameters
    ----------
    memory : Memory
        Where the clips are.
    deck, cell : int
        Counted from 0.
    clip : Clip
        The cell's sound.

    Returns
    -------
    bool
        False if no slot is free now.
    """
    slot = free_slot(memory, deck, cell)
    if slot is None:
        return False
    place(memory, deck, cell, slot, clip)
    return True


def place(memory: Memory, deck: int, cell: int, slot: int, clip: Clip) -> None:
    """Write a clip into a slot and hand it over.

    Parameters
    ----------
    memory : Memory
        Where the clips are.
    deck, cell, slot : int
        Counted from 0; nobody reads that slot.
    clip : Clip
        The cell's sound.
    """
    n = clip.audio.shape[1]
    memory.clips[deck, cell, slot, :, :n] = clip.audio
    memory.clips[deck, cell, slot, :, n:] = 0
    header = memory.headers[deck, cell, slot]
    header["revision"], header["start"], header["length"] = clip.revision, clip.start, clip.length
    header["covariance"] = clip.covariance
    memory.state["published"][0, deck, cell] = pack_slot(clip.revision, slot)  # last: from now on it may be read


def cut_clips(audio: np.ndarray, *, n_cells: int, cell_length: float, offset: float) -> list[tuple[np.ndarray, float]]:
    """Cut rendered sound into clips.

    Parameters
    ----------
    audio : np.ndarray [shape=(4, n)]
        float32 loops.
    n_cells : int
        How many cells it covers.
    cell_length : float
        Samples of a cell.
    offset : float
        Where the first cell begins in it, in samples; at least `PREROLL`, and `TAIL` follows the last cell.

    Returns
    -------
    list of (np.ndarray, float)
        Sound of each clip, and where in it the cell begins.
    """
    cut = []
    for index in range(n_cells):
        begin = offset + index * cell_length
        first = int(np.floor(begin)) - PREROLL
        cut.append((audio[:, first : int(np.ceil(begin + cell_length)) + TAIL], begin - first))
    return cut
