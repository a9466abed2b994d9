"""The way to a scene: what moves evenly, what flips, and how one loop is led over to another."""

from collections.abc import Callable

import numpy as np
import pytest

from performer.controls import SLOTS, default_values
from performer.memory import Memory
from performer.session.scene_morph import GLIDE_S, SETTLE_S, SceneMorph
from performer.session.snapshot import IN_SCENES
from performer.session.values import set_values
from performer.settings import DeckSettings
from tests.performer.conftest import FakeClock
from tests.performer.stage import Stage

Read = Callable[[str], list[float]]


@pytest.fixture
def read(memory: Memory) -> Read:
    return lambda path: memory.state["controls"][0, SLOTS[path]].tolist()


def scene(**changes: float | tuple[float, ...]) -> np.ndarray:
    """Values of a scene that differs from the defaults on the first deck, or by address."""
    values = default_values()
    for name, value in changes.items():
        values[SLOTS[f"/deck/1/{name}"]] = value
    return values


def set_deck(memory: Memory, name: str, *values: float) -> None:
    slot = SLOTS[f"/deck/1/{name}"]
    set_values(memory, range(slot.start, slot.stop), values)


def settings(memory: Memory) -> DeckSettings:
    return DeckSettings.from_controls(memory.state["controls"][0], deck=1)


def test_even_controls_go_evenly_and_the_others_flip_at_half_the_way(memory: Memory, read: Read) -> None:
    morph = SceneMorph(memory, scene(density=2.0, level=0.0, filter=-1.0, transpose=5, mute=1, repeat=3))
    seen = []
    for x in (0.0, 0.25, 0.49, 0.5, 1.0):
        morph.go(x, now_s=0.0)
        names = ("density", "level", "filter", "transpose", "mute", "repeat")
        seen.append([read(f"/deck/1/{name}")[0] for name in names])
    np.testing.assert_allclose(
        seen,
        [[0, 0.8, 0, 0, 0, 0], [0.5, 0.6, -0.25, 0, 0, 0], [0.98, 0.408, -0.49, 0, 0, 0],
         [1, 0.4, -0.5, 5, 1, 3], [2, 0, -1, 5, 1, 3]],
    )  # fmt: skip


def test_both_ends_are_exact_and_the_way_back_is_open(memory: Memory) -> None:
    before = memory.state["controls"][0].copy()
    goal = np.random.default_rng(2).uniform(size=before.shape)
    integers = default_values() == np.round(default_values())
    goal = np.where(integers, np.round(goal), goal)
    morph = SceneMorph(memory, goal)
    for x in (0.3, 0.8, 1.0):
        morph.go(x, now_s=0.0)
    morph.settle(now_s=SETTLE_S + 1)
    np.testing.assert_array_equal(memory.state["controls"][0], np.where(IN_SCENES, goal, before))
    for x in (0.8, 0.3, 0.0):
        morph.go(x, now_s=10.0)
    morph.settle(now_s=20.0)
    np.testing.assert_array_equal(memory.state["controls"][0], before)


def test_tempo_and_headphones_are_left_alone(memory: Memory, read: Read) -> None:
    goal = scene(cue=1)
    goal[SLOTS["/tempo"]] = 90.0
    SceneMorph(memory, goal).go(1.0, now_s=0.0)
    assert (read("/tempo"), read("/deck/1/cue")) == ([120.0], [0.0])


def test_what_the_hand_moves_meanwhile_is_left_to_it(memory: Memory, read: Read) -> None:
    morph = SceneMorph(memory, scene(density=2.0, bass=2.0))
    morph.go(0.25, now_s=0.0)
    set_deck(memory, "bass", -3.0)
    for x in (0.5, 1.0):
        morph.go(x, now_s=0.0)
    assert (read("/deck/1/density"), read("/deck/1/bass")) == ([2.0], [-3.0])
    assert morph.was_touched


def shares(deck: DeckSettings) -> dict[int, float]:
    """How much of each seed plays."""
    right, up = deck.morph
    weights = ((1 - right) * (1 - up), right * (1 - up), (1 - right) * up, right * up)
    found: dict[int, float] = {}
    for seed, weight in zip(deck.seeds, weights, strict=True):
        found[seed] = found.get(seed, 0.0) + weight
    return {seed: weight for seed, weight in found.items() if weight > 1e-12}


@pytest.mark.parametrize(
    ("origin", "goal"),
    [
        ((0.0, 0.0), (0.0, 0.0)),
        ((1.0, 0.0), (0.0, 1.0)),
        ((0.25, 0.0), (0.0, 0.0)),
        ((0.25, 1.0), (1.0, 0.75)),
    ],
)
def test_two_loops_between_few_seeds_are_led_over_without_a_jump(
    memory: Memory, origin: tuple[float, float], goal: tuple[float, float]
) -> None:
    set_deck(memory, "morph", *origin)
    begin = shares(settings(memory))
    morph = SceneMorph(memory, scene(seed=50, morph=goal))
    end = shares(DeckSettings.from_controls(scene(seed=50, morph=goal), deck=1))
    before = begin
    for x in np.linspace(0, 1, 101):
        morph.go(float(x), now_s=0.0)
        now = shares(settings(memory))
        assert sum(abs(now.get(seed, 0) - before.get(seed, 0)) for seed in {*now, *before}) < 0.04
        assert sum(share for seed, share in now.items() if seed >= 50) == pytest.approx(x)
        before = now
    assert before == end


