"""24-bit WAV files: one that is whole at every moment, and one that is there whole or not at all."""

import contextlib
import pathlib
import wave

import numpy as np

from performer.errors import PerformerError
from performer.output.outputs import N_CHANNELS

SAMPLE_BYTES = 3
MAX_BYTES = 2**32 - 2**20
"""Sound that fits into one WAV file; stereo for 4.1 hours."""


def begin_wav(path: pathlib.Path, *, sample_rate: int, n_channels: int = N_CHANNELS) -> wave.Wave_write:
    """Open an existing file to write 24-bit WAV (`wave` leaves a half-made object where it cannot open one)."""
    file = wave.open(str(path), "wb")  # noqa: SIM115 - the caller closes it
    file.setnchannels(n_channels)
    file.setsampwidth(SAMPLE_BYTES)
    file.setframerate(sample_rate)
    return file


class WavFile:
    """A 24-bit WAV file whose header is brought up to date with every block.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes; FileExistsError if something is there.
    sample_rate : int
        In hertz.
    n_channels : int
        Of a block.
    """

    def __init__(self, path: pathlib.Path, *, sample_rate: int, n_channels: int = N_CHANNELS) -> None:
        self.path = path
        self.n_channels = n_channels
        path.touch(exist_ok=False)
        self.file = begin_wav(path, sample_rate=sample_rate, n_channels=n_channels)

    @property
    def n_samples(self) -> int:
        """Samples that it holds."""
        return self.file.getnframes()

    def is_full(self) -> bool:
        """Whether nothing more fits into a WAV file."""
        return self.n_samples * SAMPLE_BYTES * self.n_channels > MAX_BYTES

    def write(self, block: np.ndarray) -> None:
        """Append a block, float32 `[n, n_channels]`."""
        self.file.writeframes(pcm24(block))

    def close(self) -> None:
        """Finish the file."""
        self.file.close()

    def remove(self) -> None:
        """Take it off the disk."""
        self.path.unlink(missing_ok=True)


def quantize(block: np.ndarray) -> np.ndarray:
    """Round samples to 24 bits.

    Parameters
    ----------
    block : np.ndarray [shape=(block_size, n_channels)]
        float32 in [-1, 1]; clipped.

    Returns
    -------
    np.ndarray [shape=(block_size, n_channels)]
        int32, -(2**23 - 1) to 2**23 - 1.
    """
    return np.round(np.clip(block, -1, 1).astype(np.float64) * (2**23 - 1)).astype(np.int32)


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
    whole = quantize(block).astype("<i4")
    return np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)[:, :SAMPLE_BYTES].tobytes()


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
