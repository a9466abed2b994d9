"""Bass: in the key, in its register, and sounding the notes it draws."""

import numpy as np
import pytest

from training.procedural.bass import HIGHEST, LOWEST, RHYTHMS, draw_line
from training.procedural.grid import N_CELLS, empty_loop
from training.procedural.harmony import note_hz
from training.procedural.line import Note, Patch, add_line, phrases

KEY = {0, 2, 4, 5, 7, 9, 11}
LINES = [draw_line(seed) for seed in range(200)]


def test_notes_are_of_c_major_between_33_and_196_hz() -> None:
    notes = [note for line in LINES for note in line]
    assert {note.midi % 12 for note in notes} <= KEY
    assert min(note.midi for note in notes) >= LOWEST
    assert max(note.midi for note in notes) <= HIGHEST
    assert 32 < note_hz(LOWEST) < 33
    assert 195 < note_hz(HIGHEST) < 197


def test_lines_are_in_order_and_within_the_loop() -> None:
    for line in LINES:
        cells = [note.cell for note in line]
        assert cells == sorted(cells)
        assert cells[0] >= 0
        assert cells[-1] < N_CELLS
        assert not line[0].slide


def test_some_lines_hold_long_notes_and_others_run() -> None:
    longest_s = np.array([max(note.cells for note in line) * 0.125 for line in LINES])
    counts = np.array([len(line) for line in LINES])
    assert np.mean((longest_s >= 1) & (longest_s <= 2)) > 0.15
    assert np.mean(counts >= 12) > 0.2
    assert np.mean(counts <= 4) > 0.15


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=lambda rhythm: rhythm.__name__)
def test_rhythms_draw_cells_in_order_with_positive_lengths(rhythm: object) -> None:
    for seed in range(20):
        spans = rhythm(np.random.default_rng(seed))  # type: ignore[operator]
        assert spans == sorted(spans)
        assert all(0 <= cell < N_CELLS and cells > 0 for cell, cells in spans)


def pitch_hz(sound: np.ndarray) -> float:
    """Strongest frequency below 300 Hz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8 * len(sound)))
    return float(np.argmax(spectrum[: int(300 * 8 * len(sound) / 48_000)]) * 48_000 / (8 * len(sound)))


@pytest.mark.parametrize("shape", ["sine", "square", "saw", "triangle"])
@pytest.mark.parametrize("midi", [24, 33, 45, 55])
def test_note_sounds_at_its_pitch(shape: str, midi: int) -> None:
    loop = empty_loop()
    add_line(loop, [Note(cell=4, cells=16, midi=midi)], patch=Patch(shape=shape, cutoff_hz=300.0, sweep_octaves=0.0))
    assert 1200 * abs(np.log2(pitch_hz(loop[36_000:108_000]) / note_hz(midi))) < 5
    assert not loop[-6000:].any()


def test_slide_joins_notes_into_one_phrase_that_ends_on_the_second() -> None:
    notes = [
        Note(cell=0, cells=8, midi=33),
        Note(cell=8, cells=8, midi=45, slide=True),
        Note(cell=20, cells=4, midi=33),
    ]
    assert [len(phrase) for phrase in phrases(notes)] == [2, 1]
    loop = empty_loop()
    add_line(loop, notes, patch=Patch(shape="sine", glide_s=0.02))
    assert pitch_hz(loop[12_000:48_000]) == pytest.approx(55, abs=0.5)
    assert pitch_hz(loop[60_000:96_000]) == pytest.approx(110, abs=0.5)


def test_tail_of_the_last_note_goes_round() -> None:
    loop = empty_loop()
    add_line(loop, [Note(cell=28, cells=4, midi=45)], patch=Patch(shape="sine", release_s=0.2))
    assert np.max(np.abs(loop[:4800])) > 0.1
    assert not loop[9700:160_000].any()
