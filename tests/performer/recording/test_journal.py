import numpy as np

from performer.controls import SLOTS
from performer.desk.clips import pack_slot
from performer.memory import JOURNAL_ENTRIES, KIND_CLIP, KIND_CONTROL, KIND_START, N_CELLS, Memory
from performer.recording.journal import Journal


def note(memory: Memory, *entries: tuple[int, int, int, float]) -> None:
    """Write entries as the audio process does."""
    noted = int(memory.state["noted"][0])
    for number, entry in enumerate(entries, noted):
        memory.journal[number % JOURNAL_ENTRIES] = entry
    memory.state["noted"][0] = noted + len(entries)


def test_what_changed_with_a_block_is_told_in_words(memory: Memory) -> None:
    up, level = SLOTS["/deck/2/morph"].start + 1, SLOTS["/deck/1/level"].start
    note(
        memory,
        (4800, KIND_START, 0, 44_100),
        (4800, KIND_START, 1, 960),
        (4800, KIND_CONTROL, level, 0.1 + 0.2),
        (4800, KIND_CLIP, 5, 0),
        (5056, KIND_CONTROL, up, 0.25),
        (5056, KIND_CLIP, N_CELLS + 31, pack_slot(7, 2)),
    )
    changes, lost = Journal(memory, 0).read()
    assert [change.entry() for change in changes] == [
        {"n": 4, "at": 4800, "started": (44_100, 960), "set": {"/deck/1/level": [0.1 + 0.2]}},
        {"n": 6, "at": 5056, "set": {"/deck/2/morph": [None, 0.25]}, "clips": [(2, 31, 7, 2)]},
    ]
    assert lost == 0


def test_reading_goes_on_round_the_ring(memory: Memory) -> None:
    tempo = SLOTS["/tempo"].start
    journal = Journal(memory, 0)
    read = []
    for batch in range(7):
        note(memory, *((9000 * batch + step, KIND_CONTROL, tempo, step) for step in range(9000)))
        changes, lost = journal.read()
        assert lost == 0
        read += changes
    assert [change.position for change in read] == list(range(63_000))
    assert read[-1].number == 63_000
    assert Journal(memory, 62_998).read()[0] == read[-2:]


def test_what_was_overwritten_is_counted(memory: Memory) -> None:
    tempo = SLOTS["/tempo"].start
    journal = Journal(memory, 0)
    note(memory, *((step, KIND_CONTROL, tempo, step) for step in range(JOURNAL_ENTRIES + 5)))
    assert journal.read() == ([], JOURNAL_ENTRIES + 5)
    note(memory, (99, KIND_CONTROL, tempo, np.pi))
    changes, lost = journal.read()
    assert (changes[0].controls, lost) == ({"/tempo": [np.pi]}, 0)
