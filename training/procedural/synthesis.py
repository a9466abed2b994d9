"""Genres -> a corpus on disk, drawn by several processes."""

import functools
import hashlib
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from training.corpus import CorpusLoop, to_int16, write_corpus
from training.errors import TrainingError
from training.procedural.genres import GENRES, draw_loop
from training.procedural.one_shots import OneShots
from training.worker_pool import worker_pool

SEED_STRIDE = 2**32
"""Loops of a genre before the next seed's begin."""
LICENCE = "CC0-1.0"
"""Licence of loops that come from nothing."""
HELD_OUT = 10
"""Of so many loops of a genre, the last one is held out of training."""
CHUNK = 8
"""Loops that a process draws at a time."""


def synthesise(
    genres: Sequence[str],
    folder: pathlib.Path,
    *,
    n_loops: int,
    seed: int = 0,
    one_shots: OneShots | None = None,
    licence: str = LICENCE,
    processes: int = 1,
    advance: Callable[[int], None] | None = None,
) -> int:
    """Draw loops and write them as a corpus.

    Parameters
    ----------
    genres : sequence of str
        Names of `GENRES`, each with an equal share.
    folder : pathlib.Path
        Where the corpus goes; must be new or empty.
    n_loops : int
        How many, at least 1.
    seed : int
        Which loops: those of another seed are all different.
    one_shots : OneShots or None
        Recorded hits that may stand in for synthesised drums.
    licence : str
        SPDX name; that of the one-shots, where they are used.
    processes : int
        How many work at a time; the corpus is the same for any number.
    advance : callable, optional
        Called with 1 after each loop, for a progress bar.

    Returns
    -------
    int
        How many loops were written.

    Raises
    ------
    TrainingError
        If a genre is unknown, a number is too small, or the folder is not empty.
    """
    if not genres or (unknown := [genre for genre in genres if genre not in GENRES]):
        got = repr(unknown[0]) if genres else "none"
        raise TrainingError(f"genre is {got}, one of {', '.join(GENRES)} is needed; choose one")
    for name, number, least in (("n_loops", n_loops, 1), ("seed", seed, 0), ("processes", processes, 1)):
        if number < least:
            raise TrainingError(f"{name} is {number}, it must be at least {least}; raise it")
    jobs = [(genres[k % len(genres)], seed * SEED_STRIDE + k // len(genres)) for k in range(n_loops)]
    kit = f" with one-shots {fingerprint(one_shots)}" if one_shots is not None else ""
    loops = (
        CorpusLoop(
            audio=audio,
            genre=genre,
            source=f"seed {number}{kit}",
            licence=licence,
            split="held_out" if number % HELD_OUT == HELD_OUT - 1 else "train",
        )
        for (genre, number), audio in zip(jobs, draw_all(jobs, one_shots=one_shots, processes=processes), strict=True)
    )
    return write_corpus(folder, loops, advance=advance)


def fingerprint(one_shots: OneShots) -> str:
    """Eight digits that tell one set of one-shots from another."""
    total = hashlib.sha256()
    for voice, sounds in sorted(one_shots.sounds.items()):
        total.update(voice.encode())
        for sound in sounds:
            total.update(sound.tobytes())
    return total.hexdigest()[:8]


def draw_job(job: tuple[str, int], *, one_shots: OneShots | None) -> np.ndarray:
    """Draw one loop as int16, which is half as much to send."""
    genre, number = job
    return to_int16(draw_loop(genre, number, one_shots=one_shots))


def draw_all(jobs: Sequence[tuple[str, int]], *, one_shots: OneShots | None, processes: int) -> Iterator[np.ndarray]:
    """Draw loops in the order of the jobs, by one or several processes."""
    if processes == 1:
        yield from (draw_job(job, one_shots=one_shots) for job in jobs)
        return
    with worker_pool(min(processes, len(jobs)), initializer=keep_one_shots, initargs=(one_shots,)) as pool:
        yield from pool.imap(draw_kept, jobs, chunksize=CHUNK)


@functools.cache
def kept_one_shots() -> list[OneShots | None]:
    """Return what `keep_one_shots` left in this process."""
    return [None]


def keep_one_shots(one_shots: OneShots | None) -> None:
    """Begin a process of the pool: keep the one-shots, so that they are sent once."""
    kept_one_shots()[0] = one_shots


def draw_kept(job: tuple[str, int]) -> np.ndarray:
    """Draw one loop in a process of the pool."""
    return draw_job(job, one_shots=kept_one_shots()[0])
