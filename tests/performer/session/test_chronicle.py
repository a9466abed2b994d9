"""What the decks play is written down: worker, playback and chronicle together in virtual time."""

import numpy as np
import pytest

from melgan_vocoder.generator import Vocoder
from performer.controls import N_DECKS, SLOTS
from performer.errors import ControlError
from performer.generation.renderer import LoopRenderer
from performer.generation.worker import Worker
from performer.memory import N_CELLS, N_SLOTS, Memory
from performer.session.chronicle import Chronicle
from performer.session.stamp import ModelStamp
from performer.session.values import set_values
from stylegan_audio.model_file import ModelHeader
from tests.performer.conftest import FakeClock
from tests.performer.stage import Stage

STAMPS = (ModelStamp(name="drums", sha256="ab12"),)
POLL_S = 0.02


class Evening:
    """An instrument on a stage, and its chronicle."""

    def __init__(self, memory: Memory, clock: FakeClock) -> None:
        self.stage = Stage(memory, clock)
        self.lines: list[str] = []
        self.chronicle = Chronicle(memory, STAMPS, remark=self.lines.append, now_s=clock, time_s=clock)
        self.stage.set("/deck/1/level", 1.0)
        self.run(5.0)

    @property
    def seeds(self) -> list[float]:
        return [entry.place[0] for entry in self.chronicle.histories[0].entries]

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / POLL_S)):
            self.stage.run(POLL_S)
            self.chronicle.poll()

    def play(self, *seeds: float) -> None:
        """Go through seeds, resting at each."""
        for seed in seeds:
            self.set("seed", seed)
            self.run(5.0)

    def set(self, name: str, *values: float) -> None:
        slot = SLOTS[f"/deck/1/{name}"]
        set_values(self.stage.memory, range(slot.start, slot.stop), values)

    def control(self, name: str) -> float:
        return float(self.stage.memory.state["controls"][0, SLOTS[f"/deck/1/{name}"].start])


@pytest.fixture
def evening(memory: Memory, clock: FakeClock) -> Evening:
    return Evening(memory, clock)


def test_at_the_start_each_deck_has_one_entry(evening: Evening) -> None:
    assert [[entry.place[0] for entry in history.entries] for history in evening.chronicle.histories] == [
        [3], [13], [23], [33]
    ]  # fmt: skip
    assert evening.chronicle.histories[0].entries[0].model == STAMPS[0]


def test_whatever_a_deck_rests_at_is_noted_once(evening: Evening) -> None:
    evening.play(9, 10)
    evening.run(10.0)
    assert evening.seeds == [3, 9, 10]


def test_what_moves_is_noted_at_each_downbeat(evening: Evening) -> None:
    bar = evening.chronicle.bar
    noted_in = []
    while evening.chronicle.bar < bar + 4:
        evening.set("seed", evening.control("seed") + 1)
        before = len(evening.seeds)
        evening.run(POLL_S)
        if len(evening.seeds) > before:
            noted_in.append(evening.chronicle.bar)
    assert noted_in == [bar + 1, bar + 2, bar + 3, bar + 4]
    evening.run(6.0)
    assert evening.seeds[-1] == evening.control("seed")


def test_a_deck_that_nobody_hears_rests_only_when_the_hand_does(evening: Evening) -> None:
    evening.set("level", 0.0)
    bar, loops = evening.chronicle.bar, evening.stage.memory.counters()["loops"]
    for seed in range(10, 30):
        evening.set("seed", seed)
        evening.run(0.1)
    assert evening.stage.memory.counters()["loops"] > loops + 10
    assert len(evening.seeds) <= 1 + evening.chronicle.bar - bar
    evening.run(3.0)
    assert evening.seeds[-1] == 29


def test_a_tempo_is_no_other_loop(evening: Evening) -> None:
    evening.stage.set("/tempo", 126.0)
    evening.run(6.0)
    assert evening.seeds == [3]


def test_undo_and_redo_are_heard(evening: Evening) -> None:
    evening.play(9)
    nine = evening.stage.run(0.1)[-1]
    evening.chronicle.step(1, -1)
    evening.run(5.0)
    assert evening.stage.run(0.1)[-1] == pytest.approx(nine / 3, rel=0.01)
    evening.chronicle.step(1, 1)
    evening.run(5.0)
    assert evening.stage.run(0.1)[-1] == pytest.approx(nine, rel=0.01)
    assert evening.seeds == [3, 9]


