"""Techno: a driven kick on every beat, hats between, few but insistent layers."""

import numpy as np

from training.procedural.grid import N_CELLS
from training.procedural.rhythm import Pattern, accents, add_fill, both_bars, cycle, euclid, vary
from training.procedural.seeding import chance, pick

BROKEN = ((0, 3, 6, 10), (0, 6, 10), (0, 3, 8, 11), (0, 7, 8, 14), (0, 3, 6, 8, 11, 14))
"""Kicks of one bar of electro and broken techno."""
LAYERS = ("rim", "fm_drum", "tom_low", "tom_mid", "cowbell", "block", "bell", "clap", "hand_low")
"""Voices of the insistent layers."""


def draw_techno(rng: np.random.Generator) -> Pattern:
    """Draw a techno pattern."""
    pattern = Pattern(swing=pick(rng, (0.0, 0.0, 0.0, 0.06, 0.12)))
    add_kicks(pattern, rng)
    add_hats(pattern, rng)
    if chance(rng, 0.55):
        pattern.add(pick(rng, ("clap", "clap", "snare", "rim")), both_bars(pick(rng, ((4, 12), (4, 12), (12,), (4,)))))
    for _ in range(int(rng.integers(0, 4))):
        add_layer(pattern, rng)
    if chance(rng, 0.2):
        add_fill(pattern, rng, voices=("clap", "fm_drum", "tom_mid", "snare", "hat"))
    return pattern


def add_kicks(pattern: Pattern, rng: np.random.Generator) -> None:
    """Kick on every beat, or broken; perhaps with a rumble between."""
    four = chance(rng, 0.85)
    cells = cycle(4) if four else both_bars(pick(rng, BROKEN))
    if four and chance(rng, 0.2):
        cells.append(pick(rng, (14, 30, 31, 27)))
    if four and chance(rng, 0.1):
        cells.remove(pick(rng, (28, 12)))
    pattern.add("kick", vary(rng, cells, share=0.0 if four else 0.3))
    if four and chance(rng, 0.4):
        between = pick(rng, ((2,), (2, 3), (1, 2, 3), (1, 2)))
        pattern.add("rumble", [beat + cell for beat in cycle(4) for cell in between], level_db=accents(rng))


def add_hats(pattern: Pattern, rng: np.random.Generator) -> None:
    """Hats off the beat, in eighths or sixteenths; perhaps a ride."""
    if chance(rng, 0.65):
        pattern.add(pick(rng, ("open_hat", "open_hat", "hat", "ride")), cycle(4, start=2))
    style = pick(rng, ("sixteenths", "sixteenths", "eighths", "offs", "euclid", "none"))
    if style == "sixteenths":
        pattern.add("hat", cycle(1), level_db=accents(rng, level_db=-2.0))
    elif style == "eighths":
        pattern.add("hat", cycle(2), level_db=accents(rng))
    elif style == "offs":
        pattern.add("hat", [cell for cell in cycle(1) if cell % 4], level_db=accents(rng))
    elif style == "euclid":
        pattern.add("hat", both_bars(euclid(int(rng.integers(5, 12)), 16, rotation=int(rng.integers(4)))))
    if chance(rng, 0.15):
        pattern.add("ride", cycle(2, start=pick(rng, (0, 0, 1))), level_db=accents(rng))
    if chance(rng, 0.2):
        pattern.add("shaker", cycle(1), level_db=accents(rng))


def add_layer(pattern: Pattern, rng: np.random.Generator) -> None:
    """One voice that insists: a Euclidean rhythm, or one of 3, 5, 6 or 7 cells against the bar."""
    voice = pick(rng, LAYERS)
    if chance(rng, 0.5):
        steps = pick(rng, (16, 16, 32, 8))
        once = euclid(int(rng.integers(1, 1 + steps // 2)), steps, rotation=int(rng.integers(steps)))
        cells = [cell + turn for turn in range(0, N_CELLS, steps) for cell in once]
    else:
        cells = cycle(pick(rng, (3, 3, 5, 6, 7)), start=int(rng.integers(4)))
    pattern.add(voice, vary(rng, cells, share=0.2), level_db=accents(rng))
