"""A corpus: loops in shards that are read from disk as they are needed, and a manifest that says where each is from.

::

    folder/shard-00000.npy   int16 [n, n_samples], full scale 1.0, memory-mapped on reading
    folder/manifest.jsonl    one line a loop: shard, index, genre, source, licence, tempo_bpm, split, sha256

The manifest is written last: a folder without it is a run that was cut.
"""

import dataclasses
import hashlib
import io
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from melgan_vocoder.format import MelFormat
from training.errors import TrainingError
from training.manifest import MANIFEST, SPLITS, CorpusEntry, read_manifest, split_of

FULL_SCALE = 32_767
"""Stored value of 1.0."""
SHARD_LOOPS = 512
"""Loops of a shard, about 200 MB."""
N_SAMPLES = MelFormat().n_samples
"""Samples of a loop."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CorpusLoop:
    """A loop on its way into a corpus."""

    audio: np.ndarray
    """float32 in [-1, 1] or int16, `[n_samples]`."""
    genre: str
    """Name of its genre."""
    source: str
    """Where it comes from: a file's name, or the seed it was drawn from."""
    licence: str
    """SPDX name of its licence."""
    tempo_bpm: float = MelFormat().tempo_bpm
    """Tempo of the source, in beats a minute."""
    split: str = ""
    """One of `SPLITS`; chosen by `split_of(source)` if empty."""


def to_int16(audio: np.ndarray) -> np.ndarray:
    """Store float32 audio in [-1, 1] as little-endian int16; int16 stays as it is."""
    if audio.dtype == np.int16:
        return audio.astype("<i2")
    return np.round(np.clip(audio, -1, 1) * np.float32(FULL_SCALE)).astype("<i2")


def shard_header(n_loops: int) -> bytes:
    """Header of a shard's `.npy` file; numpy pads it, so that its length is that of any other count's."""
    header = io.BytesIO()
    description = {"descr": "<i2", "fortran_order": False, "shape": (n_loops, N_SAMPLES)}
    np.lib.format.write_array_header_1_0(header, description)
    return header.getvalue()


