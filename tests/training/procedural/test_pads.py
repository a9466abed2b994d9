"""Pads and leads: chords, arpeggios, riffs and melodies of the key, between C2 and C6."""

import numpy as np
import pytest

from training.procedural.grid import N_CELLS
from training.procedural.harmony import PITCH_CLASSES, climb, draw_chords, note_hz, scale_notes
from training.procedural.melodies import LEADS, draw_melody
from training.procedural.pads import HIGHEST, LOWEST, draw_pad


def chords_of(seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    low = int(rng.choice([36, 48, 60]))
    return draw_chords(rng, low=low, high=min(HIGHEST, low + 24))


def test_a4_is_440_hz_and_the_scale_is_the_white_keys() -> None:
    assert note_hz(69) == 440
    assert scale_notes(60, 72) == [60, 62, 64, 65, 67, 69, 71, 72]
    assert [climb(69, steps) for steps in (0, 2, 4, 7, -1)] == [69, 72, 76, 81, 67]


def test_chords_are_of_the_key_and_in_the_register() -> None:
    for seed in range(200):
        chords = chords_of(seed)
        assert len(chords) in (1, 2, 4)
        for chord in chords:
            assert len(chord) >= 2
            assert chord == sorted(set(chord))
            assert {midi % 12 for midi in chord} <= set(PITCH_CLASSES)
            assert min(chord) >= LOWEST
            assert max(chord) <= HIGHEST


@pytest.mark.parametrize("kind", LEADS)
def test_leads_are_of_the_key_in_order_and_below_c6(kind: str) -> None:
    for seed in range(100):
        notes = draw_melody(np.random.default_rng(seed), kind, chords=chords_of(seed))
        assert notes
        assert {note.midi % 12 for note in notes} <= set(PITCH_CLASSES)
        assert max(note.midi for note in notes) <= HIGHEST
        cells = [note.cell for note in notes]
        assert cells == sorted(cells)
        assert 0 <= cells[0] <= cells[-1] < N_CELLS


def test_arpeggio_plays_notes_of_the_chord_that_sounds() -> None:
    chords = [[57, 60, 64], [53, 57, 60]]
    for seed in range(20):
        for note in draw_melody(np.random.default_rng(seed), "arpeggio", chords=chords):
            assert note.midi % 12 in {midi % 12 for midi in chords[int(note.cell) // 16]}


def test_second_chord_sounds_in_the_second_bar() -> None:
    loop = draw_pad(np.random.default_rng(3), [[57, 64], [53, 60]])
    power = [np.abs(np.fft.rfft(half[48_000:] * np.hanning(48_000))) for half in (loop[:96_000], loop[96_000:])]
    a3, f3 = slice(216, 225), slice(170, 179)
    assert power[0][a3].max() > 3 * power[0][f3].max()
    assert power[1][f3].max() > 3 * power[1][a3].max()
