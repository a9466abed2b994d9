"""Worker and playback together in virtual time: drawing costs time, and the music plays on meanwhile."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from performer.controls import N_DECKS
from performer.desk.clips import PREROLL
from performer.generation.governor import REST_CELLS, WINDOW_CELLS
from performer.generation.worker import Worker
from performer.memory import N_SLOTS, Memory
from performer.settings import DeckSettings
from tests.performer.conftest import FakeClock
from tests.performer.stage import WINDOW_S, Stage


@pytest.fixture
def stage(memory: Memory, clock: FakeClock) -> Stage:
    """All decks at rest; only the first one's fader is up."""
    stage = Stage(memory, clock)
    stage.set("/master/level", 1.0)
    stage.set("/deck/1/level", 1.0)
    stage.run(6.0)
    assert not stage.worker.step()
    stage.renderer.windows.clear()
    stage.renderer.wholes.clear()
    return stage


def test_at_first_every_deck_is_drawn_whole_the_audible_one_first(memory: Memory, clock: FakeClock) -> None:
    stage = Stage(memory, clock)
    stage.set("/deck/1/level", 0.0)
    stage.set("/deck/3/level", 1.0)
    stage.run(5.0)
    assert stage.renderer.wholes == [23, 3, 13, 33]
    assert memory.counters()["loops"] == N_DECKS
    assert memory.counters()["windows"] == 0
    assert not stage.worker.step()
    for deck in range(N_DECKS):
        np.testing.assert_array_equal(
            memory.state["rendered"][0, deck],
            DeckSettings.from_controls(memory.state["controls"][0], deck=deck + 1).to_array(),
        )


def test_a_move_is_heard_after_one_window(stage: Stage) -> None:
    before = stage.run(0.5)
    stage.set("/deck/1/seed", 9)
    heard = stage.run(1.0)
    changed = np.flatnonzero(np.abs(heard - before[-1]) > 0.01 * abs(before[-1]))[0] / 48_000
    assert changed < WINDOW_S + 0.05 + 0.02  # drawn, and not flipped to in the last 50 ms of a cell
    assert heard[-1] == pytest.approx(3 * before[-1], rel=0.01)


def test_what_moved_never_falls_back_to_what_sounded_before(stage: Stage) -> None:
    before = stage.run(0.1)[-1]
    stage.set("/deck/1/seed", 9)
    heard = stage.run(6.0)
    first = np.flatnonzero(heard > 2.9 * before)[0]
    assert np.all(heard[first:] > 2.9 * before)
    assert stage.memory.counters()["late_cells"] == 0


def test_once_at_rest_the_loop_is_filled_and_then_drawn_whole(stage: Stage) -> None:
    stage.set("/deck/1/seed", 9)
    stage.run(4.0)
    sizes = [n for _, n, _, _ in stage.renderer.windows]
    assert sizes[0] < 64
    assert all(n > REST_CELLS * 16 for n in sizes[1:])
    assert stage.renderer.wholes == [9]
    assert stage.memory.state["rested"][0, 0] == stage.memory.state["sounding"][0, 0]
    assert not stage.worker.step()


