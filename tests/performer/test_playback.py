import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from performer.controls import SLOTS
from performer.memory import N_PAGES, Memory
from performer.pages import may_write, publish
from performer.playback import Playback
from performer.settings import DeckSettings
from tests.performer.conftest import FakeClock, FakeRenderer


@pytest.fixture
def playback(memory: Memory, short_format: MelFormat, clock: FakeClock) -> Playback:
    return Playback(memory, short_format, now_s=clock)


def hand_over(memory: Memory, renderer: FakeRenderer, *, seed: int, deck: int = 0) -> None:
    settings = DeckSettings(seed=seed)
    publish(memory, deck, renderer.render(settings), settings)


def play(playback: Playback, n_samples: int, *, block_size: int = 100) -> np.ndarray:
    blocks = [np.full((block_size, 2), 9, np.float32) for _ in range(n_samples // block_size)]
    for block in blocks:
        playback.render(block)
    return np.concatenate(blocks)


def test_silence_until_a_page_arrives_then_a_fade_in(
    memory: Memory, playback: Playback, fake_renderer: FakeRenderer
) -> None:
    assert np.all(play(playback, 500) == 0)
    hand_over(memory, fake_renderer, seed=500)
    left = play(playback, 5000)[:, 0]
    assert abs(left[0]) < 0.01
    assert left[-1] == pytest.approx(0.5 * (0.8 * 0.8) ** 2, rel=1e-3)
    assert np.abs(np.diff(left)).max() < 0.01


def test_a_flip_is_heard_in_the_next_block_and_frees_the_page_when_its_fade_is_over(
    memory: Memory, playback: Playback, fake_renderer: FakeRenderer
) -> None:
    hand_over(memory, fake_renderer, seed=500)
    play(playback, 5000)
    hand_over(memory, fake_renderer, seed=100)
    assert not may_write(memory, 0)
    play(playback, 900)
    assert not may_write(memory, 0)  # 20 ms are 960 samples
    play(playback, 100)
    assert may_write(memory, 0)
    assert play(playback, 5000)[-1, 0] == pytest.approx(0.1 * (0.8 * 0.8) ** 2, rel=1e-3)


def test_many_flips_use_all_pages_in_turn_without_a_step(
    memory: Memory, playback: Playback, fake_renderer: FakeRenderer
) -> None:
    used = set()
    heard = []
    for seed in (100, 150, 200, 250, 300, 350):
        hand_over(memory, fake_renderer, seed=seed)
        heard.append(play(playback, 4000))
        used.add(int(playback.page[0]))
    assert used == set(range(N_PAGES))
    assert np.abs(np.diff(np.concatenate(heard)[:, 0])).max() < 0.002


def test_levels_are_squared_faders(memory: Memory, playback: Playback, fake_renderer: FakeRenderer) -> None:
    hand_over(memory, fake_renderer, seed=400)
    memory.state["controls"][0, SLOTS["/deck/1/level"]] = 0.5
    memory.state["controls"][0, SLOTS["/master/level"]] = 1.0
    assert play(playback, 8000)[-1, 0] == pytest.approx(0.4 * 0.25, rel=1e-3)
    memory.state["controls"][0, SLOTS["/deck/1/level"]] = 0.0
    assert abs(play(playback, 8000)[-1, 0]) < 1e-4


def test_decks_add_up(memory: Memory, playback: Playback, fake_renderer: FakeRenderer) -> None:
    for deck, seed in ((0, 100), (1, 200), (3, 50)):
        hand_over(memory, fake_renderer, seed=seed, deck=deck)
        memory.state["controls"][0, SLOTS[f"/deck/{deck + 1}/level"]] = 1.0
    memory.state["controls"][0, SLOTS["/master/level"]] = 1.0
    assert play(playback, 8000)[-1, 0] == pytest.approx(0.35, rel=1e-3)


def test_a_new_process_goes_on_with_the_same_page_at_the_right_place(
    memory: Memory, playback: Playback, fake_renderer: FakeRenderer, short_format: MelFormat, clock: FakeClock
) -> None:
    hand_over(memory, fake_renderer, seed=500)
    play(playback, 5000)
    clock.advance(2.0)
    successor = Playback(memory, short_format, now_s=clock)
    assert np.all(play(successor, 100) == 0)  # while the device fills its buffer
    clock.advance(0.25)
    block = np.zeros((100, 2), np.float32)
    successor.render(block, 0.125)
    # the last block was heard from sample 4900 on, 2.25 s before this one was asked for, 2.375 s before it is heard
    assert successor.position == 4900 + round(2.375 * short_format.sample_rate) + 100
    assert np.abs(block).max() < 0.05  # it fades in
    heard = play(successor, 5000)[:, 0]
    assert heard[-1] == pytest.approx(0.5 * (0.8 * 0.8) ** 2, rel=1e-3)


def test_snap_needs_no_fade(memory: Memory, playback: Playback, fake_renderer: FakeRenderer) -> None:
    hand_over(memory, fake_renderer, seed=500)
    playback.snap()
    assert play(playback, 100)[0, 0] == pytest.approx(0.5 * (0.8 * 0.8) ** 2)


def test_a_slow_block_is_counted(memory: Memory, playback: Playback, clock: FakeClock) -> None:
    ticks = iter([0.0, 0.1])
    playback.position = 0
    playback.now_s = lambda: next(ticks)
    play(playback, 100)  # started at 0.0, ended at 0.1: a block of 2 ms took 100 ms
    assert memory.counters()["late_blocks"] == 1
    assert memory.state["block_s"][0] == pytest.approx(0.1)


def test_rendering_keeps_no_memory(memory: Memory, playback: Playback, fake_renderer: FakeRenderer) -> None:
    import gc
    import tracemalloc

    hand_over(memory, fake_renderer, seed=500)
    block = np.zeros((256, 2), np.float32)
    for _ in range(50):
        playback.render(block)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(500):
        playback.render(block)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 2000
    assert peak - before < 10_000
