import gc
import itertools
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest

from performer.controls import SLOTS
from performer.desk.clips import publish
from performer.desk.limiter import delay_samples
from performer.desk.mixer import mix_block
from performer.desk.playback import ASKING_S, FILLING_S, NUDGE, Playback
from performer.memory import KIND_CLIP, KIND_CONTROL, KIND_START, N_CELLS, Memory
from tests.performer.conftest import FakeClock, HandOver, loop_clips, tone

DELAY_S = delay_samples(48_000) / 48_000
GAIN = (0.8 * 0.8) ** 2
"""Of the default faders."""


@pytest.fixture
def playback(memory: Memory, clock: FakeClock) -> Playback:
    return Playback(memory, now_s=clock)


def play(playback: Playback, n_samples: int, *, block_size: int = 100) -> np.ndarray:
    blocks = [np.full((block_size, 2), 9, np.float32) for _ in range(n_samples // block_size)]
    for block in blocks:
        playback.render(block)
    return np.concatenate(blocks)


def test_silence_until_a_loop_arrives_then_a_fade_in(playback: Playback, hand_over: HandOver) -> None:
    assert np.all(play(playback, 500) == 0)
    hand_over(0.5)
    left = play(playback, 24_000)[:, 0]
    assert abs(left[0]) < 0.01
    assert left[-1] == pytest.approx(0.5 * GAIN, rel=1e-3)
    assert np.abs(np.diff(left)).max() < 0.01


def test_many_flips_make_no_step(memory: Memory, playback: Playback, hand_over: HandOver) -> None:
    heard = []
    for revision in range(1, 8):
        hand_over(0.1 * revision, revision=revision)
        heard.append(play(playback, 8000))
        assert memory.state["sounding"][0, 0] == revision
    assert np.abs(np.diff(np.concatenate(heard)[:, 0])).max() < 0.002


def test_the_worker_is_told_which_cell_sounds_and_when_it_began(
    memory: Memory, playback: Playback, hand_over: HandOver
) -> None:
    play(playback, 100)
    assert memory.state["under"][0, 0] == -1
    hand_over(0.5)
    for _ in range(300):
        play(playback, 100)
        tick, cell = divmod(int(memory.state["under"][0, 0]), N_CELLS)
        assert cell == tick // 2 % N_CELLS
        assert playback.position is not None
        assert 0 <= playback.clock.tick_at(playback.position + 960) - tick <= 2.7


def test_a_new_process_goes_on_with_the_same_loop_at_the_right_place(
    memory: Memory, playback: Playback, hand_over: HandOver, clock: FakeClock
) -> None:
    hand_over(0.5)
    play(playback, 24_000)
    clock.advance(2.0)
    successor = Playback(memory, now_s=clock)
    block = np.ones((375, 2), np.float32)
    a_block_s = 375 / 48_000
    n_silent = math.ceil((FILLING_S + ASKING_S) / a_block_s)
    for number in range(n_silent):  # it fills its buffer, then says when it is heard, and is wrong once
        is_full = number * a_block_s > FILLING_S
        successor.render(block, 0.5 if number == 20 else 0.125 if is_full else number / 1000)
        assert np.all(block == 0)
        clock.advance(a_block_s)
    successor.render(block, 0.7)
    # heard from sample 23 900 on when it was left, two seconds before the other process was asked for anything
    assert successor.position == 23_900 + round(2.125 * 48_000) + (n_silent + 1) * 375
    assert np.abs(block).max() < 0.05  # it fades in
    assert play(successor, 24_000)[-1, 0] == pytest.approx(0.5 * GAIN, rel=1e-3)


def test_a_new_process_on_a_quantised_deck_goes_on_with_what_sounded(
    memory: Memory, playback: Playback, hand_over: HandOver, clock: FakeClock
) -> None:
    hand_over(0.5)
    play(playback, 24_000)
    memory.state["controls"][0, SLOTS["/deck/1/flip"]] = 3
    hand_over(0.1, revision=2)
    play(playback, 1000)
    successor = Playback(memory, now_s=clock)
    successor.position = playback.position
    assert play(successor, 48_000)[-1, 0] == pytest.approx(0.5 * GAIN, rel=1e-3)


def test_the_clock_notes_when_a_sample_is_heard(memory: Memory, playback: Playback, clock: FakeClock) -> None:
    playback.render(np.zeros((100, 2), np.float32), 0.02)
    assert memory.state["position"][0] == 0
    assert memory.state["position_time_s"][0] == pytest.approx(clock.time_s + 0.02 + DELAY_S)


def test_tempo_and_nudge_set_the_clocks_speed(memory: Memory, playback: Playback) -> None:
    memory.state["controls"][0, SLOTS["/tempo"]] = 90
    play(playback, 100)
    assert playback.clock.tempo_bpm == 90
    memory.state["controls"][0, SLOTS["/nudge"]] = -0.5
    play(playback, 100)
    assert playback.clock.tempo_bpm == pytest.approx(90 * (1 - NUDGE / 2))


def test_a_slow_block_is_counted(memory: Memory, playback: Playback) -> None:
    ticks = iter([0.0, 0.1])
    playback.position = 0
    playback.now_s = lambda: next(ticks)
    play(playback, 100)  # started at 0.0, ended at 0.1: a block of 2 ms took 100 ms
    assert memory.counters()["late_blocks"] == 1
    assert memory.state["block_s"][0] == pytest.approx(0.1)


def test_rendering_keeps_no_memory(playback: Playback, hand_over: HandOver) -> None:
    hand_over(tone(100))
    block = np.zeros((256, 2), np.float32)
    tracemalloc.start()
    ours = [tracemalloc.Filter(inclusive=True, filename_pattern="*/performer/*")]  # threads of other tests may linger
    growth, passing = [], []
    for _ in range(4):  # at first the interpreter fills its free lists
        gc.collect()
        first = tracemalloc.take_snapshot().filter_traces(ours)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(500):
            playback.render(block)
        _, peak = tracemalloc.get_traced_memory()
        last = tracemalloc.take_snapshot().filter_traces(ours)
        growth.append(sum(change.size_diff for change in last.compare_to(first, "filename")))
        passing.append(peak - before)
    tracemalloc.stop()
    assert min(growth) < 2000
    assert min(passing) < 10_000


def test_the_journal_tells_from_which_sample_on_each_change_held(
    memory: Memory, playback: Playback, hand_over: HandOver
) -> None:
    play(playback, 100)
    first = int(memory.state["noted"][0])
    assert first == 2 + len(memory.state["controls"][0]) + 4 * N_CELLS  # all there is, and who plays it
    assert set(memory.journal["kind"][:2]) == {KIND_START}
    np.testing.assert_array_equal(memory.journal["value"][:2], [48_000, 0])
    memory.state["controls"][0, SLOTS["/tempo"]] = 90
    play(playback, 200)
    hand_over(0.5, deck=1)
    play(playback, 100)
    entries = memory.journal[first : int(memory.state["noted"][0])]
    assert (entries["position"][0], entries["kind"][0], entries["value"][0]) == (100, KIND_CONTROL, 90)
    assert entries["index"][0] == SLOTS["/tempo"].start
    assert set(entries["position"][1:]) == {300}
    assert set(entries["kind"][1:]) == {KIND_CLIP}
    np.testing.assert_array_equal(entries["index"][1:], np.arange(N_CELLS) + N_CELLS)
    np.testing.assert_array_equal(entries["value"][1:], memory.state["published"][0, 1])


def test_a_control_that_moves_while_a_block_is_mixed_is_heard_with_the_next(
    memory: Memory, playback: Playback, hand_over: HandOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(0.5)
    before = play(playback, 24_000)[-1, 0]
    controls, level = memory.state["controls"][0], SLOTS["/deck/1/level"]

    def mix(*arguments: Any) -> bool:
        controls[level] = 0.0
        return mix_block(*arguments)

    monkeypatch.setattr("performer.desk.playback.mix_block", mix)
    assert play(playback, 200, block_size=200)[-1, 0] == pytest.approx(before, rel=1e-3)
    monkeypatch.setattr("performer.desk.playback.mix_block", mix_block)
    play(playback, 200, block_size=200)
    entry = memory.journal[int(memory.state["noted"][0]) - 1]
    assert (entry["position"], entry["index"], entry["value"]) == (24_200, level.start, 0.0)
    assert play(playback, 9600)[-1, 0] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize(
    "moves",
    [
        {0: ("flip", 1), 5600: ("loop", 0.5)},  # it arrives shortly before the boundary at 6000, on a deck that waits
        {0: ("loop", 0.5), 17_600: ("loop", 0.3), 18_050: ("freeze", 1)},  # too late for the cell that ends at 18 000
    ],
)
def test_what_a_waiting_deck_plays_does_not_depend_on_blocks(moves: dict[int, tuple[str, float]]) -> None:
    heard = []
    for block_size in (16, 256):
        memory = Memory.private()
        playback = Playback(memory)
        playback.position = 0
        blocks = []
        for first, last in itertools.pairwise([*moves, 240_000]):
            name, value = moves[first]
            if name == "loop":
                revision = int(memory.state["published"][0, 0, 0]) // 3 + 1
                for cell, clip in enumerate(loop_clips(np.full((4, 192_000), value, np.float32), revision=revision)):
                    assert publish(memory, 0, cell, clip)
            else:
                memory.state["controls"][0, SLOTS[f"/deck/1/{name}"]] = value
            for start in range(first, last, block_size):
                blocks.append(np.zeros((min(block_size, last - start), 2), np.float32))
                playback.render(blocks[-1])
        heard.append(np.concatenate(blocks))
    np.testing.assert_array_equal(*heard)
    assert heard[0].max() > 0.1
