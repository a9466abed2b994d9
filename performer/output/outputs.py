"""Where the sound goes: what every output has in common, and those that follow the system's clock."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

N_CHANNELS = 2
"""Channels of the master."""
BLOCK_SIZE = 256
"""Samples a block, 5.3 ms at 48 kHz."""
BEHIND_S = 1.0
"""A paced output that is later than this gives up catching up."""

Render = Callable[[np.ndarray, float], None]
"""Fills a float32 block `[block_size, n_channels]` that is heard so many seconds from now."""


class Output(Protocol):
    """Something that asks for blocks in real time."""

    description: str
    """What it is, for the performer."""

    def failure(self) -> str | None:
        """Say why it no longer plays, or None while it does."""

    def close(self) -> None:
        """Stop asking."""


class PacedOutput:
    """Something without a clock of its own, asked for blocks at the pace of the system's clock.

    Parameters
    ----------
    render : callable
        Fills blocks.
    underrun : callable
        Called when the machine was so late that blocks were given up.
    sample_rate : int
        In hertz.
    n_channels : int
        Of a block.
    block_size : int
        Samples a block.
    """

    description = "null, in real time"

    def __init__(
        self,
        *,
        render: Render,
        underrun: Callable[[], None],
        sample_rate: int,
        n_channels: int = N_CHANNELS,
        block_size: int = BLOCK_SIZE,
    ) -> None:
        self.render = render
        self.underrun = underrun
        self.sample_rate = sample_rate
        self.n_channels = n_channels
        self.block_size = block_size
        self.closing = threading.Event()
        self.error: str | None = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self) -> "PacedOutput":
        """Begin to ask for blocks."""
        self.thread.start()
        return self

    def run(self) -> None:
        """Ask for a block whenever one is due."""
        block = np.zeros((self.block_size, self.n_channels), np.float32)
        due_s = time.monotonic()
        while not self.closing.wait(max(due_s - time.monotonic(), 0)):
            try:
                self.render(block, due_s - time.monotonic())  # due when it was due, however late the thread woke
                self.write(block)
            except Exception as error:  # noqa: BLE001 - the outermost live loop: told, and a fresh process goes on
                self.error = f"{self.description}: {error!r}"
                return
            due_s += self.block_size / self.sample_rate
            if time.monotonic() - due_s > BEHIND_S:
                due_s = time.monotonic()
                self.underrun()

    def write(self, block: np.ndarray) -> None:
        """Take a block; here it is dropped."""

    def failure(self) -> str | None:
        """Say why nothing is taken any more, or None while it is."""
        return self.error

    def close(self) -> None:
        """Stop asking."""
        self.closing.set()
        self.thread.join()
