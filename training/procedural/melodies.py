"""Leads: arpeggios of chords, riffs that repeat with a change, melodies that move by step."""

from collections.abc import Callable

import numpy as np

from training.procedural.grid import BAR_CELLS, N_CELLS
from training.procedural.harmony import PENTATONIC, scale_notes
from training.procedural.line import Note, Patch, draw_patch
from training.procedural.rhythm import scatter
from training.procedural.seeding import chance, pick

HIGHEST = 84
"""Highest MIDI note, C6."""
SHAPES = ("saw", "square", "pulse", "triangle", "sine", "fm", "fm")
RIFF = (0.9, 0.25, 0.6, 0.4)
"""Probability of a note in each sixteenth of a beat of a riff."""


def draw_lead(rng: np.random.Generator) -> Patch:
    """Draw a lead's sound."""
    return draw_patch(rng, shapes=SHAPES, cutoff_hz=(400.0, 6000.0))


def draw_melody(
    rng: np.random.Generator, kind: str, *, chords: list[list[int]], cell: float = 0, cells: float = 1
) -> list[Note]:
    """Draw the notes of a lead.

    Parameters
    ----------
    rng : np.random.Generator
        Where they are drawn.
    kind : str
        "arpeggio", "riff", "melody", or "stab" for one chord struck at once.
    chords : list of list of int
        Chords that fill the loop, MIDI notes.
    cell, cells : float
        For "stab": when it is struck and how long it is held.

    Returns
    -------
    list of Note
        In the order of their cells.
    """
    if kind == "stab":
        return [Note(cell=cell, cells=cells, midi=midi) for midi in chords[0]]
    return LEADS[kind](rng, chords)


def arpeggio(rng: np.random.Generator, chords: list[list[int]]) -> list[Note]:
    """Break the chords into eighths or sixteenths, up, down, to and fro, or at random."""
    step = pick(rng, (1, 1, 1, 2))
    octaves = pick(rng, (1, 2))
    order = pick(rng, ("up", "down", "fro", "random"))
    length = step * rng.uniform(0.4, 1.0)
    notes = []
    for cell in range(0, N_CELLS, step):
        chord = chords[cell * len(chords) // N_CELLS]
        ladder = [midi + 12 * octave for octave in range(octaves) for midi in chord if midi + 12 * octave <= HIGHEST]
        ladder = ladder[::-1] if order == "down" else ladder + ladder[-2:0:-1] if order == "fro" else ladder
        midi = pick(rng, ladder) if order == "random" else ladder[(cell // step) % len(ladder)]
        notes.append(Note(cell=cell, cells=length, midi=midi, accent=cell % 4 == 0 or chance(rng, 0.1)))
    return notes


def riff(rng: np.random.Generator, chords: list[list[int]]) -> list[Note]:
    """Repeat a bar of the pentatonic scale; the second bar ends differently half of the time."""
    low = chords[0][0] + 12 if chords[0][0] < 60 and chance(rng, 0.7) else chords[0][0]
    ladder = scale_notes(low, min(HIGHEST, low + 14), classes=PENTATONIC)
    cells = scatter(rng, RIFF * (BAR_CELLS // 4), density=rng.uniform(0.5, 1.1)) or [0]
    pitches = [pick(rng, ladder) for _ in cells]
    length = rng.uniform(0.4, 1.5)
    slides = pick(rng, (0.0, 0.0, 0.3))
    notes: list[Note] = []
    for bar in (0, BAR_CELLS):
        changed = bar > 0 and chance(rng, 0.5)
        for cell, midi in zip(cells, pitches):
            pitch = pick(rng, ladder) if changed and cell >= 10 else midi
            follows = bool(notes) and notes[-1].cell + notes[-1].cells >= cell + bar
            notes.append(Note(cell=cell + bar, cells=length, midi=pitch, slide=follows and chance(rng, slides)))
    return notes


def melody(rng: np.random.Generator, chords: list[list[int]]) -> list[Note]:
    """Move by step through notes of an eighth to half a bar, with rests."""
    low = chords[0][0]
    ladder = scale_notes(low + 5, min(HIGHEST, low + 26))
    place = int(rng.integers(len(ladder)))
    slides = pick(rng, (0.0, 0.3, 0.7))
    notes: list[Note] = []
    cell = 0
    while cell < N_CELLS:
        length = min(pick(rng, (2, 2, 4, 4, 4, 6, 8)), N_CELLS - cell)
        if not chance(rng, 0.15) or not notes:
            follows = bool(notes) and notes[-1].cell + notes[-1].cells >= cell
            notes.append(Note(cell=cell, cells=length, midi=ladder[place], slide=follows and chance(rng, slides)))
        place = int(np.clip(place + pick(rng, (-3, -2, -1, -1, 1, 1, 2, 4)), 0, len(ladder) - 1))
        cell += length
    return notes


LEADS: dict[str, Callable[[np.random.Generator, list[list[int]]], list[Note]]] = {
    "arpeggio": arpeggio,
    "riff": riff,
    "melody": melody,
}
"""How each kind of lead draws its notes."""
