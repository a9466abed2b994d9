import numpy as np
import pytest

from performer.desk.clips import PREROLL, TAIL
from performer.errors import PerformerError
from performer.generation.bass import HALF
from performer.generation.drawing import Drawing, Path
from performer.settings import DeckSettings
from tests.performer.conftest import HOP, FakeRenderer


@pytest.fixture
def drawing(fake_renderer: FakeRenderer) -> Drawing:
    """A deck of which the whole loop was drawn."""
    drawing = Drawing()
    follow(drawing, fake_renderer, seed=100)
    for clips in drawing.draw_whole():
        assert clips is None or len(clips) == 32
    return drawing


def follow(
    drawing: Drawing, renderer: FakeRenderer, *, now_s: float = 0.0, glide_s: float = 0.0, **settings: float
) -> None:
    drawing.follow(DeckSettings(**settings), renderer, glide_s=glide_s, now_s=now_s)  # type: ignore[arg-type]


def test_a_path_goes_straight_in_its_time() -> None:
    path = Path(origin=np.zeros((1, 1, 2)), target=np.ones((1, 1, 2)), started_s=10.0, glide_s=4.0)
    assert [float(path.at(now_s)[0, 0, 0]) for now_s in (9.0, 10.0, 11.0, 14.0, 99.0)] == [0, 0, 0.25, 1, 1]


def test_a_whole_loop_is_of_a_new_revision_and_complete(drawing: Drawing) -> None:
    assert (drawing.revision, drawing.is_complete(), drawing.is_drawn(0.0)) == (1, True, True)


def test_windows_of_one_place_are_of_one_revision(drawing: Drawing, fake_renderer: FakeRenderer) -> None:
    follow(drawing, fake_renderer, seed=200)
    assert not drawing.is_drawn(0.0)
    first, second = drawing.draw_window(4, 2, now_s=0.0), drawing.draw_window(6, 8, now_s=0.0)
    assert [cell for cell, _ in first + second] == list(range(4, 14))
    assert {clip.revision for _, clip in first + second} == {2}
    assert not drawing.is_complete()
    follow(drawing, fake_renderer, seed=201)
    assert drawing.draw_window(8, 2, now_s=0.0)[0][1].revision == 3


@pytest.mark.parametrize("tempo_bpm", [60, 97, 120, 126, 200])
@pytest.mark.parametrize("first_cell", [0, 5, 31])
def test_a_window_reaches_as_far_as_its_clips_and_the_crossover_need(
    fake_renderer: FakeRenderer, tempo_bpm: float, first_cell: int
) -> None:
    drawing = Drawing()
    follow(drawing, fake_renderer, seed=100, tempo_bpm=tempo_bpm)
    list(drawing.draw_whole())
    follow(drawing, fake_renderer, seed=200, tempo_bpm=tempo_bpm)
    clips = drawing.draw_window(first_cell, 2, now_s=0.0)
    first, n, grid, _ = fake_renderer.windows[0]
    cell = grid.n_frames * HOP / 32
    assert first * HOP + HALF <= first_cell * cell - PREROLL
    assert (first + n) * HOP - HALF >= (first_cell + 2) * cell + TAIL
    for _, clip in clips:
        assert clip.audio.shape[1] >= clip.start + clip.length + TAIL - 1
        np.testing.assert_allclose(clip.audio, 0.02, atol=1e-6)


def test_states_of_a_window_take_the_place_of_those_before(drawing: Drawing, fake_renderer: FakeRenderer) -> None:
    assert drawing.states is not None
    drawing.states = np.full_like(drawing.states, -1.0)
    follow(drawing, fake_renderer, seed=200)
    drawing.draw_window(31, 2, now_s=0.0)
    own = np.flatnonzero(drawing.states[0, 0, 0] >= 0)
    np.testing.assert_array_equal(own, [*range(16), *range(496, 512)])
    np.testing.assert_array_equal(drawing.states[0, 0, 0, own], own)


def test_phases_are_carried_over_a_change_of_tempo(drawing: Drawing, fake_renderer: FakeRenderer) -> None:
    follow(drawing, fake_renderer, seed=100, tempo_bpm=60)
    drawing.draw_window(8, 2, now_s=0.0)
    first, _, _, states_in = fake_renderer.windows[0]
    np.testing.assert_array_equal(states_in[0, 0, 0], np.arange(first - 6, first + 1) // 2)


def test_nothing_can_be_drawn_of_nothing() -> None:
    with pytest.raises(PerformerError, match="follow the controls first"):
        Drawing().draw_window(0, 2, now_s=0.0)
    assert Drawing().is_drawn(0.0)
