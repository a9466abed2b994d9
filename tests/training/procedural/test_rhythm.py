"""Rhythm: what the moves of the grammars yield."""

import numpy as np
import pytest

from training.procedural.drums import GRAMMARS, draw_pattern
from training.procedural.grid import CELL_SAMPLES, N_CELLS, N_SAMPLES
from training.procedural.kit import VOICES
from training.procedural.rhythm import Hit, Pattern, add_fill, both_bars, cycle, euclid, vary


@pytest.mark.parametrize(
    ("pulses", "steps", "cells"),
    [(3, 8, [0, 2, 5]), (4, 16, [0, 4, 8, 12]), (5, 8, [0, 1, 3, 4, 6]), (1, 16, [0]), (5, 16, [0, 3, 6, 9, 12])],
)
def test_euclid_spreads_pulses_evenly(pulses: int, steps: int, cells: list[int]) -> None:
    assert euclid(pulses, steps) == cells
    gaps = np.diff([*cells, cells[0] + steps])
    assert np.ptp(gaps) <= 1


def test_cycles_cross_the_bar_line_and_bars_repeat() -> None:
    assert cycle(7, start=1) == [1, 8, 15, 22, 29]
    assert both_bars((4, 12)) == [4, 12, 20, 28]


def test_swing_delays_every_second_sixteenth_alone() -> None:
    pattern = Pattern(swing=0.25)
    starts = [pattern.start(Hit(voice="hat", cell=cell)) for cell in (0, 1, 2, 31)]
    assert starts == [0, CELL_SAMPLES + 1500, 2 * CELL_SAMPLES, 31 * CELL_SAMPLES + 1500]


def test_accents_fall_by_place_in_the_beat_and_cells_go_round() -> None:
    pattern = Pattern()
    pattern.add("hat", [3, 4, 33], level_db=(0.0, -1.0, -2.0, -3.0))
    assert [(hit.cell, hit.level_db) for hit in pattern.hits] == [(3, -3.0), (4, 0.0), (1, -1.0)]


def test_variation_leaves_the_first_bar_alone() -> None:
    cells = both_bars((0, 4, 8, 12))
    varied = [vary(np.random.default_rng(seed), cells, share=0.5) for seed in range(30)]
    assert all([cell for cell in found if cell < 16] == [0, 4, 8, 12] for found in varied)
    assert len({tuple(found) for found in varied}) > 10


def test_fills_stay_at_the_end_of_bar_two() -> None:
    for seed in range(30):
        pattern = Pattern()
        add_fill(pattern, np.random.default_rng(seed), voices=("snare", "tom_low"))
        assert all(N_CELLS - 8 <= hit.cell < N_CELLS for hit in pattern.hits)


@pytest.mark.parametrize("genre", GRAMMARS)
def test_patterns_lie_on_their_grid_and_use_voices_that_exist(genre: str) -> None:
    for seed in range(100):
        pattern = draw_pattern(genre, seed)
        assert 0 <= pattern.swing <= 0.4
        assert len(pattern.hits) >= 4
        assert {hit.voice for hit in pattern.hits} <= set(VOICES)
        assert all((2 * hit.cell) % 1 == 0 and 0 <= hit.cell < N_CELLS for hit in pattern.hits)
        late = np.array(pattern.starts()) % (2 * CELL_SAMPLES)
        swung = CELL_SAMPLES + round(pattern.swing * CELL_SAMPLES)
        grid = [0, CELL_SAMPLES // 2, swung, swung + CELL_SAMPLES // 2]
        assert set(late.tolist()) <= set(grid)
        assert max(pattern.starts()) < N_SAMPLES
