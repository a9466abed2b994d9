import numpy as np
import pytest

from performer.clock import TICKS_A_CELL
from performer.controls import CONTROLS_BY_PATH, N_DECKS
from performer.desk.meter import LOUDNESS
from performer.desk.playback import Playback
from performer.memory import N_CELLS, Memory
from performer.readouts import READOUTS, READOUTS_BY_PATH
from tests.performer.conftest import FakeClock, HandOver

BLOCK = 250


def read(memory: Memory, path: str) -> tuple[float, ...]:
    return READOUTS_BY_PATH[path].read(memory)


def play(playback: Playback, memory: Memory, cells: float) -> None:
    playback.position = 0
    for _ in range(round(cells * 6000 / BLOCK)):
        playback.render(np.zeros((BLOCK, 2), np.float32))


@pytest.fixture
def playback(memory: Memory, clock: FakeClock, hand_over: HandOver) -> Playback:
    hand_over(0.3)
    return Playback(memory, now_s=clock)


def test_each_has_a_place_of_its_own_and_values_in_range_before_anything_plays(memory: Memory) -> None:
    assert len(READOUTS_BY_PATH) == len(READOUTS)
    assert not set(READOUTS_BY_PATH) & set(CONTROLS_BY_PATH)
    for readout in READOUTS:
        values = readout.read(memory)
        assert len(values) == len(readout.types)
        assert all(readout.minimum <= value <= readout.maximum for value in values)
        assert readout.help.endswith(".")


def test_the_playhead_goes_round_with_the_clock(playback: Playback, memory: Memory) -> None:
    play(playback, memory, 8.5)
    assert read(memory, "/deck/1/playhead")[0] == pytest.approx(8.5 / N_CELLS, abs=0.01)
    assert read(memory, "/beat")[0] == pytest.approx(8.5 * TICKS_A_CELL / 8, abs=0.25)
    memory.state["controls"][0, :] = memory.state["controls"][0]
    assert read(memory, "/deck/2/playhead") == (0.0,)


def test_meters_show_what_sounds(playback: Playback, memory: Memory) -> None:
    play(playback, memory, 8)
    assert -30 < read(memory, "/deck/1/meter")[0] < 0
    assert read(memory, "/deck/2/meter") == (-90.0, -90.0)
    assert -30 < read(memory, "/master/meter")[1] < 0


def test_before_the_music_the_loudness_is_that_of_silence(playback: Playback, memory: Memory) -> None:
    assert read(memory, "/master/loudness") == (-90.0,)
    play(playback, memory, 1)
    memory.state["readings"][0, N_DECKS, LOUDNESS] = -14.24
    assert read(memory, "/master/loudness") == (-14.2,)


def test_cells_that_wait_for_their_beat_are_pending(playback: Playback, memory: Memory, hand_over: HandOver) -> None:
    from performer.controls import SLOTS

    play(playback, memory, 4)
    assert read(memory, "/deck/1/pending") == (0.0,)
    memory.state["controls"][0, SLOTS["/deck/1/flip"]] = 3
    playback.render(np.zeros((BLOCK, 2), np.float32))
    hand_over(0.2, revision=2)
    playback.render(np.zeros((BLOCK, 2), np.float32))
    assert read(memory, "/deck/1/pending") == (float(N_CELLS),)
