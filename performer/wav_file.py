"""24-bit WAV files: a recording that is whole at every moment, and a render that is there whole or not at all."""

import contextlib
import pathlib
import time
import wave
from typing import Any

import numpy as np

from performer.console import say
from performer.errors import PerformerError
from performer.outputs import N_CHANNELS, PacedOutput

SAMPLE_BYTES = 3
HEADER_BYTES = 44
"""Bytes before the first sample: a file of this size holds no sound."""
MAX_FRAMES = (2**32 - 2**20) // (SAMPLE_BYTES * N_CHANNELS)
"""Samples that fit into one WAV file, 4.1 hours."""
RETRY_S = 5.0
"""Time between attempts to go on with a recording."""


def begin_wav(path: pathlib.Path, *, sample_rate: int) -> wave.Wave_write:
    """Open an existing file to write stereo 24-bit WAV (`wave` leaves a half-made object where it cannot open one)."""
    file = wave.open(str(path), "wb")  # noqa: SIM115 - the caller closes it
    file.setnchannels(N_CHANNELS)
    file.setsampwidth(SAMPLE_BYTES)
    file.setframerate(sample_rate)
    return file


class FileOutput(PacedOutput):
    """24-bit WAV files, whole after every block whatever happens next.

    The first begins with the first sound. Where one is full (4 GB), or the disk was, the next goes on.

    Parameters
    ----------
    path : pathlib.Path
        Where the first one goes; no file is ever overwritten.
    **paced
        As of `PacedOutput`.

    Raises
    ------
    PerformerError
        If the file exists or cannot be written.
    """

    def __init__(self, path: pathlib.Path, **paced: Any) -> None:
        super().__init__(**paced, block_size=4096)
        self.path = self.current = path
        self.description = f"file {path}"
        self.begun = False
        self.going = True
        self.retry_s = 0.0
        try:
            path.touch(exist_ok=False)
            self.file: wave.Wave_write | None = begin_wav(path, sample_rate=self.sample_rate)
        except FileExistsError as error:
            raise PerformerError(
                f"--device file:{path}: the file exists, a new one is needed; choose another name or move it away"
            ) from error
        except OSError as error:
            raise PerformerError(
                f"--device file:{path}: {error.strerror}; a file in a writable folder is needed; choose another path"
            ) from error

    def write(self, block: np.ndarray) -> None:
        """Append a block and bring the header up to date; while that fails, count and try again with a new file."""
        self.begun = self.begun or bool(block.any())
        if not self.begun:
            return
        if self.file is not None and self.file.getnframes() > MAX_FRAMES:
            self.file.close()
            self.file = None
        try:
            if self.file is None and time.monotonic() >= self.retry_s:
                self.begin_next()
            if self.file is None:
                self.underrun()
                return
            self.file.writeframes(pcm24(block))
        except OSError as error:
            if self.going:
                say(f"{self.description}: {error.strerror}; the recording waits, room on the disk is needed; free some")
            self.give_up_file()
            self.underrun()
            return
        if not self.going:
            self.going = True
            say(f"the recording goes on in {self.current}")

    def begin_next(self) -> None:
        """Begin the next file."""
        self.going = False
        self.current = unused_path(self.path)
        self.description = f"file {self.current}"
        self.current.touch(exist_ok=False)
        self.file = begin_wav(self.current, sample_rate=self.sample_rate)

    def give_up_file(self) -> None:
        """Leave a file that cannot be written to; what it holds up to the last whole block stays readable."""
        with contextlib.suppress(OSError):
            if self.file is not None:
                self.file.close()
        with contextlib.suppress(OSError):
            if self.current.stat().st_size <= HEADER_BYTES:
                self.current.unlink()
        self.file = None
        self.going = False
        self.retry_s = time.monotonic() + RETRY_S

    def close(self) -> None:
        """Stop asking and close the file."""
        super().close()
        if self.file is not None:
            self.file.close()


def pcm24(block: np.ndarray) -> bytes:
    """Write samples as 24-bit little-endian PCM.

    Parameters
    ----------
    block : np.ndarray [shape=(block_size, n_channels)]
        float32 in [-1, 1]; clipped.

    Returns
    -------
    bytes
        Three bytes a sample, interleaved.
    """
    whole = np.round(np.clip(block, -1, 1).astype(np.float64) * (2**23 - 1)).astype("<i4")
    return np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def unused_path(path: pathlib.Path) -> pathlib.Path:
    """Add the first number to a file's name that makes it new: `set.wav`, `set-2.wav`, `set-3.wav` ..."""
    number = 2
    candidate = path
    while candidate.exists():
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate


def write_wav(path: pathlib.Path, audio: np.ndarray, *, sample_rate: int) -> None:
    """Write a 24-bit WAV file whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes; an older file there is replaced once the new one is complete.
    audio : np.ndarray [shape=(n_samples, 2)]
        float32 in [-1, 1].
    sample_rate : int
        In hertz.

    Raises
    ------
    PerformerError
        If the folder cannot be written to.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.touch()
        with begin_wav(partial, sample_rate=sample_rate) as wav:
            wav.writeframes(pcm24(audio))
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise PerformerError(
            f"{path}: {error.strerror}; a file in a writable folder is needed; choose another path"
        ) from error
