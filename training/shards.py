"""Shards: the files that hold a corpus's loops as int16, mapped into memory and not read."""

import io
import pathlib

import numpy as np

from melgan_vocoder.format import MelFormat
from training.errors import TrainingError
from training.manifest import MANIFEST, CorpusEntry

FULL_SCALE = 32_767
"""Stored value of 1.0."""
N_SAMPLES = MelFormat().n_samples
"""Samples of a loop at 120 BPM."""


def to_int16(audio: np.ndarray) -> np.ndarray:
    """Store float32 audio in [-1, 1] as little-endian int16; int16 stays as it is."""
    if audio.dtype == np.int16:
        return audio.astype("<i2")
    return np.round(np.clip(audio, -1, 1) * np.float32(FULL_SCALE)).astype("<i2")


def shard_header(n_loops: int) -> bytes:
    """Header of a shard whose loops are rows; numpy pads it, so that its length is that of any other shard's."""
    return npy_header((n_loops, N_SAMPLES))


def flat_header(n_samples: int) -> bytes:
    """Header of a shard whose loops, of so many samples together, lie end to end; as long as any other's."""
    return npy_header((n_samples,))


def npy_header(shape: tuple[int, ...]) -> bytes:
    """Header of a `.npy` file of int16."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<i2", "fortran_order": False, "shape": shape})
    return header.getvalue()


def open_shard(path: pathlib.Path, *, flat: bool) -> np.ndarray:
    """Map a shard into memory: int16 `[n, n_samples]`, or `[n_samples in all]` if it is flat.

    Raises
    ------
    TrainingError
        If it is missing, cut, or of another shape or type.
    """
    if not path.is_file():
        raise TrainingError(f"{path}: no such file, {MANIFEST} names it; copy it again or write the corpus again")
    try:
        shard = np.load(path, mmap_mode="r")
    except (ValueError, EOFError, OSError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({error}), a whole .npy file is needed; copy it again or write the corpus again"
        ) from error
    fits = shard.ndim == 1 if flat else shard.ndim == 2 and shard.shape[1] == N_SAMPLES
    if shard.dtype != np.dtype("<i2") or not fits:
        needed = "(n,)" if flat else f"(n, {N_SAMPLES})"
        raise TrainingError(
            f"{path}: holds {shard.dtype} {shard.shape}, int16 {needed} is needed; write the corpus again"
        )
    return shard


def require_inside(entry: CorpusEntry, shard: np.ndarray, *, path: pathlib.Path) -> None:
    """Check that a loop lies in its shard.

    Raises
    ------
    TrainingError
        If it does not, or other loops of the shard are found in another way.
    """
    if (entry.start is None) != (shard.ndim == 2):
        raise TrainingError(
            f"{path}: loop {entry.index} has {'no' if entry.start is None else 'a'} start in {MANIFEST} and others of "
            "the shard differ, all must agree; write the corpus again"
        )
    if entry.start is None and not 0 <= entry.index < len(shard):
        raise TrainingError(
            f"{path}: holds {len(shard)} loops, {MANIFEST} names loop {entry.index}; write the corpus again"
        )
    if entry.start is not None and not 0 <= entry.start <= shard.size - entry.n_samples:
        raise TrainingError(
            f"{path}: holds {shard.size} samples, {MANIFEST} has loop {entry.index} at {entry.start} to "
            f"{entry.start + entry.n_samples}; write the corpus again"
        )
