"""(genre, seed) -> random numbers: the same ones for ever, other ones for every other genre."""

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def genre_generator(genre: str, seed: int) -> np.random.Generator:
    """Make the random number generator of one loop.

    Parameters
    ----------
    genre : str
        Name of a genre.
    seed : int
        Number of the loop, at least 0.

    Returns
    -------
    np.random.Generator
        PCG64, seeded by both.
    """
    return np.random.default_rng([zlib.crc32(genre.encode()), seed])


def noise_seed(rng: np.random.Generator) -> int:
    """Draw a seed for `noise.white_noise`."""
    return int(rng.integers(1, 2**31))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Draw yes with a probability."""
    return bool(rng.random() < probability)


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Draw one of several options."""
    return options[int(rng.integers(len(options)))]