def test_undo_in_the_middle_of_a_move_goes_back_to_where_it_began_and_redo_to_where_it_was(evening: Evening) -> None:
    evening.play(9)
    evening.set("seed", 10)
    evening.chronicle.step(1, -1)
    assert evening.control("seed") == 9
    evening.run(5.0)
    evening.chronicle.step(1, 1)
    assert evening.control("seed") == 10


def test_a_move_after_an_undo_drops_what_was_undone(evening: Evening) -> None:
    evening.play(9, 10)
    evening.chronicle.step(1, -1)
    evening.chronicle.step(1, -1)
    evening.run(5.0)
    assert evening.seeds == [3, 9, 10]
    evening.play(20)
    assert evening.seeds == [3, 20]
    with pytest.raises(ControlError, match="nothing to redo"):
        evening.chronicle.step(1, 1)


def test_a_knob_that_moves_no_loop_leaves_the_way_forward(evening: Evening) -> None:
    evening.play(9)
    evening.chronicle.step(1, -1)
    evening.set("filter", 0.5)
    evening.run(5.0)
    evening.chronicle.step(1, 1)
    assert evening.control("seed") == 9


def test_a_drifting_deck_is_brought_back_to_where_it_had_come(evening: Evening) -> None:
    evening.set("drift", 1.0)
    evening.run(5.0)
    evening.set("drift", 0.0)
    evening.run(4.0)
    walks = [entry.place[-2] for entry in evening.chronicle.histories[0].entries]
    assert len(walks) > 2
    assert walks == sorted(walks)
    for walk in walks[-2::-1]:
        evening.chronicle.step(1, -1)
        evening.run(0.5)
        assert evening.stage.worker.decks[0].drawing.settings is not None
        assert evening.stage.worker.decks[0].drawing.settings.walk == walk
    assert walks[0] == 0.0


def test_a_drifting_deck_is_sent_back_to_where_it_set_out(evening: Evening) -> None:
    evening.set("drift", 1.0)
    evening.run(2.5)
    evening.set("drift", 0.0)
    evening.chronicle.recall(1, 1)
    assert evening.control("walk") == 0.0  # as it was all the time
    evening.run(0.5)
    assert evening.stage.worker.decks[0].drawing.settings is not None
    assert evening.stage.worker.decks[0].drawing.settings.walk == 0.0
    evening.chronicle.step(1, -1)
    assert evening.control("walk") > 0.5


def test_a_drift_after_an_undo_does_not_drop_the_way_forward(evening: Evening) -> None:
    evening.play(9)
    evening.set("drift", 1.0)
    evening.run(2.0)
    evening.chronicle.step(1, -1)
    evening.run(4.0)
    evening.chronicle.step(1, 1)


def test_a_recalled_loop_is_a_move_that_can_be_undone(evening: Evening) -> None:
    evening.play(9, 10)
    evening.chronicle.recall(1, 1)
    assert evening.control("seed") == 3
    evening.run(5.0)
    assert evening.seeds == [3, 9, 10, 3]
    evening.chronicle.step(1, -1)
    assert evening.control("seed") == 10
    evening.set("seed", 20)
    evening.chronicle.recall(1, 1)
    evening.chronicle.step(1, -1)
    assert evening.control("seed") == 20
    with pytest.raises(ControlError, match="deck 1 has no entry 99"):
        evening.chronicle.recall(1, 99)


def test_a_star_says_how_to_come_back(evening: Evening) -> None:
    evening.set("seed", 9)
    evening.chronicle.star(1)  # what the hand has just set
    assert evening.lines == ["deck 1: entry 2 is starred; /deck/1/recall 2 brings it back"]
    assert evening.chronicle.histories[0].find(2).place[0] == 9


def test_everything_that_a_loop_is_drawn_from_comes_back_and_nothing_else(evening: Evening) -> None:
    before = evening.stage.memory.state["controls"][0].copy()
    latent = {"corners": (5, 6, -1, 8), "morph": (0.25, 0.5), "psi": (0.5,), "density": (1.5,), "bass": (-1.0,),
              "spread": (0.1,), "walk": (2.5,), "transpose": (-3,)}  # fmt: skip
    for name, values in latent.items():
        evening.set(name, *values)
    evening.run(6.0)
    evening.set("filter", 0.5)
    evening.chronicle.step(1, -1)
    before[SLOTS["/deck/1/filter"]] = 0.5
    before[SLOTS["/deck/1/level"]] = 1.0
    np.testing.assert_array_equal(evening.stage.memory.state["controls"][0], before)