def write_corpus(
    folder: pathlib.Path,
    loops: Iterable[CorpusLoop],
    *,
    shard_loops: int = SHARD_LOOPS,
    advance: Callable[[int], None] | None = None,
) -> int:
    """Write a corpus.

    Parameters
    ----------
    folder : pathlib.Path
        Where it goes; made if missing, and must be empty.
    loops : iterable of CorpusLoop
        The loops; taken one by one and not kept.
    shard_loops : int
        Loops of a shard.
    advance : callable, optional
        Called with 1 after each loop, for a progress bar.

    Returns
    -------
    int
        How many loops were written.

    Raises
    ------
    TrainingError
        If the folder is not empty, or a loop has another length, is not finite, or has a split that does not exist.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TrainingError(f"{folder}: already there, an empty or new folder is needed; delete it or choose another")
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[CorpusEntry] = []
    numbered = iter(enumerate(loops))
    while batch := write_shard(folder, numbered, shard=len(entries) // shard_loops, limit=shard_loops, advance=advance):
        entries += batch
    partial = folder / f"{MANIFEST}.partial"
    with partial.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(dataclasses.asdict(entry)) + "\n" for entry in entries)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / MANIFEST)
    return len(entries)


def write_shard(
    folder: pathlib.Path,
    numbered: Iterator[tuple[int, CorpusLoop]],
    *,
    shard: int,
    limit: int,
    advance: Callable[[int], None] | None,
) -> list[CorpusEntry]:
    """Write up to `limit` loops as one shard and return their entries; without loops, write nothing."""
    entries: list[CorpusEntry] = []
    name = f"shard-{shard:05d}.npy"
    partial = folder / f"{name}.partial"
    with partial.open("wb") as file:
        file.write(shard_header(limit))
        while len(entries) < limit and (item := next(numbered, None)) is not None:
            stored = check_loop(item[1], number=item[0]).tobytes()
            file.write(stored)
            entries.append(make_entry(item[1], shard=name, index=len(entries), stored=stored))
            if advance is not None:
                advance(1)
        file.seek(0)
        file.write(shard_header(len(entries)))
        file.flush()
        os.fsync(file.fileno())
    if entries:
        partial.replace(folder / name)
    else:
        partial.unlink()
    return entries


def check_loop(loop: CorpusLoop, *, number: int) -> np.ndarray:
    """Check a loop and store it as int16.

    Raises
    ------
    TrainingError
        If its length, its values or its split do not fit.
    """
    where = f"loop {number} ({loop.source})"
    if loop.audio.shape != (N_SAMPLES,):
        raise TrainingError(
            f"{where}: its shape is {loop.audio.shape}, ({N_SAMPLES},) is needed; cut it to 2 bars at 120 BPM"
        )
    if not np.all(np.isfinite(loop.audio)):
        raise TrainingError(f"{where}: holds values that are no number, finite audio is needed; leave it out")
    if loop.split not in ("", *SPLITS):
        raise TrainingError(f"{where}: its split is {loop.split!r}, one of {', '.join(SPLITS)} is needed; correct it")
    return to_int16(loop.audio)


def make_entry(loop: CorpusLoop, *, shard: str, index: int, stored: bytes) -> CorpusEntry:
    """Describe a stored loop."""
    return CorpusEntry(
        shard=shard,
        index=index,
        genre=loop.genre,
        source=loop.source,
        licence=loop.licence,
        tempo_bpm=loop.tempo_bpm,
        split=loop.split or split_of(loop.source),
        sha256=hashlib.sha256(stored).hexdigest(),
    )


class Corpus:
    """A corpus on disk, read loop by loop.

    Use `Corpus.open`. Cheap to send to another process: it is opened again there.

    Parameters
    ----------
    folder : pathlib.Path
        Where it lies.
    entries : list of CorpusEntry
        Its manifest.
    shards : dict of str to np.ndarray
        int16 `[n, n_samples]` by name of the file, memory-mapped.
    """

    def __init__(self, folder: pathlib.Path, entries: list[CorpusEntry], *, shards: dict[str, np.ndarray]) -> None:
        self.folder = folder
        self.entries = entries
        self.shards = shards

    @classmethod
    def open(cls, folder: pathlib.Path) -> "Corpus":
        """Open a corpus; its loops stay on disk.

        Parameters
        ----------
        folder : pathlib.Path
            What `write_corpus` wrote.

        Returns
        -------
        Corpus
            The corpus.

        Raises
        ------
        TrainingError
            If the manifest is missing, empty or broken, or a shard is missing, cut, or of another shape or type.
        """
        entries = read_manifest(folder)
        shards = {name: open_shard(folder / name) for name in sorted({entry.shard for entry in entries})}
        for entry in entries:
            if not 0 <= entry.index < len(shards[entry.shard]):
                raise TrainingError(
                    f"{folder / entry.shard}: holds {len(shards[entry.shard])} loops, {MANIFEST} names loop "
                    f"{entry.index}; write the corpus again"
                )
        return cls(folder, entries, shards=shards)

    def __len__(self) -> int:
        return len(self.entries)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Corpus.open, (self.folder,))

    def loop(self, i: int) -> np.ndarray:
        """Read a loop: float32 `[n_samples]` in [-1, 1]."""
        entry = self.entries[i]
        return self.shards[entry.shard][entry.index].astype(np.float32) / np.float32(FULL_SCALE)

    def split(self, name: str, *, genre: str | None = None) -> list[int]:
        """Find the loops of a split.

        Parameters
        ----------
        name : str
            One of `SPLITS`.
        genre : str, optional
            Only those of a genre.

        Returns
        -------
        list of int
            Their numbers, ascending.

        Raises
        ------
        TrainingError
            If there is no such split.
        """
        if name not in SPLITS:
            raise TrainingError(f"split is {name!r}, one of {', '.join(SPLITS)} is needed; choose one")
        return [
            number for number, entry in enumerate(self.entries) if entry.split == name and genre in (None, entry.genre)
        ]

    def verify(self) -> None:
        """Compare every loop with its sum in the manifest.

        Raises
        ------
        TrainingError
            Naming the first loop that was changed.
        """
        for number, entry in enumerate(self.entries):
            if hashlib.sha256(self.shards[entry.shard][entry.index].tobytes()).hexdigest() != entry.sha256:
                raise TrainingError(
                    f"{self.folder / entry.shard}: loop {entry.index} (number {number}) is not the one that was "
                    "written, its sha256 differs; write the corpus again"
                )


def open_shard(path: pathlib.Path) -> np.ndarray:
    """Map a shard into memory: int16 `[n, n_samples]`.

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
    if shard.dtype != np.dtype("<i2") or shard.ndim != 2 or shard.shape[1] != N_SAMPLES:
        raise TrainingError(
            f"{path}: holds {shard.dtype} {shard.shape}, int16 (n, {N_SAMPLES}) is needed; write the corpus again"
        )
    return shard
