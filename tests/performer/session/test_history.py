import json
import pathlib
import time

import numpy as np
import pytest

from performer.controls import CONTROLS_BY_PATH, SLOTS, default_values
from performer.errors import ControlError
from performer.session.history import N_KEPT, DeckHistory, Entry, read_histories, write_histories
from performer.session.stamp import ModelStamp
from performer.settings import PLACE_NAMES, DeckSettings, place_slots

WRITTEN_BEFORE = pathlib.Path(__file__).parent / "written_before" / "session-history.jsonl"
"""By a version that had the directions density and bass alone, and neither presets nor a pad for the timbre."""
MODEL = ModelStamp(name="drums", sha256="ab12")


def place(seed: float, **changes: float | tuple[float, ...]) -> tuple[float, ...]:
    values = default_values()
    values[SLOTS["/deck/1/seed"]] = seed
    for name, value in changes.items():
        values[SLOTS[f"/deck/1/{name}"]] = value
    return DeckSettings.from_controls(values, deck=1).place


def played(*seeds: int) -> DeckHistory:
    history = DeckHistory(1)
    for seed in seeds:
        history.note(place(seed), MODEL, time_s=1000.0 + seed)
    return history


def seeds(history: DeckHistory) -> list[float]:
    return [entry.place[0] for entry in history.entries]


def test_the_place_of_settings_is_that_of_the_controls() -> None:
    values = np.random.default_rng(1).integers(0, 2, default_values().shape).astype(float)
    for deck in range(4):
        settings = DeckSettings.from_controls(values, deck=deck + 1)
        assert settings.place == tuple(values[place_slots(deck)])
        assert DeckSettings.from_array(settings.to_array()).place == settings.place


def test_histories_that_were_written_before_have_their_loops() -> None:
    histories = [DeckHistory(deck) for deck in range(1, 5)]
    assert read_histories(WRITTEN_BEFORE.read_text(), histories) == []
    assert [entry.place for entry in histories[0].entries] == [
        place(42, density=1.5, bass=-0.5), place(42, density=-2.0, bass=-0.5),
    ]  # fmt: skip
    assert histories[1].entries[0].place == place(13, corners=(-1, 70, -1, 8))


def test_a_loop_is_noted_once_until_another_one_is() -> None:
    history = played(1, 1, 2, 2, 1)
    assert seeds(history) == [1, 2, 1]
    assert [entry.number for entry in history.entries] == [1, 2, 3]


def test_another_model_is_another_loop() -> None:
    history = played(1)
    history.note(place(1), ModelStamp(name="drums", sha256="cd34"), time_s=0.0)
    assert len(history.entries) == 2


def test_undo_and_redo_go_along_the_line_and_say_where_it_ends() -> None:
    history = played(1, 2, 3)
    assert [history.step(by).place[0] for by in (-1, -1, 1, 1, -1)] == [2, 1, 2, 3, 2]
    history.step(-1)
    with pytest.raises(ControlError, match="deck 1 has nothing to undo"):
        history.step(-1)
    history.step(1)
    history.step(1)
    with pytest.raises(ControlError, match="deck 1 has nothing to redo"):
        history.step(1)
    with pytest.raises(ControlError, match="nothing to undo"):
        DeckHistory(1).step(-1)


def test_a_move_after_an_undo_drops_the_way_that_was_left() -> None:
    history = played(1, 2, 3, 4)
    history.step(-1)
    history.step(-1)
    history.note(place(9), MODEL, time_s=0.0)
    assert seeds(history) == [1, 2, 9]
    assert history.entries[-1].number == 5  # 3 and 4 are never given again
    assert history.step(-1).place[0] == 2


def test_a_starred_loop_of_a_way_that_was_left_is_kept_aside() -> None:
    history = played(1, 2, 3)
    history.star()
    history.step(-1)
    history.note(place(9), MODEL, time_s=0.0)
    assert seeds(history) == [1, 2, 3, 9]
    assert history.find(3).is_aside
    assert history.step(-1).place[0] == 2
    assert history.step(1).place[0] == 9


def test_the_oldest_are_dropped_but_never_a_starred_one() -> None:
    history = played(1, 2)
    history.star()
    for seed in range(3, N_KEPT + 50):
        history.note(place(seed), MODEL, time_s=0.0)
    assert len(history.entries) == N_KEPT + 1
    assert seeds(history)[:2] == [2, 50]
    assert seeds(history)[-1] == N_KEPT + 49


def test_a_star_is_taken_away_by_another() -> None:
    history = played(1)
    assert history.star().is_starred
    assert not history.star().is_starred
    with pytest.raises(ControlError, match="deck 1 has not played yet"):
        DeckHistory(1).star()


