"""The drum hits and where they stand."""

import numpy as np
import pytest

from training.vocoder_evaluation.drum_hits import DRUMS, drum_loops, equal_kicks


@pytest.mark.parametrize("drum", DRUMS)
def test_hit_starts_at_once_is_loud_and_ends(drum: str) -> None:
    hit = DRUMS[drum]()
    assert 0.2 < np.abs(hit).max() <= 1
    assert np.abs(hit[:96]).max() > 0.1
    assert abs(hit[-1]) < 0.01
    np.testing.assert_array_equal(hit, DRUMS[drum]())


@pytest.mark.parametrize("on_the_grid", [True, False])
def test_kicks_are_equal_and_where_they_are_said_to_be(on_the_grid: bool) -> None:
    loop, starts = equal_kicks(on_the_grid=on_the_grid)
    first = loop[starts[0] : starts[0] + 16_000]
    for start in starts:
        np.testing.assert_array_equal(loop[start : start + 16_000], first)
        assert not loop[start - 1000 : start].any()
    assert ({start % 375 for start in starts} == {0}) is on_the_grid


def test_drum_hits_are_off_the_hops_and_after_silence() -> None:
    loops, starts = drum_loops()
    assert loops.shape == (4, 192_000)
    assert starts.shape == (4, 8)
    assert len({start % 375 for start in starts.ravel().tolist()}) > 20
    for loop, row in zip(loops, starts):
        for start in row:
            assert not np.take(loop, range(start - 1000, start), mode="wrap").any()
            assert np.abs(loop[start : start + 40]).max() > 0.05
