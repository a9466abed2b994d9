"""Ten minutes of a set with the shipped model and vocoder, and a pop detector that was shown to find pops."""

from collections.abc import Callable

import numpy as np
import pytest

from melgan_vocoder.vocoder_file import load_vocoder
from performer.controls import N_DECKS
from performer.crate import find_model
from performer.generation.renderer import LoopRenderer
from performer.settings import DeckSettings
from tests.performer.conftest import FakeClock
from tests.performer.pops import HALF, find_pops, muffle
from tests.performer.real_stage import RealStage
from tests.performer.scripted_hand import ScriptedHand

SEEDS = (3, 13, 23, 77, 123, 2024)
N_INSERTED = 100
BLOCK = 256
AROUND = 480
QUIET = 0.01
"""Where the peak around is below this, nothing is inserted."""
PART_S = 150.0
"""Length of one of the four parts of the set."""


@pytest.fixture(scope="module")
def renderer() -> LoopRenderer:
    return LoopRenderer(find_model("drums"), load_vocoder())


@pytest.fixture(scope="module")
def loops(renderer: LoopRenderer) -> list[np.ndarray]:
    """Muffled loops of the shipped model, twice round, `[n]`."""

    def draw(seed: int) -> np.ndarray:
        settings = DeckSettings(seed=seed)
        *_, window = renderer.whole(renderer.latents(settings), renderer.grid(settings))
        assert window is not None
        n = window.audio.shape[1]
        return muffle(np.take(window.audio, np.arange(-HALF, 2 * n + HALF), axis=1, mode="wrap"))[0]

    return [draw(seed) for seed in SEEDS]


INSERTED: dict[str, tuple[float, Callable[[np.ndarray, int, float], np.ndarray]]] = {
    "a step of a tenth of the peak": (1.0, lambda x, at, peak: np.r_[x[:at], x[at:] + 0.1 * peak]),
    "one sample off by a tenth of the peak": (1.0, lambda x, at, peak: np.r_[x[:at], x[at] + 0.1 * peak, x[at + 1 :]]),
    "a dropped block": (0.95, lambda x, at, peak: np.r_[x[:at], x[at + BLOCK :]]),
    "a doubled block": (0.95, lambda x, at, peak: np.r_[x[:at], x[at - BLOCK :]]),
    "a hard cut": (0.95, lambda x, at, peak: np.r_[x[:at], 0 * x[at:]]),
    "6 dB at once": (0.9, lambda x, at, peak: np.r_[x[:at], x[at:] / 2]),
    "a splice into another place": (0.95, lambda x, at, peak: np.r_[x[:at], x[at - 31_007 :]]),
}
"""What is found of it at least, and how it is made; next to a zero crossing a cut or a gain is no step."""


def test_the_loops_themselves_hold_no_pop(loops: list[np.ndarray]) -> None:
    assert [find_pops(loop[:, None]).tolist() for loop in loops] == [[]] * len(SEEDS)


@pytest.mark.parametrize("kind", INSERTED)
def test_pops_are_found_where_they_are(loops: list[np.ndarray], rng: np.random.Generator, kind: str) -> None:
    needed, insert = INSERTED[kind]
    found = []
    while len(found) < N_INSERTED:
        loop, at = loops[rng.integers(len(SEEDS))], int(rng.integers(40_000, 300_000))
        peak = float(np.abs(loop[at - AROUND : at + AROUND]).max())
        if peak > QUIET:
            heard = insert(loop, at, peak)[at - 5000 : at + 5000]
            found.append(bool(np.any(np.abs(find_pops(heard[:, None]) - 5000) < 64)))
    print(f"{kind}: {np.mean(found):.0%} found")
    assert np.mean(found) >= needed


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_set_holds_no_pop(renderer: LoopRenderer, clock: FakeClock, seed: int) -> None:
    stage = RealStage(renderer, clock)
    for deck in range(N_DECKS):
        stage.set(f"/deck/{deck + 1}/level", 0.8)
    stage.run(4.0)
    hand, began_s = ScriptedHand(stage, seed=seed), clock.time_s
    heard = hand.play(PART_S)
    counters = stage.memory.counters()
    print(f"{len(hand.done)} moves, {counters['windows']} windows, {counters['loops']} loops in {PART_S:g} s")
    assert counters["render_failures"] == 0
    assert min(len(hand.done), counters["windows"]) > PART_S  # the hand was not idle, and the worker followed
    assert np.abs(heard[: len(heard) // 48_000 * 48_000, 0]).reshape(-1, 48_000).max(axis=1).min() > QUIET
    told = [f"{at / 48_000:.4f} s, after {hand.before(began_s + at / 48_000)}" for at in find_pops(heard)]
    assert told == []
