"""The files that the patch is told of: loops as WAV, spectrograms as PNG, the newest few of them."""

import collections
import contextlib
import os
import pathlib
import struct
import zlib

import numpy as np
import soundfile

from performer.errors import PerformerError

KEPT = 8
"""Pairs of files that stay: the patch may still read the ones before the newest."""
GAP_ROWS = 4
"""Dark rows between two spectrograms."""
ANCHORS = np.array([[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]])
"""Colours from silence to loud, evenly spaced."""


class LoopFiles:
    """Write the files of batches, and clear away the old ones.

    Parameters
    ----------
    folder : pathlib.Path
        Where; made if it is not there.
    kept : int
        Pairs that stay.

    Raises
    ------
    PerformerError
        If the folder cannot be made.
    """

    def __init__(self, folder: pathlib.Path, *, kept: int = KEPT) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PerformerError(
                f"{folder} cannot be made ({error.strerror}); a folder for the loops is needed; name another with "
                "--folder"
            ) from error
        self.folder = folder.resolve()
        self.kept = kept
        self.written: collections.deque[tuple[pathlib.Path, pathlib.Path]] = collections.deque()
        self.count = 0

    def write(self, audio: np.ndarray, mel: np.ndarray, *, sample_rate: int) -> tuple[pathlib.Path, pathlib.Path]:
        """Write a batch.

        Parameters
        ----------
        audio : np.ndarray [shape=(n_samples, 4)]
            float32 in [-1, 1].
        mel : np.ndarray [shape=(4, n_mels, n_frames)]
            About -1 to 1.
        sample_rate : int
            Hertz.

        Returns
        -------
        tuple of pathlib.Path
            The WAV of four channels of 16 bits, and the PNG of the four spectrograms below each other.

        Raises
        ------
        PerformerError
            If they cannot be written.
        """
        self.count += 1
        stem = f"loopgan-{os.getpid()}-{self.count}"
        wav, png = self.folder / f"{stem}.wav", self.folder / f"{stem}.png"
        try:
            soundfile.write(wav, audio, sample_rate, subtype="PCM_16")
            png.write_bytes(write_png(stack_pictures(mel)))
        except (OSError, soundfile.SoundFileError) as error:
            raise PerformerError(
                f"{wav} cannot be written ({error}); room for the loops is needed; name another place with --folder"
            ) from error
        self.written.append((wav, png))
        while len(self.written) > self.kept:
            remove(*self.written.popleft())
        return wav, png

    def close(self) -> None:
        """Remove what is left."""
        while self.written:
            remove(*self.written.popleft())


def remove(*paths: pathlib.Path) -> None:
    """Remove files, if they can be."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def stack_pictures(mel: np.ndarray) -> np.ndarray:
    """Colour spectrograms and set them below each other, high bands on top, `[height, width, 3]` uint8."""
    level = np.clip((mel[:, ::-1] + 1) / 2, 0, 1)
    places = np.linspace(0, 1, len(ANCHORS))
    coloured = np.stack([np.interp(level, places, ANCHORS[:, channel]) for channel in range(3)], axis=-1)
    gaps = np.zeros((len(mel), GAP_ROWS, *coloured.shape[2:]))
    rows = np.concatenate([coloured, gaps], axis=1).reshape(-1, *coloured.shape[2:])
    return rows[:-GAP_ROWS].round().astype(np.uint8)


def write_png(picture: np.ndarray) -> bytes:
    """Write a picture of three colours as PNG.

    Parameters
    ----------
    picture : np.ndarray [shape=(height, width, 3)]
        uint8.

    References
    ----------
    W3C, Portable Network Graphics Specification, chunks IHDR, IDAT, IEND.
    """
    height, width = picture.shape[:2]
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # each line begins with its filter: 0, none
    lines[:, 1:] = picture.reshape(height, -1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(lines.tobytes(), level=6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
