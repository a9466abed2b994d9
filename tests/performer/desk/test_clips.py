import numpy as np
import pytest

from performer.desk.clips import PREROLL, TAIL, Clip, cut_clips, free_slot, pack_slot, publish
from performer.memory import N_SLOTS, Memory


def clip(value: float, *, revision: int = 1) -> Clip:
    return Clip(
        audio=np.full((4, 7000), value, np.float32),
        start=1000.25,
        length=5714.3,
        revision=revision,
        covariance=np.eye(4),
    )


def test_a_clip_is_handed_over_whole_with_its_header(memory: Memory) -> None:
    memory.clips[1, 5] = 9
    assert publish(memory, 1, 5, clip(0.5, revision=3))
    word = int(memory.state["published"][0, 1, 5])
    slot = word % N_SLOTS
    assert word == pack_slot(3, slot)
    assert np.all(memory.clips[1, 5, slot, :, :7000] == 0.5)
    assert np.all(memory.clips[1, 5, slot, :, 7000:] == 0)
    header = memory.headers[1, 5, slot]
    assert (header["revision"], header["start"], header["length"]) == (3, 1000.25, 5714.3)
    np.testing.assert_array_equal(header["covariance"], np.eye(4))
    assert np.all(memory.state["published"][0, 0] == 0)


def test_nothing_is_written_until_the_newest_was_seen(memory: Memory) -> None:
    assert publish(memory, 0, 0, clip(0.1))
    assert free_slot(memory, 0, 0) is None
    assert not publish(memory, 0, 0, clip(0.2, revision=2))
    memory.state["seen"][0] = memory.state["published"][0]
    assert publish(memory, 0, 0, clip(0.2, revision=2))


@pytest.mark.parametrize("name", ["playing", "cued"])
def test_what_sounds_and_what_fades_out_is_never_overwritten(memory: Memory, name: str) -> None:
    for revision in (1, 2, 3):
        assert publish(memory, 0, 0, clip(revision / 10, revision=revision))
        memory.state["seen"][0] = memory.state["published"][0]
    newest = int(memory.state["published"][0, 0, 0]) % N_SLOTS
    sounding, fading = (slot for slot in range(N_SLOTS) if slot != newest)
    memory.state[name][0, 0, 0] = (sounding + 1) + 4 * (fading + 1)
    assert free_slot(memory, 0, 0) is None
    memory.state[name][0, 0, 0] = sounding + 1
    assert free_slot(memory, 0, 0) == fading


def test_a_pending_clip_can_be_replaced_for_ever_while_another_sounds(memory: Memory) -> None:
    memory.state["playing"][0, 0, 0] = 1
    used = []
    for revision in range(1, 7):
        memory.state["seen"][0] = memory.state["published"][0]
        assert publish(memory, 0, 0, clip(0.1, revision=revision))
        used.append(int(memory.state["published"][0, 0, 0]) % N_SLOTS)
    assert set(used) == {1, 2}


@pytest.mark.parametrize("n_frames", [307, 488, 512, 1024])
def test_cells_are_cut_with_what_lies_around_them(n_frames: int) -> None:
    n = n_frames * 375
    ramp = np.repeat(np.arange(-2000.0, n + 2000)[None], 4, axis=0).astype(np.float32)
    cut = cut_clips(ramp, n_cells=32, cell_length=n / 32, offset=2000)
    assert len(cut) == 32
    for cell, (audio, start) in enumerate(cut):
        begin = cell * n / 32
        assert audio[0, 0] + start == pytest.approx(begin, abs=0.01)
        assert PREROLL <= start < PREROLL + 1
        assert audio[0, -1] >= begin + n / 32 + TAIL - 1