def test_a_moving_hand_is_followed_ten_times_a_second(stage: Stage) -> None:
    before = stage.run(0.1)[-1] / 3
    start_s = stage.clock.time_s
    for step in range(200):
        at_s = start_s + step * 0.01
        stage.hands.append((at_s, lambda step=step: stage.set("/deck/1/seed", 10 + step)))
    heard = stage.run(2.0)
    level = heard[::48] / before  # each millisecond
    asked = 10 + np.minimum(np.arange(len(level)) // 10, 199)
    behind = (asked - level)[300:]  # in steps of 10 ms
    assert np.percentile(behind, 95) < 25
    assert len(stage.renderer.windows) > 18
    assert stage.renderer.wholes == []


def test_four_moving_decks_are_drawn_in_turn(stage: Stage) -> None:
    for deck in range(1, 5):
        stage.set(f"/deck/{deck}/level", 1.0)
    stage.run(1.0)
    start_s = stage.clock.time_s
    for step in range(300):

        def move(step: int = step) -> None:
            for deck in range(1, 5):
                stage.set(f"/deck/{deck}/morph", step / 300, 0.0)

        stage.hands.append((start_s + step * 0.01, move))
    stage.renderer.windows.clear()
    stage.run(3.0)
    margins = stage.memory.state["margin_s"][0]
    assert np.all(margins > 0)
    assert stage.memory.counters()["render_failures"] == 0
    assert len(stage.renderer.windows) > 3.0 / WINDOW_S * 0.8


def move_all(stage: Stage, seconds: float) -> None:
    """Play while a hand moves every deck a hundred times a second."""
    start_s = stage.clock.time_s
    for step in range(round(seconds * 100)):

        def move(step: int = step) -> None:
            for deck in range(1, 5):
                stage.set(f"/deck/{deck}/morph", step / (seconds * 100), 0.0)

        stage.hands.append((start_s + step * 0.01, move))
    stage.run(seconds)


def refreshes(stage: Stage, deck: int, work: Callable[[], None]) -> np.ndarray:
    """Seconds from each new revision of a deck that sounds to the next, while some work is done."""
    at_s: list[float] = []
    before, render = -1, stage.playback.render

    def noting(block: np.ndarray, *rest: float) -> None:
        nonlocal before
        render(block, *rest)
        if stage.memory.state["sounding"][0, deck] != before:
            before = int(stage.memory.state["sounding"][0, deck])
            at_s.append(stage.clock.time_s)

    stage.playback.render = noting  # type: ignore[method-assign]
    work()
    return np.diff(at_s)


@pytest.mark.parametrize(("slowness", "loops"), [(0.5, 4), (1.0, 2), (1.2, 1)])
def test_decks_that_all_move_get_narrower_before_their_windows_run_out(
    stage: Stage, slowness: float, loops: int
) -> None:
    for deck in range(1, 5):
        stage.set(f"/deck/{deck}/level", 1.0)
    stage.run(1.0)
    stage.renderer.slowness = slowness
    move_all(stage, 1.0)
    apart_s = refreshes(stage, 2, lambda: move_all(stage, 4.0))
    counters = stage.memory.counters()
    assert list(stage.memory.state["loops"][0]) == [loops] * 4
    assert (counters["narrowed_windows"] > 0) == (loops < 4)
    assert counters["waiting_decks"] == 0
    assert apart_s.max() < 0.25 + 0.07  # two cells, and what a flip may wait


def test_where_one_loop_each_is_too_much_decks_take_turns_and_none_is_forgotten(stage: Stage) -> None:
    for deck in range(1, 5):
        stage.set(f"/deck/{deck}/level", 1.0)
    stage.run(1.0)
    stage.renderer.slowness = 3.0
    move_all(stage, 4.0)
    before = stage.memory.state["published"][0].max(axis=1) // N_SLOTS
    move_all(stage, 18.0)
    assert stage.memory.counters()["waiting_decks"] > 2
    newer = stage.memory.state["published"][0] // N_SLOTS > before[:, None]
    assert newer.mean(axis=1).min() > 0.7
    stage.run(8.0)
    assert list(stage.memory.state["loops"][0]) == [4] * 4
    np.testing.assert_array_equal(stage.memory.state["rested"], stage.memory.state["sounding"])


def test_windows_go_on_from_the_phases_that_sound_before_them(stage: Stage) -> None:
    stage.set("/deck/1/seed", 9)
    stage.run(0.3)
    first, _, grid, states_in = stage.renderer.windows[0]
    np.testing.assert_array_equal(states_in[0, 0, 0], np.arange(first - 6, first + 1) % grid.n_frames)


def test_a_mixer_control_draws_nothing(stage: Stage) -> None:
    for path, value in (("width", 0.1), ("level", 0.5), ("filter", 0.5), ("rotate", 3), ("repeat", 2), ("bars", 1)):
        stage.set(f"/deck/1/{path}", value)
        assert not stage.worker.step()


def test_an_inaudible_deck_is_drawn_whole_and_at_once(stage: Stage) -> None:
    stage.set("/deck/2/seed", 50)
    stage.run(1.0)
    assert (stage.renderer.windows, stage.renderer.wholes) == ([], [50])


def test_a_quantised_deck_is_drawn_whole_and_flips_on_its_beat(stage: Stage) -> None:
    before = stage.run(0.1)[-1]
    stage.set("/deck/1/flip", 2)
    stage.set("/deck/1/seed", 9)
    first = stage.playback.position
    heard = stage.run(4.5)
    assert stage.renderer.windows == []
    flipped = first + int(np.flatnonzero(heard > 2 * before)[0])
    boundary = round(flipped / 96_000) * 96_000
    assert -960 < flipped - 72 - boundary < 0  # the fade ends on the bar; the limiter's delay is 72 samples


def test_a_frozen_deck_is_left_alone_and_catches_up_when_it_thaws(stage: Stage) -> None:
    stage.set("/deck/1/freeze", 1)
    stage.set("/deck/1/seed", 9)
    assert not stage.worker.step()
    stage.set("/deck/1/freeze", 0)
    stage.run(1.0)
    assert stage.renderer.windows


@pytest.mark.parametrize("seed", [666, 667, 668])
def test_a_failed_drawing_is_counted_said_and_not_repeated(
    stage: Stage, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stage.run(0.1)[-1]
    stage.set("/deck/1/seed", seed)
    heard = stage.run(2.0)
    np.testing.assert_allclose(heard, before, rtol=1e-3)
    assert stage.memory.counters()["render_failures"] == 1
    assert f"deck 1 keeps its loop: seed {seed} failed" in capsys.readouterr().err
    stage.set("/deck/1/seed", 9)
    assert stage.run(1.0)[-1] == pytest.approx(3 * before, rel=0.01)


def test_a_change_of_tempo_draws_what_sounds_next_at_the_new_tempo_first(stage: Stage) -> None:
    stage.set("/tempo", 126.0)
    stage.run(1.0)
    assert {grid.n_frames for _, _, grid, _ in stage.renderer.windows} == {488}
    heard = stage.run(6.0)
    assert not stage.worker.step()
    assert np.ptp(heard) < 0.02 * abs(heard[0])


def test_a_nudge_draws_nothing(stage: Stage) -> None:
    stage.set("/nudge", 1.0)
    assert not stage.worker.step()


def test_a_glide_takes_its_time_and_a_drift_never_rests(stage: Stage) -> None:
    before = stage.run(0.1)[-1] / 3
    stage.set("/deck/1/glide", 2.0)
    stage.set("/deck/1/seed", 13)
    level = stage.run(3.0) / before
    half = np.flatnonzero(level > 8)[0] / 48_000
    assert half == pytest.approx(1.0, abs=0.3)
    assert level[-1] == pytest.approx(13, rel=0.01)
    stage.run(3.0)
    stage.renderer.windows.clear()
    stage.set("/deck/1/drift", 0.5)
    stage.run(2.0)
    assert len(stage.renderer.windows) > 10


def test_a_new_worker_takes_over_without_a_gap(stage: Stage) -> None:
    before = stage.run(0.1)[-1]
    stage.worker = Worker(stage.memory, [stage.renderer], now_s=stage.clock, wait=stage.spend)  # type: ignore[list-item]
    np.testing.assert_allclose(stage.run(4.0), before, rtol=1e-3)
    stage.set("/deck/1/seed", 9)
    assert stage.run(1.0)[-1] == pytest.approx(3 * before, rel=0.01)


def test_revisions_go_on_rising(stage: Stage) -> None:
    before = int(stage.memory.state["published"][0, 0].max()) // N_SLOTS
    stage.set("/deck/1/seed", 9)
    stage.run(3.0)
    assert int(stage.memory.state["published"][0, 0].min()) // N_SLOTS > before
    assert WINDOW_CELLS * 6000 > PREROLL


def test_what_cannot_be_handed_over_while_the_sound_is_away_is_handed_over_when_it_is_back(stage: Stage) -> None:
    before = stage.run(0.1)[-1]
    playback, stage.playback = stage.playback, Silence()  # type: ignore[assignment]
    stage.set("/deck/1/seed", 9)
    stage.run(2.0)
    stage.playback = playback
    heard = stage.run(6.0)
    assert heard[-1] == pytest.approx(3 * before, rel=0.01)
    assert np.all(np.abs(heard[-192_000:] - heard[-1]) < 1e-5)
    assert stage.memory.state["rested"][0, 0] == stage.memory.state["sounding"][0, 0]


class Silence:
    """A sound device that went away."""

    def render(self, block: np.ndarray) -> None:
        block[:] = 0


@pytest.mark.parametrize(("seed", "is_starved"), [(665, True), (666, False), (9, False)])
def test_a_worker_that_lacked_memory_asks_for_a_fresh_process(stage: Stage, seed: int, is_starved: bool) -> None:
    stage.set("/deck/1/seed", seed)
    stage.run(1.0)
    assert stage.worker.is_starved is is_starved


def test_a_hand_that_never_rests_does_not_starve_a_deck_that_waits(stage: Stage) -> None:
    stage.set("/deck/2/level", 1.0)
    stage.set("/deck/2/flip", 1)
    stage.run(2.0)
    stage.set("/deck/2/seed", 30)
    start_s = stage.clock.time_s
    for step in range(600):
        stage.hands.append((start_s + step * 0.01, lambda step=step: stage.set("/deck/1/morph", step / 600, 0.0)))
    stage.run(6.0)
    assert 30 in stage.renderer.wholes
    np.testing.assert_array_equal(stage.memory.state["rested"][0, 1], stage.memory.state["sounding"][0, 1])


def test_of_a_one_bar_deck_no_cell_is_drawn_that_is_not_heard(stage: Stage) -> None:
    stage.set("/deck/1/bars", 1)
    stage.run(2.0)
    drawn: list[int] = []
    draw = stage.worker.decks[0].drawing.draw_window

    def noting(first_cell: int, n_cells: int, **rest: Any) -> Any:
        drawn.extend(range(first_cell, first_cell + n_cells))
        return draw(first_cell, n_cells, **rest)

    stage.worker.decks[0].drawing.draw_window = noting  # type: ignore[method-assign]
    stage.set("/deck/1/seed", 9)
    heard = stage.run(2.5)
    assert drawn
    assert max(drawn) < 16
    np.testing.assert_allclose(heard[-48_000:], heard[-1], rtol=1e-3)


def test_a_worker_that_is_started_again_goes_on_where_a_drifting_deck_was(stage: Stage) -> None:
    stage.set("/deck/1/drift", 1.0)
    stage.run(4.0)
    walked = float(stage.memory.state["walked"][0, 0])
    assert walked > 1
    stage.worker = Worker(stage.memory, [stage.renderer], now_s=stage.clock, wait=stage.spend)  # type: ignore[list-item]
    stage.run(1.0)
    assert stage.memory.state["walked"][0, 0] >= walked
