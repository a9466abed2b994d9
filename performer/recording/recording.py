"""A recording in files that are whole at every moment: where one is full, or the disk was, the next goes on."""

import contextlib
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from performer.console import say

RETRY_S = 5.0
"""Time between attempts to go on with a recording."""


class SoundFile(Protocol):
    """A file that grows by blocks of sound and is whole after each."""

    @property
    def n_samples(self) -> int:
        """Samples that it holds for good, whatever happens next."""

    def is_full(self) -> bool:
        """Whether nothing more fits into a file of this kind."""

    def write(self, block: np.ndarray) -> None:
        """Append a block, float32 `[n, n_channels]`; OSError if that fails."""

    def close(self) -> None:
        """Finish the file."""

    def remove(self) -> None:
        """Take it off the disk."""


class Recording:
    """A series of files: `set.wav`, `set-2.wav`, `set-3.wav` ...

    Parameters
    ----------
    path : pathlib.Path
        Where the first one goes; no file is ever overwritten.
    begin : callable
        Begins a file of that name; OSError if that fails.
    lost : callable
        Told how many samples found no room.
    beside : sequence of str
        Suffixes of what else goes beside each file.
    """

    def __init__(
        self,
        path: pathlib.Path,
        *,
        begin: Callable[[pathlib.Path], SoundFile],
        lost: Callable[[int], None],
        beside: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.begin = begin
        self.lost = lost
        self.beside = beside
        self.current = path
        self.file: SoundFile | None = None
        self.told: pathlib.Path | None = None
        self.kept: pathlib.Path | None = None
        """The newest file that is finished and holds something."""
        self.failing = False
        self.retry_s = 0.0

    def write(self, block: np.ndarray) -> None:
        """Append a block; while that fails, it is lost, and from time to time a new file is tried."""
        try:
            if self.file is not None and self.file.is_full():
                self.close()
            if self.file is None:
                if time.monotonic() < self.retry_s:
                    self.lost(len(block))
                    return
                self.begin_next()
            if self.file is not None:
                self.file.write(block)
        except OSError as error:
            if not self.failing:
                say(f"{self.current}: {error.strerror}; the recording waits, a writable folder with room is needed")
            self.give_up()
            self.lost(len(block))
            return
        self.failing = False
        if self.current != self.told:
            say(f"{'the recording goes on in' if self.told else 'recording into'} {self.current}")
            self.told = self.current

    def begin_next(self) -> None:
        """Begin a file."""
        self.current = unused_path(self.path, beside=self.beside)
        self.file = self.begin(self.current)

    def give_up(self) -> None:
        """Leave a file that cannot be written to; what it holds stays readable."""
        file, self.file = self.file, None
        with contextlib.suppress(OSError):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()
                if file.n_samples == 0:
                    file.remove()
                else:
                    self.kept = self.current
        self.failing = True
        self.retry_s = time.monotonic() + RETRY_S

    def close(self) -> None:
        """Finish the newest file; one more block begins the next."""
        file, self.file = self.file, None
        try:
            if file is not None:
                file.close()
        except OSError as error:
            say(f"{self.current}: {error.strerror}; its very end is missing")
        if file is not None and file.n_samples > 0:
            self.kept = self.current


def unused_path(path: pathlib.Path, *, beside: Sequence[str] = ()) -> pathlib.Path:
    """Add the first number to a file's name that makes it new: `set.wav`, `set-2.wav`, `set-3.wav` ...

    Parameters
    ----------
    path : pathlib.Path
        A file that may be there already.
    beside : sequence of str
        Suffixes under which there is to be nothing either.

    Returns
    -------
    pathlib.Path
        In the same folder.
    """
    number = 2
    candidate = path
    while any(candidate.with_suffix(suffix).exists() for suffix in (path.suffix, *beside)):
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate
