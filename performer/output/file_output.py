"""The output that is a file: the sound goes into a recording instead of to a device."""

import pathlib
from typing import Any

import numpy as np

from performer.errors import PerformerError
from performer.output.outputs import PacedOutput
from performer.output.wav_file import WavFile
from performer.recording.recording import Recording


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
        self.description = f"file {path}"
        self.begun = False
        self.recording = Recording(path, begin=self.begin, lost=lambda _: self.underrun())
        try:
            self.recording.file, self.recording.told = self.begin(path), path
        except FileExistsError as error:
            raise PerformerError(
                f"--device file:{path}: the file exists, a new one is needed; choose another name or move it away"
            ) from error
        except OSError as error:
            raise PerformerError(
                f"--device file:{path}: {error.strerror}; a file in a writable folder is needed; choose another path"
            ) from error

    def begin(self, path: pathlib.Path) -> WavFile:
        """Begin a file."""
        return WavFile(path, sample_rate=self.sample_rate, n_channels=self.n_channels)

    def write(self, block: np.ndarray) -> None:
        """Append a block, once there was sound."""
        self.begun = self.begun or bool(block.any())
        if self.begun:
            self.recording.write(block)

    def close(self) -> None:
        """Stop asking and close the file."""
        super().close()
        self.recording.close()
