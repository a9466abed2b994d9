"""24-bit FLAC files that decode whatever happens next."""

import pathlib
from typing import BinaryIO

import numpy as np
import soundfile

from performer.output.outputs import N_CHANNELS
from performer.output.wav_file import quantize

SYNC = b"\xff\xf8"
"""First bytes of a frame of constant block size."""
BLOCK_SIZE_AT, LENGTH_AT = 10, 21
"""Where STREAMINFO tells how many samples a frame has (16 bits), and how many there are in all (the last 36 of 40)."""
LENGTH_BITS = 36


class FlacFile:
    """A FLAC file that tells its length in whole frames after every block.

    libFLAC writes the length when it ends; a file without it is one that many players do not open.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes; FileExistsError if something is there.
    sample_rate : int
        In hertz.
    n_channels : int
        Of a block.

    References
    ----------
    RFC 9639 (2024), "Free Lossless Audio Codec", sections 8.2 and 9.1.
    """

    def __init__(self, path: pathlib.Path, *, sample_rate: int, n_channels: int = N_CHANNELS) -> None:
        self.path = path
        self.stream = FrameStream(path.open("xb+", buffering=0))
        self.file = soundfile.SoundFile(
            self.stream, "w", samplerate=sample_rate, channels=n_channels, format="FLAC", subtype="PCM_24"
        )

    @property
    def n_samples(self) -> int:
        """Samples of the frames that are on the disk; the newest frame, 4096 samples and less, is not yet."""
        return self.stream.n_samples

    def is_full(self) -> bool:
        """Never: a FLAC file holds 16 days and more."""
        return False

    def write(self, block: np.ndarray) -> None:
        """Append a block, float32 `[n, n_channels]`."""
        self.file.write(quantize(block) << 8)
        self.stream.tell_length()
        if self.stream.error is not None:
            raise self.stream.error

    def close(self) -> None:
        """Write the last frame and finish the file; OSError if that, or what was written before, failed."""
        self.file.close()
        self.stream.raw.close()
        if self.stream.error is not None:
            raise self.stream.error

    def remove(self) -> None:
        """Take it off the disk."""
        self.path.unlink(missing_ok=True)


class FrameStream:
    """What libFLAC writes into: counts frames, and after a failure takes nothing more.

    Parameters
    ----------
    raw : BinaryIO
        An empty file, unbuffered.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self.raw = raw
        self.end = 0
        self.n_frames = self.frame_samples = 0
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write a frame or a part of the header; a frame is written whole or not at all."""
        at = self.raw.tell()
        if self.error is None:
            try:
                written = 0
                while written < len(data):
                    written += self.raw.write(data[written:])
            except OSError as error:
                self.error = error
                self.raw.truncate(self.end)
        if self.error is None and at == self.end:
            self.end += len(data)
            if data.startswith(SYNC):
                self.n_frames += 1
                self.frame_samples = self.number(BLOCK_SIZE_AT, 2)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in the file."""
        return self.raw.seek(offset, whence)

    def tell(self) -> int:
        """Give the place in the file."""
        return self.raw.tell()

    def read(self, n: int = -1) -> bytes:
        """Read from that place."""
        return self.raw.read(n)

    @property
    def n_samples(self) -> int:
        """Samples of all frames."""
        return self.n_frames * self.frame_samples

    def number(self, at: int, n_bytes: int) -> int:
        """Read a number of the header."""
        before = self.raw.tell()
        self.raw.seek(at)
        value = int.from_bytes(self.raw.read(n_bytes), "big")
        self.raw.seek(before)
        return value

    def tell_length(self) -> None:
        """Write the length into the header, once there is one."""
        if self.n_frames == 0:
            return
        other_bits = self.number(LENGTH_AT, 5) >> LENGTH_BITS << LENGTH_BITS
        length, before = self.n_samples, self.raw.tell()
        self.raw.seek(LENGTH_AT)
        self.raw.write((other_bits | length).to_bytes(5, "big"))
        self.raw.seek(before)
