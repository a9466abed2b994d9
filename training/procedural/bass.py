"""Bass: lines in A minor and C major, held or fast, with slides and accents."""

from collections.abc import Callable

import numpy as np

from training.procedural.grid import BAR_CELLS, N_CELLS, empty_loop, level_loop
from training.procedural.harmony import PENTATONIC, PROGRESSIONS, scale_notes
from training.procedural.line import Note, add_line, draw_patch
from training.procedural.one_shots import OneShots
from training.procedural.rhythm import cycle, euclid, scatter
from training.procedural.seeding import chance, genre_generator, pick

LOWEST, HIGHEST = 24, 55
"""MIDI limits: 32.7 to 196 Hz."""
SHAPES = ("saw", "saw", "square", "pulse", "triangle", "sine", "sine", "fm")
ACID = (0.9, 0.6, 0.6, 0.7)
"""Probability of a note in each sixteenth of a beat of a fast line."""


def draw_line(seed: int) -> list[Note]:
    """Draw the notes of `draw_loop("bass", seed)`, in the order of their cells."""
    return draw_notes(genre_generator("bass", seed))


def draw_notes(rng: np.random.Generator) -> list[Note]:
    """Draw a bass line: roots of a progression, a rhythm, and pitches about each root."""
    shift = 12 * int(rng.integers(0, 2))
    progression = pick(rng, PROGRESSIONS)
    roots = [LOWEST + shift + root for root in progression]
    spans = pick(rng, (held, held, sub, offbeat, eighths, fast, fast, syncopated, walking))(rng)
    slides = pick(rng, (0.0, 0.0, 0.2, 0.5))
    wandering = pick(rng, (0.0, 0.15, 0.3, 0.6))
    notes: list[Note] = []
    for cell, cells in spans:
        root = roots[int(cell) * len(roots) // N_CELLS]
        midi = draw_pitch(rng, root) if notes and chance(rng, wandering) else root
        follows = bool(notes) and notes[-1].cell + notes[-1].cells >= cell
        notes.append(
            Note(cell=cell, cells=cells, midi=midi, accent=chance(rng, 0.25), slide=follows and chance(rng, slides))
        )
    return notes


def draw_pitch(rng: np.random.Generator, root: int) -> int:
    """Draw a note about a root: its octaves, or a neighbour of the pentatonic scale, within the register."""
    if chance(rng, 0.35):
        return pick(rng, [midi for midi in (root - 12, root + 12) if LOWEST <= midi <= HIGHEST])
    return pick(rng, scale_notes(max(LOWEST, root - 7), min(HIGHEST, root + 10), classes=PENTATONIC))


def held(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Hold notes of half a bar to two bars."""
    length = pick(rng, (8, 16, 16, 32))
    rest = pick(rng, (0, 0, 0, 1, 4))
    return [(cell, length - rest) for cell in range(0, N_CELLS, length)]


def sub(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Long notes of unequal length, some with a rest after them."""
    spans: list[tuple[float, float]] = []
    cell = 0
    while cell < N_CELLS:
        length = min(pick(rng, (4, 6, 8, 10, 12, 16)), N_CELLS - cell)
        spans.append((cell, max(1, length - pick(rng, (0, 0, 2)))))
        cell += length
    return spans


def offbeat(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Play off the beat, or gallop between the kicks."""
    inside = pick(rng, ((2,), (2, 3), (1, 2, 3)))
    length = rng.uniform(0.5, 1.0) * (2.0 if inside == (2,) else 1.0)
    return [(beat + cell, length) for beat in cycle(4) for cell in inside]


def eighths(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Play eighths, some left out."""
    length = rng.uniform(0.8, 2.0)
    return [(cell, length) for cell in cycle(2) if not chance(rng, 0.12)] or [(0, length)]


def walking(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Play quarters."""
    length = rng.uniform(2.0, 4.0)
    return [(cell, length) for cell in cycle(4)]


def fast(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Play sixteenths with rests; the second bar repeats the first."""
    cells = scatter(rng, ACID * (BAR_CELLS // 4), density=rng.uniform(0.6, 1.1)) or [0]
    length = pick(rng, (0.5, 0.75, 1.0, 1.0))
    return [(cell + bar, length) for bar in (0, BAR_CELLS) for cell in cells]


def syncopated(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Play a Euclidean rhythm, each note held for a share of the way to the next."""
    steps = pick(rng, (16, 16, 32))
    cells = [cell + turn for turn in range(0, N_CELLS, steps) for cell in euclid(int(rng.integers(3, 8)), steps)]
    cells = sorted(set(cells))
    share = pick(rng, (0.4, 0.7, 1.0))
    return [(cell, share * (after - cell)) for cell, after in zip(cells, [*cells[1:], N_CELLS], strict=True)]


RHYTHMS: tuple[Callable[[np.random.Generator], list[tuple[float, float]]], ...] = (
    held, sub, offbeat, eighths, walking, fast, syncopated,
)  # fmt: skip
"""All rhythms: each draws (cell, cells) of its notes."""


def draw_bass(rng: np.random.Generator, _one_shots: OneShots | None = None) -> np.ndarray:
    """Draw a bass loop; one-shots are not used. Returns float32 `[N_SAMPLES]`."""
    notes = draw_notes(rng)
    loop = empty_loop()
    add_line(loop, notes, patch=draw_patch(rng, shapes=SHAPES, cutoff_hz=(90.0, 1500.0)))
    return level_loop(loop, rng)
