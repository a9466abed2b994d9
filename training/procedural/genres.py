"""Genre and seed -> a loop."""

from collections.abc import Callable

import numpy as np

from training.errors import TrainingError
from training.procedural.bass import draw_bass
from training.procedural.drums import DRUM_GENRES
from training.procedural.nature import draw_nature
from training.procedural.one_shots import OneShots
from training.procedural.pads import draw_pads
from training.procedural.seeding import genre_generator
from training.procedural.sweeps import draw_sweeps
from training.procedural.tones import draw_tones

GENRES: dict[str, Callable[[np.random.Generator, OneShots | None], np.ndarray]] = {
    **DRUM_GENRES,
    "bass": draw_bass,
    "pads": draw_pads,
    "nature": draw_nature,
    "tones": draw_tones,
    "sweeps": draw_sweeps,
}
"""How each genre draws a loop."""


def draw_loop(genre: str, seed: int, *, one_shots: OneShots | None = None) -> np.ndarray:
    """Draw a loop: 2 bars at 120 BPM whose end meets its beginning.

    Parameters
    ----------
    genre : str
        One of `GENRES`.
    seed : int
        Number of the loop, at least 0; the same genre, seed and one-shots give the same loop.
    one_shots : OneShots or None
        Recorded hits that may stand in for synthesised drums.

    Returns
    -------
    np.ndarray [shape=(N_SAMPLES,)]
        float32 at 48 kHz, peak at most 1: -12 to -1 dB re full scale, tones and sweeps also softer.

    Raises
    ------
    TrainingError
        If there is no such genre, or the seed is negative.
    """
    if genre not in GENRES:
        raise TrainingError(f"genre {genre!r} is unknown, one of {', '.join(GENRES)} is needed; choose one")
    if seed < 0:
        raise TrainingError(f"seed is {seed}, it must be at least 0; choose another")
    return GENRES[genre](genre_generator(genre, seed), one_shots)
