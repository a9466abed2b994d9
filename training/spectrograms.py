"""A corpus's loops as spectrograms: computed once, kept as float16 shards beside the audio, memory-mapped.

::

    folder/spectrograms.json         what they were made of: the MelFormat, how many, sha256 of the manifest
    folder/spectrograms-00000.npy    float16 [n, 2, n_mels, n_frames], loops in the order of the manifest

`spectrograms.json` is written first and each shard appears whole: a run that was cut goes on with the next shard.
"""

import dataclasses
import hashlib
import io
import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from melgan_vocoder.format import MelFormat
from melgan_vocoder.spectrogram import SpectrogramTransform
from training.corpus import Corpus
from training.errors import TrainingError
from training.manifest import MANIFEST

NAME = "spectrograms"
"""First part of the names of all files here."""
SHARD_LOOPS = 256
"""Spectrograms of a shard, about 67 MB."""


class Spectrograms:
    """The spectrograms of a corpus on disk, read one by one.

    Use `open_spectrograms`. Cheap to send to another process: they are opened again there.

    Parameters
    ----------
    folder : pathlib.Path
        The corpus's folder.
    n_loops : int
        How many there are.
    shards : list of np.ndarray
        float16 `[n, 2, n_mels, n_frames]`, memory-mapped, `SHARD_LOOPS` in all but the last.
    """

    def __init__(self, folder: pathlib.Path, n_loops: int, *, shards: list[np.ndarray]) -> None:
        self.folder = folder
        self.n_loops = n_loops
        self.shards = shards

    def __len__(self) -> int:
        return self.n_loops

    def __getitem__(self, i: int) -> np.ndarray:
        """Read a spectrogram: a new float16 `[2, n_mels, n_frames]`, channel 0 about -1 to 1, channel 1 -1.5 to 1.5."""
        if not -self.n_loops <= i < self.n_loops:
            raise IndexError(f"spectrogram {i} of {self.n_loops}")
        shard, row = divmod(i % self.n_loops, SHARD_LOOPS)
        return np.array(self.shards[shard][row])

    def __reduce__(self) -> tuple[Any, ...]:
        return (map_spectrograms, (self.folder, self.n_loops))


def open_spectrograms(
    corpus: Corpus, *, device: str = "cpu", advance: Callable[[int], None] | None = None
) -> Spectrograms:
    """Open the spectrograms of a corpus, and compute those that are missing.

    Parameters
    ----------
    corpus : Corpus
        Its loops may be of any length and tempo: frames are spread over each loop.
    device : str
        Where torch computes.
    advance : callable, optional
        Called with a count of loops that are done, `len(corpus)` in all, for a progress bar.

    Returns
    -------
    Spectrograms
        One for each loop, in the same order.

    Raises
    ------
    TrainingError
        If the corpus holds a loop too short to analyse.

    Notes
    -----
    Spectrograms of another format or of another corpus are replaced. Only one process may do this at a time: where
    several train together, the first opens them before the others.
    """
    prepare(corpus)
    for first in range(0, len(corpus), SHARD_LOOPS):
        count = min(SHARD_LOOPS, len(corpus) - first)
        path = shard_path(corpus.folder, first // SHARD_LOOPS)
        if map_shard(path, count) is None:
            write_shard(path, corpus, first=first, count=count, device=device, advance=advance)
        elif advance is not None:
            advance(count)
    return map_spectrograms(corpus.folder, len(corpus))


def prepare(corpus: Corpus) -> None:
    """Remove the spectrograms of another format or corpus, and note down what the new ones are made of."""
    path = corpus.folder / f"{NAME}.json"
    description = {
        "mel_format": dataclasses.asdict(MelFormat()),
        "n_loops": len(corpus),
        "shard_loops": SHARD_LOOPS,
        "manifest_sha256": hashlib.sha256((corpus.folder / MANIFEST).read_bytes()).hexdigest(),
    }
    try:
        if json.loads(path.read_text(encoding="utf-8")) == description:
            return
    except (OSError, ValueError):
        pass
    for stale in corpus.folder.glob(f"{NAME}*"):
        stale.unlink()
    partial = corpus.folder / f"{NAME}.json.partial"
    partial.write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def shard_path(folder: pathlib.Path, shard: int) -> pathlib.Path:
    """Name the file of a shard."""
    return folder / f"{NAME}-{shard:05d}.npy"


def shard_shape(count: int) -> tuple[int, ...]:
    """Shape of a shard of so many spectrograms."""
    return (count, *MelFormat().spectrogram_shape)


def map_shard(path: pathlib.Path, count: int) -> np.ndarray | None:
    """Map a shard into memory; None if it is missing, cut, or of another shape or type."""
    try:
        shard = np.load(path, mmap_mode="r")
    except (ValueError, EOFError, OSError):
        return None
    return shard if shard.dtype == np.dtype("<f2") and shard.shape == shard_shape(count) else None


def map_spectrograms(folder: pathlib.Path, n_loops: int) -> Spectrograms:
    """Map all shards into memory.

    Raises
    ------
    TrainingError
        If one is missing or broken.
    """
    shards = []
    for first in range(0, n_loops, SHARD_LOOPS):
        path, count = shard_path(folder, first // SHARD_LOOPS), min(SHARD_LOOPS, n_loops - first)
        shard = map_shard(path, count)
        if shard is None:
            raise TrainingError(
                f"{path}: missing or broken, float16 {shard_shape(count)} is needed; open the corpus's spectrograms "
                "again, which computes it"
            )
        shards.append(shard)
    return Spectrograms(folder, n_loops, shards=shards)


def write_shard(
    path: pathlib.Path,
    corpus: Corpus,
    *,
    first: int,
    count: int,
    device: str,
    advance: Callable[[int], None] | None,
) -> None:
    """Analyse `count` loops from number `first` on, one at a time, and write them as one shard."""
    transform = SpectrogramTransform(MelFormat()).to(device)
    header = io.BytesIO()
    description = {"descr": "<f2", "fortran_order": False, "shape": shard_shape(count)}
    np.lib.format.write_array_header_1_0(header, description)
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.write(header.getvalue())
        for number in range(first, first + count):
            file.write(analyse(transform, corpus.loop(number), number=number, device=device).tobytes())
            if advance is not None:
                advance(1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


@torch.inference_mode()
def analyse(transform: SpectrogramTransform, loop: np.ndarray, *, number: int, device: str) -> np.ndarray:
    """Analyse a loop: float16 `[2, n_mels, n_frames]`.

    Raises
    ------
    TrainingError
        If it is shorter than the longest window.
    """
    fmt = transform.mel_format
    if loop.size < fmt.low_window:
        raise TrainingError(
            f"loop {number}: has {loop.size} samples, at least {fmt.low_window} are needed; leave it out of the corpus"
        )
    spectrogram = transform(torch.from_numpy(loop)[None].to(device), n_frames=fmt.n_frames)
    return spectrogram[0].cpu().numpy().astype("<f2")
