"""Pattern and kit -> a loop of drums."""

import functools
from collections.abc import Callable

import numpy as np

from training.procedural.breaks import draw_breaks
from training.procedural.grid import CELL_SAMPLES, add_round, amplitude, echo_round, empty_loop, level_loop
from training.procedural.house import draw_house
from training.procedural.kit import STYLES, draw_voice
from training.procedural.one_shots import OneShots
from training.procedural.percussion import draw_percussion
from training.procedural.rhythm import Pattern
from training.procedural.seeding import chance, genre_generator, pick
from training.procedural.techno import draw_techno

GRAMMARS: dict[str, Callable[[np.random.Generator], Pattern]] = {
    "techno": draw_techno,
    "house": draw_house,
    "breaks": draw_breaks,
    "percussion": draw_percussion,
}
"""How each drum genre draws its patterns."""
LEVELS_DB = {
    "kick": 0.0, "snare": -3.0, "clap": -4.0, "rim": -8.0, "shaker": -15.0, "fm_drum": -10.0, "rumble": -9.0,
    "tom_low": -5.0, "tom_mid": -6.0, "tom_high": -7.0, "hand_low": -5.0, "hand_mid": -6.0, "hand_high": -7.0,
    "hat": -14.0, "open_hat": -13.0, "ride": -15.0, "crash": -12.0, "cowbell": -11.0, "bell": -11.0, "block": -10.0,
}  # fmt: skip
"""Level of each voice before chance moves it."""
ECHOED = ("rim", "clap", "fm_drum", "bell", "block", "cowbell", "hand_high")
"""Voices that may be sent to an echo."""


def draw_pattern(genre: str, seed: int) -> Pattern:
    """Draw what a drum loop plays, without its sound.

    Parameters
    ----------
    genre : str
        One of `GRAMMARS`.
    seed : int
        Number of the loop.

    Returns
    -------
    Pattern
        The pattern of `draw_loop(genre, seed)`.
    """
    return GRAMMARS[genre](genre_generator(genre, seed))


def play_pattern(
    pattern: Pattern, rng: np.random.Generator, *, genre: str, one_shots: OneShots | None = None
) -> np.ndarray:
    """Draw a kit and play a pattern on it.

    Parameters
    ----------
    pattern : Pattern
        What to play.
    rng : np.random.Generator
        Where kit, levels and echo are drawn.
    genre : str
        One of `GRAMMARS`; chooses the kit's ranges.
    one_shots : OneShots or None
        Recorded hits that may stand in for voices.

    Returns
    -------
    np.ndarray [shape=(N_SAMPLES,)]
        float32, peak about 1.
    """
    dry, sent = empty_loop(), empty_loop()
    echoed = pick(rng, ECHOED) if chance(rng, 0.25) else ""
    for voice in sorted({hit.voice for hit in pattern.hits}):
        sound = draw_voice(voice, rng, style=STYLES[genre], one_shots=one_shots)
        level_db = LEVELS_DB[voice] + rng.uniform(-4.0, 3.0)
        for hit in pattern.hits:
            if hit.voice == voice:
                target = sent if voice == echoed else dry
                add_round(target, sound, pattern.start(hit), amplitude(level_db + hit.level_db))
    if echoed:
        delay = pick(rng, (2, 3, 3, 4, 6)) * CELL_SAMPLES
        dry += echo_round(sent, delay=delay, feedback=rng.uniform(0.3, 0.65))
    return dry


def draw_drums(rng: np.random.Generator, one_shots: OneShots | None, *, genre: str) -> np.ndarray:
    """Draw a loop of a drum genre: pattern, kit, level; float32 `[N_SAMPLES]`."""
    pattern = GRAMMARS[genre](rng)
    return level_loop(play_pattern(pattern, rng, genre=genre, one_shots=one_shots), rng)


DRUM_GENRES = {genre: functools.partial(draw_drums, genre=genre) for genre in GRAMMARS}
"""Drum genres, as they stand in `genres.GENRES`."""
