"""House: kick on every beat, clap on two and four, open hat off the beat, and a shuffle of shakers and congas."""

import numpy as np

from training.procedural.grid import BAR_CELLS
from training.procedural.rhythm import Pattern, accents, add_fill, both_bars, cycle, scatter, vary
from training.procedural.seeding import chance, pick

CLAVES = ((0, 3, 6, 10, 12), (0, 3, 7, 10, 12), (0, 3, 6, 12), (2, 5, 8, 11, 14), (3, 6, 11, 14), (0, 6, 10))
"""Syncopations of one bar, for rim, cowbell, block and congas."""
GHOSTS = (0, 0.05, 0, 0.2, 0, 0.05, 0, 0.35, 0, 0.3, 0.1, 0.05, 0, 0.1, 0.15, 0.35)
"""Probability of a ghost note in each sixteenth of a bar."""
FILLS = ("clap", "snare", "tom_low", "tom_mid", "tom_high", "hand_high")


def draw_house(rng: np.random.Generator) -> Pattern:
    """Draw a house pattern."""
    pattern = Pattern(swing=pick(rng, (0.0, 0.08, 0.16, 0.2, 0.26, 0.32)))
    kicks = cycle(4)
    if chance(rng, 0.25):
        kicks.append(BAR_CELLS + pick(rng, (7, 14, 15)))
    pattern.add("kick", kicks)
    backbeat = pick(rng, (("clap",), ("clap",), ("snare",), ("clap", "snare"), ("clap", "rim")))
    for voice in backbeat:
        pattern.add(voice, both_bars((4, 12)))
    if chance(rng, 0.45):
        pattern.add(pick(rng, ("snare", "rim", "clap")), both_bars(scatter(rng, GHOSTS)), level_db=rng.uniform(-16, -9))
    add_tops(pattern, rng)
    add_colours(pattern, rng)
    if chance(rng, 0.3):
        add_fill(pattern, rng, voices=FILLS)
    return pattern


def add_tops(pattern: Pattern, rng: np.random.Generator) -> None:
    """Open hat off the beat; closed hats or shaker in eighths or sixteenths."""
    if chance(rng, 0.85):
        pattern.add("open_hat", cycle(4, start=2))
    closed = pick(rng, ("sixteenths", "eighths", "beats", "sparse"))
    if closed == "sixteenths":
        pattern.add("hat", [cell for cell in cycle(1) if cell % 4 != 2], level_db=accents(rng, level_db=-2.0))
    elif closed == "eighths":
        pattern.add("hat", cycle(2), level_db=accents(rng))
    elif closed == "beats":
        pattern.add("hat", cycle(4), level_db=-3.0)
    else:
        pattern.add("hat", both_bars(pick(rng, ((3, 7, 11, 15), (1, 3, 9, 11), (3, 11, 15), (7, 15)))))
    if chance(rng, 0.5):
        pattern.add("shaker", cycle(pick(rng, (1, 1, 2))), level_db=accents(rng))
    if chance(rng, 0.12):
        pattern.add("ride", cycle(4, start=2), level_db=-2.0)


def add_colours(pattern: Pattern, rng: np.random.Generator) -> None:
    """One to three syncopated voices: congas, cowbell, rim, block, toms."""
    for _ in range(int(rng.integers(0, 4))):
        voice = pick(
            rng, ("hand_low", "hand_mid", "hand_high", "cowbell", "rim", "block", "tom_mid", "bell", "fm_drum")
        )
        cells = vary(rng, both_bars(pick(rng, CLAVES)), share=0.4)
        pattern.add(voice, cells, level_db=accents(rng))
        if voice == "hand_low" or voice == "hand_mid":
            pattern.add("hand_high", [cell + 1 for cell in cells if chance(rng, 0.4)], level_db=-6.0)
