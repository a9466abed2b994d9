"""Breaks: a syncopated kick against a snare on two and four, ghost notes, busy cymbals, rolls."""

import numpy as np

from training.procedural.grid import BAR_CELLS, N_CELLS
from training.procedural.rhythm import Pattern, accents, add_fill, both_bars, cycle, scatter
from training.procedural.seeding import chance, pick

KICKS = (0.97, 0.02, 0.4, 0.1, 0.0, 0.02, 0.25, 0.2, 0.12, 0.1, 0.75, 0.2, 0.0, 0.05, 0.2, 0.05)
"""Probability of a kick in each sixteenth of a bar."""
GHOSTS = (0.0, 0.15, 0.05, 0.15, 0.0, 0.1, 0.05, 0.5, 0.05, 0.45, 0.05, 0.2, 0.0, 0.1, 0.1, 0.4)
"""Probability of a quiet snare in each sixteenth of a bar."""
SHIFTED = ((4, 14), (4, 11), (6, 12), (7, 12), (4, 10))
"""Backbeats of a bar that stumbles."""
TOPS = ("hat", "hat", "hat", "ride", "shaker")


def draw_breaks(rng: np.random.Generator) -> Pattern:
    """Draw a breakbeat."""
    pattern = Pattern(swing=pick(rng, (0.0, 0.06, 0.1, 0.15, 0.2)))
    add_drums(pattern, rng)
    add_cymbals(pattern, rng)
    if chance(rng, 0.25):
        voice = pick(rng, ("rim", "cowbell", "hand_high", "block", "clap"))
        pattern.add(voice, both_bars(scatter(rng, np.full(BAR_CELLS, 0.2))), level_db=accents(rng))
    if chance(rng, 0.45):
        add_fill(pattern, rng, voices=("snare", "snare", "snare", "tom_high", "tom_mid", "tom_low", "kick"))
    return pattern


def add_drums(pattern: Pattern, rng: np.random.Generator) -> None:
    """Kick and snare: the first bar, and the second like it or stumbling."""
    density = rng.uniform(0.6, 1.4)
    first = scatter(rng, KICKS, density=density) or [0]
    second = first if chance(rng, 0.5) else scatter(rng, KICKS, density=density)
    two_step = chance(rng, 0.15)
    if two_step:
        first, second = [0, 10], [0, 10]
    pattern.add("kick", first + [cell + BAR_CELLS for cell in second if cell not in (4, 12)])
    backbeat = pick(rng, SHIFTED) if chance(rng, 0.35) and not two_step else (4, 12)
    pattern.add("snare", [4, 12, *(cell + BAR_CELLS for cell in backbeat)])
    if chance(rng, 0.8):
        ghosts = scatter(rng, GHOSTS, density=rng.uniform(0.4, 1.3))
        cells = both_bars(ghosts) if chance(rng, 0.6) else ghosts + [c + BAR_CELLS for c in scatter(rng, GHOSTS)]
        struck = {hit.cell for hit in pattern.hits if hit.voice == "snare"}
        pattern.add("snare", [cell for cell in cells if cell not in struck], level_db=rng.uniform(-16.0, -8.0))


def add_cymbals(pattern: Pattern, rng: np.random.Generator) -> None:
    """Hats or a ride in eighths or sixteenths, an open hat or a crash here and there."""
    step = pick(rng, (2, 2, 2, 1, 1, 4))
    tops = pick(rng, TOPS)
    opened = pick(rng, ((), (), (14,), (30,), (6, 22), (10, 26), (2,)))
    cells = [cell for cell in cycle(step) if cell not in opened and not chance(rng, 0.04)]
    pattern.add(tops, cells, level_db=accents(rng))
    pattern.add("open_hat", opened)
    if chance(rng, 0.2):
        pattern.add("crash", [pick(rng, (0, 0, 14, N_CELLS - 2))])