def test_two_loops_between_one_seed_each_go_straight_from_one_to_the_other(memory: Memory) -> None:
    set_deck(memory, "morph", 1.0, 0.0)
    morph = SceneMorph(memory, scene(seed=50, morph=(0.0, 1.0)))
    morph.go(0.25, now_s=0.0)
    assert shares(settings(memory)) == {4: 0.75, 52: 0.25}


def test_loops_between_four_seeds_flip_at_half_the_way_and_are_wandered_to(memory: Memory, read: Read) -> None:
    set_deck(memory, "morph", 0.5, 0.5)
    morph = SceneMorph(memory, scene(seed=50, morph=(0.25, 0.25)))
    seen = []
    for x in (0.1, 0.49, 0.5, 0.9, 1.0):
        morph.go(x, now_s=0.0)
        assert read("/deck/1/glide") == [GLIDE_S]
        seen.append((settings(memory).seed, settings(memory).morph))
    assert seen == [(3, (0.5, 0.5))] * 2 + [(50, (0.25, 0.25))] * 3


def test_a_timbre_from_other_seeds_changes_with_them_at_half_the_way(memory: Memory, read: Read) -> None:
    morph = SceneMorph(memory, scene(seed=50, timbre=(1.0, 0.5), split=0.5))
    seen = []
    for x in (0.25, 0.75):
        morph.go(x, now_s=0.0)
        seen.append([*read("/deck/1/seed"), *read("/deck/1/timbre"), *read("/deck/1/split")])
    assert seen == [[3, 0, 0, 0.125], [50, 1, 0.5, 0.375]]


def test_on_one_pad_the_place_goes_evenly_and_at_once(memory: Memory, read: Read) -> None:
    set_deck(memory, "morph", 0.5, 0.5)
    SceneMorph(memory, scene(morph=(1.0, 0.0))).go(0.5, now_s=0.0)
    assert settings(memory).morph == (0.75, 0.25)
    assert read("/deck/1/glide") == [0.0]


def test_the_glide_is_what_it_was_once_the_hand_has_rested(memory: Memory, read: Read) -> None:
    morph = SceneMorph(memory, scene(seed=50, glide=0.5))
    morph.go(0.5, now_s=100.0)
    morph.settle(now_s=100.0 + SETTLE_S)
    assert read("/deck/1/glide") == [GLIDE_S]
    morph.settle(now_s=100.1 + SETTLE_S)
    assert read("/deck/1/glide") == [0.25]
    morph.go(0.6, now_s=200.0)
    assert read("/deck/1/glide") == [GLIDE_S]


def test_a_glide_longer_than_that_stays(memory: Memory, read: Read) -> None:
    set_deck(memory, "glide", 8.0)
    SceneMorph(memory, scene(seed=50, glide=8.0)).go(0.5, now_s=0.0)
    assert read("/deck/1/glide") == [8.0]


def test_another_model_flips(memory: Memory) -> None:
    morph = SceneMorph(memory, scene(model=1, seed=50))
    morph.go(0.4, now_s=0.0)
    assert (settings(memory).model, settings(memory).seeds[0]) == (0, 3)
    morph.go(0.6, now_s=0.0)
    assert (settings(memory).model, settings(memory).seeds[0]) == (1, 50)


def test_a_drifting_deck_goes_on_drifting_until_half_the_way(memory: Memory, read: Read) -> None:
    memory.state["walked"][0, 0] = 3.5
    morph = SceneMorph(memory, scene(walk=7.0, density=1.0))
    for x in (0.1, 0.4):
        morph.go(x, now_s=0.0)
    assert memory.state["walk_turn"][0, 0] == 0
    morph.go(0.6, now_s=0.0)
    assert read("/deck/1/walk") == [7.0]
    morph.go(0.4, now_s=0.0)
    assert read("/deck/1/walk") == [3.5]


def test_other_seeds_are_heard_as_a_morph_and_not_as_a_cut(memory: Memory, clock: FakeClock) -> None:
    stage = Stage(memory, clock)
    stage.set("/deck/1/level", 1.0)
    stage.run(6.0)
    before = stage.run(0.1)[-1]
    morph = SceneMorph(memory, np.where(SLOTS["/deck/1/seed"].start == np.arange(len(memory.state["controls"][0])),
                                        13.0, memory.state["controls"][0]))  # fmt: skip
    start_s = clock.time_s
    for step in range(101):
        stage.hands.append((start_s + step * 0.01, lambda x=step / 100: morph.go(x, now_s=clock.time_s)))
    heard = stage.run(3.0)[::480] / before
    assert heard[-1] == pytest.approx(13 / 3, rel=0.01)
    assert np.abs(np.diff(heard)).max() < 0.3 * (13 / 3 - 1)  # a cut would be all of it, within a fade of 20 ms