def test_another_model_is_told_and_chosen_where_it_is_loaded(evening: Evening) -> None:
    evening.play(9)
    drums, bass = STAMPS[0], ModelStamp(name="bass", sha256="cd")
    evening.chronicle.stamps = (bass, drums)
    evening.chronicle.histories[0].rejoin(*evening.chronicle.present(0))
    evening.chronicle.recall(1, 1)
    assert (evening.control("model"), evening.lines) == (1, [])
    evening.chronicle.stamps = (bass,)
    evening.chronicle.recall(1, 2)
    assert (evening.control("model"), evening.control("seed")) == (0, 9)
    assert evening.lines[-1].startswith("deck 1, entry 2: model 'drums' drew this and is not loaded; 'bass' draws")


def test_the_seed_that_plays_is_pinned_to_a_corner(evening: Evening) -> None:
    evening.set("morph", 1.0, 0.0)
    evening.chronicle.pin(1, 3)
    np.testing.assert_array_equal(evening.stage.memory.state["controls"][0, SLOTS["/deck/1/corners"]], [-1, -1, 4, -1])
    evening.chronicle.step(1, -1)
    np.testing.assert_array_equal(evening.stage.memory.state["controls"][0, SLOTS["/deck/1/corners"]], [-1] * 4)
    evening.set("morph", 0.5, 0.0)
    with pytest.raises(ControlError, match="several seeds play"):
        evening.chronicle.pin(1, 3)


def loop_of(memory: Memory) -> np.ndarray:
    """Sound of the first deck's newest clips."""
    slots = memory.state["published"][0, 0] % N_SLOTS
    return np.stack([memory.clips[0, cell, slots[cell]] for cell in range(N_CELLS)])


@pytest.mark.slow
def test_with_the_real_model_undo_and_redo_bring_loops_back_bit_for_bit(
    memory: Memory, clock: FakeClock, drums_header: ModelHeader, vocoder: Vocoder
) -> None:
    for deck in range(1, N_DECKS + 1):
        memory.state["controls"][0, SLOTS[f"/deck/{deck}/level"]] = 0.0  # whole loops, without a clock
    worker = Worker(memory, [LoopRenderer(drums_header, vocoder)])
    chronicle = Chronicle(memory, STAMPS, remark=print, now_s=clock)

    def rest() -> np.ndarray:
        chronicle.poll()
        clock.advance(1.0)
        for _ in range(100):
            memory.state["seen"][0] = memory.state["published"][0]
            if not worker.step():
                break
        chronicle.poll()
        return loop_of(memory)

    first = rest()
    loops = []
    for seed, density in ((40, 1.5), (41, -0.75)):
        slots = [SLOTS[f"/deck/1/{name}"].start for name in ("seed", "density")]
        set_values(memory, slots, [seed, density])
        loops.append(rest())
    assert not np.array_equal(loops[0], loops[1])
    for by, loop in ((-1, loops[0]), (-1, first), (1, loops[0]), (1, loops[1])):
        chronicle.step(1, by)
        np.testing.assert_array_equal(rest(), loop)
    chronicle.recall(1, 1)
    np.testing.assert_array_equal(rest(), first)


def test_what_waits_for_its_beat_is_given_up(evening: Evening) -> None:
    evening.play(5)
    evening.set("flip", 3)
    evening.run(0.1)
    before = evening.stage.run(0.1)[-1]
    evening.set("seed", 30)
    evening.run(1.0)
    assert evening.stage.memory.state["sounding"][0, 0] < evening.stage.memory.state["rested"][0, 0]
    evening.chronicle.cancel(1)
    assert evening.control("seed") == 5
    for _ in range(300):
        np.testing.assert_allclose(evening.stage.run(POLL_S), before, rtol=1e-3)
        evening.chronicle.poll()
    with pytest.raises(ControlError, match="deck 1: no loop waits"):
        evening.chronicle.cancel(1)


def test_what_sounds_in_parts_is_not_brought_back(evening: Evening) -> None:
    evening.play(5)
    for step in range(40):  # a hand that keeps moving
        evening.set("morph", step / 40, 0.0)
        evening.run(POLL_S)
    with pytest.raises(ControlError, match="deck 1: what sounds was drawn while it moved; /deck/1/undo"):
        evening.chronicle.cancel(1)
