"""A file -> mono audio at 48 kHz, in parts of ten minutes, and where it is clipped."""

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Iterator

import numpy as np
import soundfile
import soxr
from scipy import ndimage

from directions.loop_file import SUFFIXES
from training.audio_names import printable
from training.errors import TrainingError
from training.recordings.onsets import SAMPLE_RATE

PART_S = 600.0
CLIP_BLOCK_S = 0.1
FLAT, FLAT_SAMPLES = 2e-4, 3
"""So many samples in a row, so near to the peak, are clipped; of any sine it is 1.3 % of the samples."""
MISSING = 7
"""What libsndfile says of a file that is not there, and of one whose noise it first takes for MP3."""
HASHED_BYTES = 2**20
"""How much of either end of a file tells it from others."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recording:
    """A part of a file."""

    audio: np.ndarray
    """float32 `[n_samples]`, mono at 48 kHz."""
    clipped: np.ndarray
    """Share of clipped samples in each tenth of a second, float64."""
    position_s: float
    """Where in the file it begins."""
    whole: bool
    """Whether it is all of the file."""
    source_samples: int
    """Samples at the file's own rate."""
    source_rate: int
    """The file's own rate, in hertz."""


def find_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """List the audio files below a folder, sorted.

    Raises
    ------
    TrainingError
        If there is no such folder, or no audio file in it.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder, a folder of audio files is needed; check its name")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise TrainingError(
            f"{folder}: holds no audio file, at least one (.wav, .flac, .mp3, .ogg, .aiff) is needed; choose another "
            "folder"
        )
    return paths


def file_digest(path: pathlib.Path) -> str:
    """Tell a file from others by its size and both its ends: a sha256 in hexadecimal."""
    total = hashlib.sha256(str(path.stat().st_size).encode())
    with path.open("rb") as file:
        total.update(file.read(HASHED_BYTES))
        file.seek(max(0, path.stat().st_size - HASHED_BYTES))
        total.update(file.read(HASHED_BYTES))
    return total.hexdigest()


def read_parts(path: pathlib.Path) -> Iterator[Recording]:
    """Read a file part by part.

    Yields
    ------
    Recording
        Its parts, in order.

    Raises
    ------
    TrainingError
        If it cannot be read.
    """
    try:
        with soundfile.SoundFile(os.fsencode(path)) as file:  # a name need not be UTF-8
            part = round(PART_S * file.samplerate)
            position = 0
            while len(read := file.read(part, dtype="float32", always_2d=True)):
                whole = position == 0 and len(read) < part
                yield make_recording(read, file.samplerate, position_s=position / file.samplerate, whole=whole)
                position += len(read)
    except (OSError, soundfile.SoundFileError) as error:
        raise TrainingError(
            f"{printable(str(path))}: cannot be read ({reason(error, path)}), an audio file is needed; replace or "
            "delete it"
        ) from error
    if not position:
        raise TrainingError(f"{printable(str(path))}: holds no samples, an audio file is needed; replace or delete it")


def reason(error: Exception, path: pathlib.Path) -> str:
    """Say why a file could not be read, without its name."""
    if getattr(error, "code", None) == MISSING and path.is_file():
        return "no format that is known"
    return str(getattr(error, "error_string", error)).rstrip(".")


def make_recording(read: np.ndarray, rate: int, *, position_s: float, whole: bool) -> Recording:
    """Mix channels, resample, and note where a part of a file, float32 `[n, n_channels]`, is clipped."""
    finite = np.nan_to_num(read, copy=False, posinf=0.0, neginf=0.0)
    mono = finite.mean(axis=1)
    return Recording(
        audio=resample(mono, rate, circular=whole),
        clipped=clipped_shares(finite, rate),
        position_s=position_s,
        whole=whole,
        source_samples=len(read),
        source_rate=rate,
    )


def resample(mono: np.ndarray, rate: int, *, circular: bool) -> np.ndarray:
    """Resample to 48 kHz, float32; if circular, as though it went round, so that a loop stays one."""
    if rate == SAMPLE_RATE:
        return np.ascontiguousarray(mono, np.float32)
    n = round(len(mono) * SAMPLE_RATE / rate)
    margin = rate // 10 if circular else 0  # whole samples at both rates: all rates are multiples of 10 Hz but odd ones
    around = np.take(mono, np.arange(-margin, len(mono) + margin), mode="wrap")
    first = round(margin * SAMPLE_RATE / rate)
    out = soxr.resample(around, rate, SAMPLE_RATE, quality="VHQ")[first : first + n]
    return np.pad(out, (0, n - len(out))).astype(np.float32)


def clipped_shares(samples: np.ndarray, rate: int) -> np.ndarray:
    """Measure the share of samples that stand still at the peak in each tenth of a second: float64."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    full = (np.abs(samples) >= (1 - FLAT) * peak).any(axis=1) if peak > 0 else np.zeros(len(samples), bool)
    flat = ndimage.binary_opening(full, np.ones(FLAT_SAMPLES, bool))
    block = max(1, round(CLIP_BLOCK_S * rate))
    starts = np.arange(0, len(flat), block)
    return np.add.reduceat(flat.astype(float), starts) / block
