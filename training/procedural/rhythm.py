"""Patterns: which voice is hit in which cell, and the moves that all rhythm grammars share."""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from training.procedural.grid import BAR_CELLS, CELL_SAMPLES, N_CELLS
from training.procedural.seeding import chance, pick

ACCENTS_DB = (
    (0.0, -7.0, -3.0, -7.0),
    (0.0, -10.0, -1.0, -10.0),
    (-6.0, -9.0, 0.0, -9.0),
    (0.0, -3.0, -6.0, -2.0),
    (-2.0, -2.0, -2.0, -2.0),
    (0.0, -8.0, -8.0, -3.0),
)
"""Levels of the four sixteenths of a beat."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hit:
    """One hit of a voice."""

    voice: str
    """Name of a voice of the kit."""
    cell: float
    """Sixteenth of the loop, 0 to 31; halves are thirty-seconds."""
    level_db: float = 0.0
    """Level relative to the voice's own."""


@dataclasses.dataclass(kw_only=True)
class Pattern:
    """What is played in one loop."""

    swing: float = 0.0
    """Lateness of every second sixteenth, in sixteenths, 0 to 0.4."""
    hits: list[Hit] = dataclasses.field(default_factory=list)
    """The hits, in no order."""

    def add(self, voice: str, cells: Iterable[float], *, level_db: float | Sequence[float] = 0.0) -> None:
        """Hit a voice in cells, all at one level or accented by their place in the beat."""
        for cell in cells:
            accent = level_db if isinstance(level_db, float | int) else level_db[int(cell) % len(level_db)]
            self.hits.append(Hit(voice=voice, cell=cell % N_CELLS, level_db=float(accent)))

    def start(self, hit: Hit) -> int:
        """Sample of the loop in which a hit begins."""
        late = self.swing if int(hit.cell) % 2 == 1 else 0.0
        return round((hit.cell + late) * CELL_SAMPLES)

    def starts(self) -> list[int]:
        """List the samples of the loop in which hits begin, ascending, each once."""
        return sorted({self.start(hit) for hit in self.hits})


def both_bars(cells: Iterable[int]) -> list[int]:
    """Repeat the cells of one bar in the second."""
    once = list(cells)
    return once + [cell + BAR_CELLS for cell in once]


def euclid(pulses: int, steps: int, *, rotation: int = 0) -> list[int]:
    """Spread pulses as evenly as whole steps allow (Bjorklund's rhythms).

    Parameters
    ----------
    pulses, steps : int
        How many hits in how many cells.
    rotation : int
        Cells by which all are moved.

    Returns
    -------
    list of int
        Cells, ascending, 0 to `steps - 1`.

    References
    ----------
    Toussaint, The Euclidean Algorithm Generates Traditional Musical Rhythms, 2005.
    """
    return sorted({(pulse * steps // pulses + rotation) % steps for pulse in range(pulses)})


def cycle(length: int, *, start: int = 0) -> list[int]:
    """Every `length` cells through both bars, regardless of the bar line."""
    return list(range(start, N_CELLS, length))


def scatter(rng: np.random.Generator, weights: Sequence[float] | np.ndarray, *, density: float = 1.0) -> list[int]:
    """Draw the cells of a bar, each with its own probability."""
    odds = np.asarray(weights) * density
    return [int(cell) for cell in np.flatnonzero(rng.random(len(odds)) < odds)]


def vary(rng: np.random.Generator, cells: list[int], *, share: float) -> list[int]:
    """Change the second bar a little: a hit moves, goes or comes, each with a chance of `share`."""
    varied = set(cells)
    second = [cell for cell in cells if cell >= BAR_CELLS]
    if second and chance(rng, share):
        varied.discard(pick(rng, second))
    if chance(rng, share):
        varied.add(BAR_CELLS + int(rng.integers(BAR_CELLS // 2, BAR_CELLS)))
    return sorted(varied)


def accents(rng: np.random.Generator, *, level_db: float = 0.0) -> tuple[float, ...]:
    """Draw the levels of a beat's four sixteenths, lowered by `level_db`."""
    return tuple(accent + level_db for accent in pick(rng, ACCENTS_DB))


def add_fill(pattern: Pattern, rng: np.random.Generator, *, voices: Sequence[str]) -> None:
    """End the second bar with a fill: 2 to 8 sixteenths over the voices, or a roll of thirty-seconds."""
    length = pick(rng, (2, 3, 4, 4, 8))
    first = N_CELLS - length
    if length <= 4 and chance(rng, 0.3):
        voice = pick(rng, voices)
        for step in range(2 * length):
            pattern.add(voice, [first + step / 2], level_db=-12.0 + 10.0 * step / (2 * length))
        return
    for cell in range(first, N_CELLS):
        if chance(rng, 0.8):
            pattern.add(pick(rng, voices), [cell], level_db=rng.uniform(-8.0, 0.0))
