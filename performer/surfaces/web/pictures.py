"""Pictures of what sounds: a spectrogram of each cell, drawn from its clip in shared memory."""

import functools

import numpy as np

from performer.clock import CLIP_RATE
from performer.desk.voice import DIGIT
from performer.memory import CLIP_SAMPLES, N_CELLS, N_SLOTS, Memory

N_BANDS = 64
"""Bands of a picture, of equal intervals."""
N_COLUMNS = 16
"""Columns of a cell."""
WINDOW = 1024
"""Samples that a column is made of, 21 ms: short enough for drums."""
BAND_HZ = (40.0, 16_000.0)
"""Lowest and highest frequency."""
FLOOR_DB, FULL_DB = -78.0, -18.0
"""Power of a band that is drawn black, and as bright as can be; a sine of full scale has 0."""
CELLS_A_TURN = 4
"""Cells drawn at once, of about 0.3 ms each: the surfaces share the process."""


def draw_cell(audio: np.ndarray, *, start: float, length: float) -> np.ndarray:
    """Draw the spectrogram of one cell.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_loops, n_samples)]
        float32 clip of the cell, with a little more on either side; their mean is drawn.
    start, length : float
        Where the cell begins in it, and how long it lasts, in samples.

    Returns
    -------
    np.ndarray [shape=(N_COLUMNS, N_BANDS)]
        uint8, 0 (`FLOOR_DB` or less) to 255 (`FULL_DB` or more); time first, low bands first.
    """
    window, bands = plan()
    centers = start + (np.arange(N_COLUMNS) + 0.5) * length / N_COLUMNS
    places = np.clip(np.rint(centers)[:, None].astype(int) - WINDOW // 2 + np.arange(WINDOW), 0, audio.shape[1] - 1)
    mono = audio[:, : places[-1, -1] + 1].mean(axis=0)
    power = np.abs(np.fft.rfft(mono[places] * window, axis=1)) ** 2 @ bands
    level_db = 10 * np.log10(np.maximum(power, 1e-12))
    shade = (level_db - FLOOR_DB) / (FULL_DB - FLOOR_DB) * 255
    return np.clip(np.nan_to_num(shade), 0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=1)
def plan() -> tuple[np.ndarray, np.ndarray]:
    """Make the window, with which a sine of full scale has power 1, and the share of each bin in each band.

    Returns
    -------
    tuple of np.ndarray [shape=(WINDOW,)] and np.ndarray [shape=(WINDOW // 2 + 1, N_BANDS)]
        float32. A band narrower than a bin has its share of the bin.
    """
    hann = np.hanning(WINDOW + 1)[:-1]
    edges = np.geomspace(*BAND_HZ, N_BANDS + 1) * WINDOW / CLIP_RATE + 0.5  # in bins; bin k reaches from k to k + 1
    bins = np.arange(WINDOW // 2 + 2)
    up_to = np.clip(edges[None] - bins[:-1, None], 0, 1)  # how much of each bin lies below each edge
    window = hann * 2 / np.sqrt(WINDOW * np.sum(hann**2))
    return window.astype(np.float32), np.diff(up_to, axis=1).astype(np.float32)


class Pictures:
    """The spectrograms of all decks, kept as what sounds.

    Parameters
    ----------
    memory : Memory
        Where the clips are.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        n_decks = len(memory.clips)
        self.cells = np.zeros((n_decks, N_CELLS, N_COLUMNS, N_BANDS), np.uint8)
        """What each cell looks like."""
        self.versions = np.zeros((n_decks, N_CELLS), np.int64)
        """How often each was drawn."""
        self.words = np.zeros((n_decks, N_CELLS), np.int64)
        self.next = 0

    def sounding(self) -> np.ndarray:
        """Tell which clip each cell plays, `[n_decks, N_CELLS]` int64; 0 for none."""
        slots = self.memory.state["playing"][0] % DIGIT - 1
        taken = np.take_along_axis(self.memory.headers["revision"], np.maximum(slots, 0)[..., None], axis=2)[..., 0]
        return np.where(slots < 0, 0, taken * N_SLOTS + slots + 1)

    def is_whole(self, deck: int) -> bool:
        """Whether a deck (counted from 0) sounds in every cell, and all its pictures are of what sounds."""
        return bool(np.all((self.sounding()[deck] == self.words[deck]) & (self.words[deck] > 0)))

    def work(self, *, n: int = CELLS_A_TURN) -> int:
        """Draw some of the cells that sound otherwise than they look, a different deck's turn each time.

        Parameters
        ----------
        n : int
            How many at most.

        Returns
        -------
        int
            How many were drawn.
        """
        words = self.sounding().ravel()
        stale = np.flatnonzero(words != self.words.ravel())
        chosen = np.roll(stale, -int(np.searchsorted(stale, self.next)))[:n].tolist()
        for index in chosen:
            self.draw(*divmod(index, N_CELLS), word=int(words[index]))
            self.next = index + 1
        return len(chosen)

    def draw(self, deck: int, cell: int, *, word: int) -> None:
        """Draw a cell, unless its clip was replaced meanwhile: then it is drawn another time."""
        if word == 0:
            drawn = np.zeros((N_COLUMNS, N_BANDS), np.uint8)
        else:
            slot = (word - 1) % N_SLOTS
            header = self.memory.headers[deck, cell, slot]
            start, length = float(header["start"]), min(float(header["length"]), float(CLIP_SAMPLES))
            drawn = draw_cell(self.memory.clips[deck, cell, slot], start=start, length=length)
        if int(self.sounding()[deck, cell]) == word:
            self.cells[deck, cell] = drawn
            self.words[deck, cell] = word
            self.versions[deck, cell] += 1