def test_an_entry_is_found_by_its_number_and_others_are_named() -> None:
    history = played(5, 6)
    history.star()
    assert history.find(1).place[0] == 5
    with pytest.raises(ControlError, match="deck 1 has no entry 7; there are some from 1 to 2, starred are 2"):
        history.find(7)
    with pytest.raises(ControlError, match="it has not played yet"):
        DeckHistory(1).find(1)


def test_an_entry_is_written_with_names_and_read_back_bit_for_bit() -> None:
    values = place(2**31 - 1, density=float(np.float32(0.1)), walk=np.pi)
    entry = Entry(number=7, time_s=1.5, place=values, model=MODEL, is_starred=True)
    written = json.loads(entry.text)
    assert set(written["place"]) == set(PLACE_NAMES)
    assert written["place"]["density"] == [float(np.float32(0.1))]
    assert written["model"] == {"name": "drums", "sha256": "ab12"}
    assert Entry.from_entry(written) == entry


def test_a_control_that_an_entry_does_not_name_is_at_its_default() -> None:
    written = json.loads(played(1).entries[0].text)
    del written["place"]["spread"]
    written["place"]["sparkle"] = [1.0]
    assert Entry.from_entry(written).place == place(1)
    assert CONTROLS_BY_PATH["/deck/1/spread"].default == (0.8,)


def everyone() -> list[DeckHistory]:
    return [DeckHistory(deck + 1) for deck in range(4)]


def test_histories_are_kept_over_restarts() -> None:
    histories = everyone()
    histories[0], histories[2] = played(1, 2, 3), DeckHistory(3)
    histories[2].note(place(4), MODEL, time_s=1.0)
    histories[0].star()
    histories[0].step(-1)
    again = everyone()
    assert read_histories(write_histories(histories), again) == []
    for before, after in zip(histories, again, strict=True):
        assert (after.entries, after.at, after.next_number) == (before.entries, before.at, before.next_number)
    assert again[0].step(1).is_starred


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "null",
        '{"deck": 9, "entry": {}}',
        '{"deck": [], "entry": {}}',
        '{"deck": 1, "entry": {}}',
        '{"deck": 1, "entry": 3}',
        "[" * 100_000,
        "\0\0\0",
    ],
)
def test_a_broken_line_loses_only_itself(broken: str) -> None:
    histories = everyone()
    histories[0] = played(1, 2, 3)
    lines = write_histories(histories).splitlines()
    lines[2] = broken
    again = everyone()
    problems = read_histories("\n".join(lines), again)
    assert len(problems) == 1
    assert problems[0].startswith("line 3: ")
    assert seeds(again[0]) == [1, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0},
        {"number": True},
        {"number": "1"},
        {"time_s": "now"},
        {"time_s": float("nan")},
        {"is_starred": 1},
        {"model": "drums"},
        {"place": []},
        {"place": {"seed": "three"}},
        {"place": {"seed": [1, 2]}},
        {"more": 1},
    ],
)
def test_a_wrong_entry_is_refused(change: dict[str, object]) -> None:
    written = {**json.loads(played(1).entries[0].text), **change}
    with pytest.raises(ControlError):
        Entry.from_entry(written)


def test_a_torn_head_loses_only_where_the_decks_were() -> None:
    histories = everyone()
    histories[0] = played(1, 2)
    histories[0].step(-1)
    text = write_histories(histories)
    again = everyone()
    assert len(read_histories(text[20:], again)) == 1
    assert (seeds(again[0]), again[0].at) == ([1, 2], 2)


@pytest.mark.parametrize("head", ['{"kind": "loopmorph history", "version": 2}', '{"kind": "shopping"}', "[]",
                                  '{"kind": "loopmorph history", "version": 1, "at": {"1": [1]}}'])  # fmt: skip
def test_a_file_of_another_kind_or_version_is_not_read(head: str) -> None:
    again = everyone()
    lines = write_histories([played(1, 2), *everyone()[1:]]).splitlines()
    assert read_histories("\n".join([head, *lines[1:]]), again)
    assert again[0].entries == []


def test_an_earlier_evening_is_gone_on_from_without_dropping_what_it_had_undone() -> None:
    history = played(1, 2, 3)
    history.step(-1)
    history.rejoin(place(2), MODEL)
    assert history.at == 2  # resumed: redo still works
    history.rejoin(place(50), MODEL)
    assert history.at == 3  # started fresh: the new loop comes after the newest
    history.note(place(50), MODEL, time_s=0.0)
    assert seeds(history) == [1, 2, 3, 50]


@pytest.mark.benchmark
def test_writing_all_that_is_kept_takes_a_moment() -> None:
    histories = everyone()
    for history in histories:
        for seed in range(N_KEPT):
            history.note(place(seed), MODEL, time_s=0.0)
    write_histories(histories)
    began_s = time.perf_counter()
    text = write_histories(histories)
    print(f"{len(text)} bytes in {1000 * (time.perf_counter() - began_s):.2f} ms")
