"""Control values and pages -> blocks of sound: what the audio process does, live and offline alike."""

import time
from collections.abc import Callable

import numpy as np

from melgan_vocoder.format import LoopFormat
from performer.clock import record_position, resume_position
from performer.controls import LEVEL_SLOTS, N_DECKS, SLOTS, WIDTH_SLOTS
from performer.memory import N_LOOPS, N_PAGES, Memory
from performer.mixer import mix_block
from performer.stereo import loudness_gain, stereo_weights

FADE_MS = 20.0
"""Crossfade of a flip to a new page."""
SMOOTHING_MS = 10.0
"""Time constant with which gains follow their controls."""
FILLING_S = 0.2
"""Time that a device gets to fill its buffer."""
RELEASE_MS = 200.0
"""Time constant of the limiter's release."""


class Playback:
    """Play the pages of all decks.

    Parameters
    ----------
    memory : Memory
        Pages, controls and state.
    mel_format : LoopFormat
        The format of the loops.
    now_s : callable
        Monotonic time in seconds.

    Notes
    -----
    `render` runs on the sound device's thread: it takes no lock and keeps no array that it makes.
    """

    def __init__(self, memory: Memory, mel_format: LoopFormat, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self.memory = memory
        self.now_s = now_s
        self.sample_rate = mel_format.sample_rate
        self.position: int | None = None  # known with the first block: opening a device may take a while
        self.opened_s = float("inf")
        self.generation = memory.state["sounding"][0].copy()
        self.page = np.where(self.generation > 0, self.generation % N_PAGES, -1)
        self.old_page = np.full(N_DECKS, -1)
        self.fade_left = np.zeros(N_DECKS, np.int64)
        self.correlation = np.ones(N_DECKS)
        self.gains = np.zeros((N_DECKS, 2, N_LOOPS))
        self.targets = np.zeros_like(self.gains)
        self.aimed = np.full((N_DECKS, 4), np.nan)  # level, width, master level and page that the targets were made of
        self.limiter = np.zeros(1)
        self.fade_samples = round(FADE_MS * self.sample_rate / 1000)
        self.smoothing = -np.expm1(-1000 / (SMOOTHING_MS * self.sample_rate))
        self.release = float(np.exp(-1000 / (RELEASE_MS * self.sample_rate)))

    def warm_up(self) -> None:
        """Compile the kernel before the first block is due."""
        self.mix(np.zeros((1, 2), np.float32), position=0)

    def snap(self) -> None:
        """Go to the newest pages and the controls' values at once, without fades."""
        self.flip()
        self.fade_left[:] = 0
        self.aim()
        self.gains[:] = self.targets

    def render(self, out: np.ndarray, latency_s: float = 0.0) -> None:
        """Fill the next block and move the clock on.

        Parameters
        ----------
        out : np.ndarray [shape=(block_size, n_channels)]
            float32, overwritten: left, right, and silence in any further channel.
        latency_s : float
            Time from now until the block's first sample leaves the device.
        """
        started_s = self.now_s()
        position = self.find_position(started_s, latency_s) if self.position is None else self.position
        if position is None:
            out[:] = 0
            return
        self.flip()
        self.aim()
        limited = self.mix(out, position=position)
        record_position(self.memory, position, heard_s=started_s + latency_s)
        self.position = position + len(out)
        self.settle()
        took_s = self.now_s() - started_s
        state = self.memory.state
        state["block_s"][0] = max(float(state["block_s"][0]), took_s)
        if limited:
            self.memory.count("limited_blocks")
        if took_s > len(out) / self.sample_rate:
            self.memory.count("late_blocks")

    def find_position(self, now_s: float, latency_s: float) -> int | None:
        """Take up the clock where the music would be by now.

        Returns
        -------
        int or None
            Samples since the start. None while a device that was opened in the middle of the music still fills its
            buffer: its latency is only then what it will be.
        """
        if self.memory.state["position_time_s"][0] > 0:
            self.opened_s = min(self.opened_s, now_s)
            if now_s - self.opened_s < FILLING_S:
                return None
        return resume_position(self.memory, sample_rate=self.sample_rate, heard_s=now_s + latency_s)

    def mix(self, out: np.ndarray, *, position: int) -> bool:
        """Run the kernel."""
        return bool(
            mix_block(
                out,
                self.memory.pages,
                position,
                self.page,
                self.old_page,
                self.fade_left,
                self.correlation,
                self.gains,
                self.targets,
                self.smoothing,
                self.fade_samples,
                self.limiter,
                self.release,
            )
        )

    def flip(self) -> None:
        """Begin the crossfade to each page that has arrived."""
        published = self.memory.state["published"][0]
        for deck in range(N_DECKS):
            if published[deck] > self.generation[deck] and self.fade_left[deck] == 0:
                self.generation[deck] = published[deck]
                self.old_page[deck] = self.page[deck]
                self.page[deck] = published[deck] % N_PAGES
                self.fade_left[deck] = self.fade_samples
                self.correlation[deck] = self.memory.state["correlation"][0, deck, self.page[deck]]

    def settle(self) -> None:
        """Tell the worker which fades are over, so that it may write the pages behind them."""
        for deck in range(N_DECKS):
            if self.fade_left[deck] == 0:
                self.memory.state["sounding"][0, deck] = self.generation[deck]

    def aim(self) -> None:
        """Turn levels and widths into the gains that each loop is to reach."""
        state = self.memory.state
        values = state["controls"][0]
        master = values[SLOTS["/master/level"]][0]
        for deck in range(N_DECKS):
            level, width = values[LEVEL_SLOTS[deck]], values[WIDTH_SLOTS[deck]]
            wanted = (level, width, master, self.generation[deck])
            if tuple(self.aimed[deck]) != wanted:
                self.aimed[deck] = wanted
                weights = stereo_weights(width)
                covariance = state["covariance"][0, deck, max(self.page[deck], 0)]
                self.targets[deck] = weights * loudness_gain(weights, covariance) * (level * master) ** 2
