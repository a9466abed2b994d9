"""A take: a file of sound and, beside it, the control log from which it can be rendered again."""

import contextlib
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from performer.errors import PerformerError
from performer.output.flac_file import FlacFile
from performer.output.wav_file import WavFile
from performer.recording.control_log import SUFFIX
from performer.recording.ledger import to_line
from performer.recording.recording import SoundFile, unused_path

FORMATS: dict[str, Callable[..., SoundFile]] = {".flac": FlacFile, ".wav": WavFile}
"""Kinds of sound files, by suffix."""
CHUNK_BYTES = 1 << 16
MARK_S = 0.25
"""Time between two lines of the log that tell how far the sound goes."""


class Take:
    """One file of a recording, and its log.

    Parameters
    ----------
    path : pathlib.Path
        Of the sound, with one of the suffixes of `FORMATS`.
    ledger : pathlib.Path
        All of it goes into the log.
    header : mapping
        From `control_log.make_header`.
    start : int
        Position of the first sample.
    sample_rate : int
        In hertz.
    """

    def __init__(
        self, path: pathlib.Path, *, ledger: pathlib.Path, header: Mapping[str, Any], start: int, sample_rate: int
    ) -> None:
        self.log_path = path.with_suffix(SUFFIX)
        self.position = self.marked = self.start = start
        self.sample_rate = sample_rate
        with contextlib.ExitStack() as opened:
            self.sound = FORMATS[path.suffix.lower()](path, sample_rate=sample_rate)
            opened.callback(self.sound.remove)
            opened.callback(self.sound.close)
            self.log = opened.enter_context(self.log_path.open("xb"))
            self.ledger = opened.enter_context(ledger.open("rb"))
            self.tell({**header, "sound": path.name, "sample_rate": sample_rate, "start": start})
            opened.pop_all()

    @property
    def n_samples(self) -> int:
        """Samples that the file of sound holds for good."""
        return self.sound.n_samples

    def is_full(self) -> bool:
        """Whether the file of sound is full."""
        return self.sound.is_full()

    def write(self, block: np.ndarray) -> None:
        """Append a block of sound, and before it what made it."""
        self.follow()
        self.sound.write(block)
        self.position += len(block)
        if self.position - self.marked >= MARK_S * self.sample_rate:
            self.mark()

    def follow(self) -> None:
        """Copy the whole lines that the ledger has grown by."""
        while chunk := self.ledger.read(CHUNK_BYTES):
            whole = chunk.rfind(b"\n") + 1
            self.ledger.seek(whole - len(chunk), 1)
            if whole == 0:
                break
            self.log.write(chunk[:whole])
        self.log.flush()

    def mark(self) -> None:
        """Say in the log how far the sound goes."""
        self.marked = self.position
        self.tell({"end": self.position})

    def tell(self, entry: Mapping[str, Any]) -> None:
        """Write a line of this take alone."""
        self.log.write(to_line(entry))
        self.log.flush()

    def close(self) -> None:
        """Finish both files."""
        with contextlib.ExitStack() as finished:
            finished.callback(self.ledger.close)
            finished.callback(self.log.close)
            finished.callback(self.sound.close)
            self.mark()

    def remove(self) -> None:
        """Take both files off the disk."""
        self.sound.remove()
        self.log_path.unlink(missing_ok=True)


def require_new(path: pathlib.Path, *, option: str) -> pathlib.Path:
    """Check that a recording can begin in a file of that name.

    Raises
    ------
    PerformerError
        If something of that name exists, or there is no such folder.
    """
    if unused_path(path, beside=(SUFFIX,)) != path:
        raise PerformerError(
            f"{option} {path}: a file of that name exists, a new one is needed; choose another name or move it away"
        )
    if not path.parent.is_dir():
        raise PerformerError(f"{option} {path}: there is no folder {path.parent}; make it or choose another")
    return path
