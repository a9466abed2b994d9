"""A corpus: loops in shards that are read from disk as they are needed, and a manifest that says where each is from.

::

    folder/shard-00000.npy   int16, full scale 1.0, memory-mapped on reading: [n, n_samples], a loop a row;
                             or, where loops have tempi of their own, [n_samples in all], one after the other
    folder/manifest.jsonl    one line a loop: shard, index, genre, source, licence, tempo_bpm, split, sha256;
                             where it was cut, position_s; where loops are not rows, start

A loop is 8 beats at its `tempo_bpm`, rounded to a sample: 192 000 samples at 120. The manifest is written last: a
folder without it is a run that was cut.
"""

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from melgan_vocoder.format import MelFormat
from training.errors import TrainingError
from training.manifest import MANIFEST, SPLITS, CorpusEntry, loop_samples, read_manifest, split_of
from training.shards import FULL_SCALE, N_SAMPLES, flat_header, open_shard, require_inside, shard_header, to_int16

__all__ = [
    "FULL_SCALE",
    "MANIFEST",
    "N_SAMPLES",
    "SHARD_LOOPS",
    "Corpus",
    "CorpusLoop",
    "shard_header",
    "to_int16",
    "write_corpus",
]

SHARD_LOOPS = 512
"""Loops of a shard, about 200 MB."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CorpusLoop:
    """A loop on its way into a corpus."""

    audio: np.ndarray
    """float32 in [-1, 1] or int16, `[loop_samples(tempo_bpm)]`."""
    genre: str
    """Name of its genre."""
    source: str
    """Where it comes from: a file's name, or the seed it was drawn from."""
    licence: str
    """SPDX name of its licence."""
    tempo_bpm: float = MelFormat().tempo_bpm
    """Its tempo, in beats a minute."""
    split: str = ""
    """One of `SPLITS`; chosen by `split_of(source)` if empty."""
    position_s: float | None = None
    """Seconds of the source at which it begins, if it was cut."""


def write_corpus(
    folder: pathlib.Path,
    loops: Iterable[CorpusLoop],
    *,
    shard_loops: int = SHARD_LOOPS,
    advance: Callable[[int], None] | None = None,
) -> int:
    """Write a corpus, whole or not at all: what stops it, an error or Ctrl-C, leaves the folder empty.

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
    try:
        while batch := write_shard(
            folder, numbered, shard=len(entries) // shard_loops, limit=shard_loops, advance=advance
        ):
            entries += batch
        write_manifest(folder, entries)
    except BaseException:
        for path in (*folder.glob("shard-*"), *folder.glob(f"{MANIFEST}*")):
            path.unlink()
        raise
    return len(entries)


def write_manifest(folder: pathlib.Path, entries: Iterable[CorpusEntry]) -> None:
    """Write the manifest of a corpus, whole or not at all."""
    partial = folder / f"{MANIFEST}.partial"
    with partial.open("w", encoding="utf-8") as file:
        file.writelines(f"{entry.to_json()}\n" for entry in entries)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / MANIFEST)


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
    written = 0
    with partial.open("wb") as file:
        file.write(shard_header(limit))
        while len(entries) < limit and (item := next(numbered, None)) is not None:
            audio = check_loop(item[1], number=item[0])
            stored = audio.tobytes()
            file.write(stored)
            entries.append(make_entry(item[1], shard=name, index=len(entries), start=written, stored=stored))
            written += audio.size
            if advance is not None:
                advance(1)
        rows = all(entry.n_samples == N_SAMPLES for entry in entries)
        file.seek(0)
        file.write(shard_header(len(entries)) if rows else flat_header(written))
        file.flush()
        os.fsync(file.fileno())
    if entries:
        partial.replace(folder / name)
    else:
        partial.unlink()
    return [dataclasses.replace(entry, start=None) for entry in entries] if rows else entries


def check_loop(loop: CorpusLoop, *, number: int) -> np.ndarray:
    """Check a loop and store it as int16.

    Raises
    ------
    TrainingError
        If its length, its values or its split do not fit.
    """
    where = f"loop {number} ({loop.source})"
    if loop.audio.shape != (loop_samples(loop.tempo_bpm),):
        raise TrainingError(
            f"{where}: its shape is {loop.audio.shape}, ({loop_samples(loop.tempo_bpm)},) is needed; cut it to 2 bars "
            f"at {loop.tempo_bpm:g} BPM"
        )
    if not np.all(np.isfinite(loop.audio)):
        raise TrainingError(f"{where}: holds values that are no number, finite audio is needed; leave it out")
    if loop.split not in ("", *SPLITS):
        raise TrainingError(f"{where}: its split is {loop.split!r}, one of {', '.join(SPLITS)} is needed; correct it")
    return to_int16(loop.audio)


def make_entry(loop: CorpusLoop, *, shard: str, index: int, start: int, stored: bytes) -> CorpusEntry:
    """Describe a loop that was stored from sample `start` of a shard on."""
    return CorpusEntry(
        shard=shard,
        index=index,
        genre=loop.genre,
        source=loop.source,
        licence=loop.licence,
        tempo_bpm=loop.tempo_bpm,
        split=loop.split or split_of(loop.source),
        sha256=hashlib.sha256(stored).hexdigest(),
        position_s=loop.position_s,
        start=start,
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
        int16 `[n, n_samples]` or `[n_samples in all]` by name of the file, memory-mapped.
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
        flat = {entry.shard: entry.start is not None for entry in entries}
        shards = {name: open_shard(folder / name, flat=flat[name]) for name in sorted(flat)}
        for entry in entries:
            require_inside(entry, shards[entry.shard], path=folder / entry.shard)
        return cls(folder, entries, shards=shards)

    def __len__(self) -> int:
        return len(self.entries)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Corpus.open, (self.folder,))

    def loop(self, i: int) -> np.ndarray:
        """Read a loop: float32 `[entries[i].n_samples]` in [-1, 1]."""
        return self.stored(self.entries[i]).astype(np.float32) / np.float32(FULL_SCALE)

    def stored(self, entry: CorpusEntry) -> np.ndarray:
        """Find a loop in its shard: int16 `[n_samples]`, on disk."""
        shard = self.shards[entry.shard]
        return shard[entry.index] if entry.start is None else shard[entry.start : entry.start + entry.n_samples]

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
            if hashlib.sha256(self.stored(entry).tobytes()).hexdigest() != entry.sha256:
                raise TrainingError(
                    f"{self.folder / entry.shard}: loop {entry.index} (number {number}) is not the one that was "
                    "written, its sha256 differs; write the corpus again"
                )
