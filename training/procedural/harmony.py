"""The key: C major and A minor, their scale, chords and progressions."""

import numpy as np

from training.procedural.seeding import pick

PITCH_CLASSES = (0, 2, 4, 5, 7, 9, 11)
"""Notes of C major and A minor, in semitones above C."""
PENTATONIC = (0, 2, 4, 7, 9)
"""The five that never clash."""
PROGRESSIONS = (
    (9,), (0,), (5,), (2,), (9, 5), (9, 7), (0, 5), (0, 9), (2, 7), (5, 0), (9, 4), (2, 9),
    (9, 5, 0, 7), (0, 7, 9, 5), (9, 7, 5, 4), (0, 9, 5, 7), (2, 7, 0, 9), (9, 2, 7, 0), (5, 7, 9, 9), (9, 9, 2, 4),
)  # fmt: skip
"""Roots of one, two or four chords that fill a loop, in semitones above C."""
SHAPES = ((0, 2, 4), (0, 2, 4), (0, 2, 4, 6), (0, 4, 8), (0, 1, 4), (0, 3, 4), (0, 4), (0, 2, 4, 8))
"""Chords in steps of the scale: triads, sevenths, ninths, suspended, fifths."""


def note_hz(midi: float) -> float:
    """Frequency of a MIDI note, A4 (69) at 440 Hz."""
    return float(440 * 2 ** ((midi - 69) / 12))


def scale_notes(low: int, high: int, *, classes: tuple[int, ...] = PITCH_CLASSES) -> list[int]:
    """MIDI notes of the key from `low` to `high`."""
    return [midi for midi in range(low, high + 1) if midi % 12 in classes]


def climb(midi: int, steps: int) -> int:
    """MIDI note `steps` steps of the scale above one of its notes."""
    octave, place = divmod(PITCH_CLASSES.index(midi % 12) + steps, len(PITCH_CLASSES))
    return midi - midi % 12 + 12 * octave + PITCH_CLASSES[place]


def draw_chords(rng: np.random.Generator, *, low: int, high: int) -> list[list[int]]:
    """Draw a progression.

    Parameters
    ----------
    rng : np.random.Generator
        Where progression, chord shape and inversions are drawn.
    low, high : int
        MIDI limits; at least two octaves apart.

    Returns
    -------
    list of list of int
        One, two or four chords, MIDI notes ascending.
    """
    shape = pick(rng, SHAPES)
    chords = []
    for root in pick(rng, PROGRESSIONS):
        base = low + (root - low) % 12
        notes = sorted({climb(base, step) for step in shape})
        for _ in range(int(rng.integers(0, len(notes)))):
            if notes[0] + 12 <= high:
                notes = sorted([*notes[1:], notes[0] + 12])
        chords.append([note for note in notes if note <= high])
    return chords
