import numpy as np

from performer.memory import TAPE_SAMPLES, Memory
from performer.recording.tape import LARGEST_BLOCK, read_tape


def test_the_newest_sound_is_read_round_the_ring_and_older_one_is_gone(memory: Memory) -> None:
    taped = 3 * TAPE_SAMPLES + 1000
    position = np.arange(taped - TAPE_SAMPLES, taped)
    memory.tape[position % TAPE_SAMPLES] = (position % 9973)[:, None]
    memory.state["taped"][0] = taped
    start = taped - 5000
    audio = read_tape(memory, start, taped)
    assert audio is not None
    np.testing.assert_array_equal(audio[:, 0], np.arange(start, taped) % 9973)
    oldest = taped - TAPE_SAMPLES + LARGEST_BLOCK
    assert read_tape(memory, oldest, oldest + 10) is not None
    assert read_tape(memory, oldest - 1, oldest + 10) is None
