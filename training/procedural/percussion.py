"""Percussion: hand drums, blocks, bells and shakers in layers of unequal length, without kick and backbeat."""

import numpy as np

from training.procedural.grid import BAR_CELLS, N_CELLS
from training.procedural.rhythm import Pattern, accents, both_bars, cycle, euclid, scatter, vary
from training.procedural.seeding import chance, pick

BELLS = ((0, 4, 7, 10, 14), (0, 3, 6, 10, 12), (0, 3, 7, 10, 12), (0, 2, 4, 7, 9, 12, 14), (0, 4, 6, 9, 11, 14))
"""Time lines of one bar: soukous, son and rumba claves, gahu-like bells."""
TIME_KEEPERS = ("cowbell", "bell", "block", "rim", "hat")
LAYERS = ("tom_low", "tom_mid", "tom_high", "block", "bell", "fm_drum", "rim", "cowbell", "shaker", "kick")


def draw_percussion(rng: np.random.Generator) -> Pattern:
    """Draw a pattern of percussion."""
    pattern = Pattern(swing=pick(rng, (0.0, 0.0, 0.1, 0.16, 0.24)))
    if chance(rng, 0.75):
        add_hand_drums(pattern, rng)
    if chance(rng, 0.6):
        pattern.add(pick(rng, TIME_KEEPERS), both_bars(pick(rng, BELLS)), level_db=accents(rng))
    if chance(rng, 0.6):
        pattern.add("shaker", cycle(pick(rng, (1, 1, 2))), level_db=accents(rng))
    for _ in range(int(rng.integers(1, 5))):
        add_layer(pattern, rng)
    return pattern


def add_hand_drums(pattern: Pattern, rng: np.random.Generator) -> None:
    """Two or three drums share the sixteenths: one calls, the others answer."""
    density = rng.uniform(0.35, 0.95)
    heads = pick(rng, (("hand_low", "hand_high"), ("hand_low", "hand_mid", "hand_high"), ("hand_mid", "hand_high")))
    levels_db = accents(rng)
    first = [pick(rng, heads) if chance(rng, density) else "" for _ in range(BAR_CELLS)]
    second = list(first)
    for cell in range(BAR_CELLS):
        if chance(rng, 0.15):
            second[cell] = pick(rng, heads)
    for cell, voice in enumerate(first + second):
        if voice:
            pattern.add(voice, [cell], level_db=levels_db[cell % 4] - (4.0 if chance(rng, 0.3) else 0.0))


def add_layer(pattern: Pattern, rng: np.random.Generator) -> None:
    """One voice in a Euclidean rhythm, against the bar, or scattered."""
    voice = pick(rng, LAYERS)
    kind = pick(rng, ("euclid", "cross", "scatter"))
    if kind == "euclid":
        steps = pick(rng, (8, 16, 32))
        once = euclid(int(rng.integers(1, 1 + steps // 2)), steps, rotation=int(rng.integers(steps)))
        cells = [cell + turn for turn in range(0, N_CELLS, steps) for cell in once]
    elif kind == "cross":
        cells = cycle(pick(rng, (3, 5, 6, 7, 12)), start=int(rng.integers(6)))
    else:
        cells = scatter(rng, np.full(N_CELLS, 0.2)) or [0]
    pattern.add(voice, vary(rng, cells, share=0.3), level_db=accents(rng))
