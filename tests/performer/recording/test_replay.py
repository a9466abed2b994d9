"""A set is played in virtual time with all that may happen to it, recorded, and played anew from its log."""

import json
import pathlib
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from performer.controls import N_DECKS
from performer.desk.playback import Playback
from performer.direction_names import DIRECTION_NAMES
from performer.errors import PerformerError
from performer.recording.control_log import read_entries, read_header, survey
from performer.recording.replay import DeckReplay, Replay
from performer.settings import DeckSettings
from tests.performer.conftest import FakeClock
from tests.performer.played_set import HEADER, RATE, Chained, KilledError, Set, replay, require_same

NEWER = ("hold", "timbre", "split")
WRITTEN_BEFORE = (
    '{"deck": 1, "to": {"seed": 42, "model": 0, "corners": [-1, -1, -1, -1], "morph": [0.0, 0.0], '
    '"truncation_psi": 0.8, "strengths": [1.5, -0.5], "spread": 0.8, "walk": 0.0, "transpose": 0, '
    '"tempo_bpm": 120.0}, "glide_s": 0.0, "now_s": 1000.0}'
)
"""A line by a version that had the directions density and bass alone."""


@pytest.fixture
def played(tmp_path: pathlib.Path, clock: FakeClock, rng: np.random.Generator) -> Iterator[Set]:
    played = Set(tmp_path, clock, rng)
    yield played
    played.close()


def test_a_set_with_moves_of_all_kinds_comes_back_sample_by_sample(played: Set) -> None:
    played.at(0.0, "/record", 1)
    for deck in (1, 2):
        played.at(0.0, f"/deck/{deck}/level", 1.0)
    played.at(0.5, "/deck/1/send", 0.7)
    for step in range(60):
        played.at(1 + step * 0.03, "/deck/1/morph", step / 60, 0.3)
    played.at(3.0, "/tempo", 126.5)
    played.at(3.3, "/nudge", 0.5)
    played.at(3.7, "/nudge", 0.0)
    played.at(4.0, "/deck/2/glide", 1.0)
    played.at(4.1, "/deck/2/seed", 40)
    played.at(4.6, "/deck/2/seed", 50)  # in the middle of the way
    played.at(5.5, "/deck/1/flip", 1)
    played.at(5.6, "/deck/1/seed", 9)
    played.at(7.5, "/deck/2/freeze", 1)
    played.at(7.6, "/deck/2/seed", 60)
    played.at(8.5, "/deck/2/freeze", 0)
    played.at(9.0, "/deck/1/repeat", 3)
    played.at(9.4, "/deck/1/repeat", 0)
    played.at(9.5, "/deck/2/drift", 0.5)
    played.at(9.6, "/deck/1/rotate", 3)
    played.at(9.7, "/deck/1/bars", 1)
    played.at(9.8, "/deck/1/flip", 0)
    played.at(10.0, "/deck/1/transpose", 5)
    played.at(10.2, "/deck/1/split", 0.5)
    played.at(10.3, "/deck/2/pc6", -1.5)
    played.at(10.5, "/deck/1/filter", -0.5)
    played.at(12.0, "/record", 0)
    played.play(12.2)
    assert played.memory.counters()["windows"] > 20
    again = require_same(played)
    assert np.abs(again).max() > 0.1


def test_a_log_that_was_written_before_there_were_more_directions_comes_back(played: Set) -> None:
    played.at(0.0, "/record", 1)
    played.at(1.0, "/deck/1/density", 1.5)
    played.at(1.5, "/deck/1/bass", -0.5)
    played.at(2.5, "/record", 0)
    played.play(3.0)
    log = played.folder / "set.jsonl"
    newer = {f"/deck/{deck}/{name}" for deck in range(1, 5) for name in (*DIRECTION_NAMES[2:], *NEWER)}
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        for name in NEWER:
            line.get("to", {}).pop(name, None)
        if "strengths" in line.get("to", {}):
            line["to"]["strengths"] = line["to"]["strengths"][:2]
        if "set" in line:
            line["set"] = {path: values for path, values in line["set"].items() if path not in newer}
    assert any(line.get("to", {}).get("strengths") == [1.5, -0.5] for line in lines)
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    require_same(played)


def test_a_deck_sets_out_for_what_a_log_said_before_there_were_more_directions() -> None:
    deck = DeckReplay()
    replay = Replay(HEADER | {"start": 0, "sample_rate": RATE}, end=RATE, renderer_of=lambda _: Chained())  # type: ignore[arg-type,return-value]
    replay.draw(deck, json.loads(WRITTEN_BEFORE))
    assert deck.drawing.settings == DeckSettings(seed=42, strengths=(1.5, -0.5))


def test_a_recording_that_begins_late_knows_what_came_before(played: Set) -> None:
    played.at(0.0, "/deck/1/send", 1.0)
    played.at(0.0, "/deck/1/drift", 1.0)
    played.at(0.0, "/echo/feedback", 0.9)
    played.at(3.0, "/record", 1)
    played.at(3.5, "/deck/1/seed", 9)
    played.at(5.0, "/record", 0)
    played.play(5.5)
    assert read_header(played.folder / "set.jsonl")["start"] >= 3 * RATE
    require_same(played)


def test_processes_may_die_and_come_back_while_a_set_is_recorded(played: Set) -> None:
    def silence_the_audio() -> None:
        played.is_alive = False

    def kill_the_worker() -> None:
        raise KilledError

    played.at(0.0, "/record", 1)
    for step in range(20):
        played.at(1 + step * 0.1, "/deck/1/seed", 100 + step)
    played.do(2.0, silence_the_audio)  # the worker goes on, and nobody takes its clips
    played.do(2.7, played.new_playback)
    played.at(3.2, "/deck/1/seed", 300)
    for second in (2.2, 2.68, 3.4):
        played.do(second, kill_the_worker)
    played.at(3.5, "/deck/1/flip", 2)
    played.at(3.6, "/deck/1/seed", 30)
    played.do(5.0, silence_the_audio)
    played.do(5.2, played.new_playback)
    played.at(5.5, "/deck/1/flip", 0)
    played.at(5.6, "/deck/1/seed", 31)
    played.at(7.0, "/record", 0)
    played.play(7.2)
    kinds = [set(entry) for entry in read_entries(played.folder / "set.jsonl")]
    assert sum("worker" in kind for kind in kinds) == 4
    assert sum("started" in kind for kind in kinds) == 3
    assert sum("missed" in kind for kind in kinds) > 0
    again = require_same(played)
    assert np.all(again == 0, axis=1).sum() > 0.9 * RATE  # while nothing played


def test_a_new_recorder_goes_on_with_the_next_sample(played: Set) -> None:
    def die() -> None:
        logged = int(played.memory.state["logged"][0])
        played.recorder.step()
        played.memory.state["logged"][0] = logged  # it is killed before it can say that the lines are in the ledger
        played.recorder.step = lambda: None  # type: ignore[method-assign]

    played.at(0.0, "/record", 1)
    for step in range(100):
        played.at(1.0 + step * 0.015, "/deck/1/seed", 9 + step % 2)
    played.do(2.0, die)
    played.at(2.2, "/deck/1/seed", 10)
    played.do(3.0, played.new_recorder)
    played.at(4.0, "/record", 0)
    played.play(4.1)
    again = require_same(played, "set-2")
    first = read_header(played.folder / "set.jsonl")["start"]
    second = read_header(played.folder / "set-2.jsonl")["start"]
    assert len(soundfile.read(played.folder / "set.wav")[0]) == second - first
    assert len(again) > 1.5 * RATE
    assert played.memory.counters()["unrecorded_samples"] == 0


def test_each_deck_is_a_stem(played: Set) -> None:
    for deck in (1, 2):
        played.at(0.0, f"/deck/{deck}/level", 0.3)
    played.at(0.0, "/master/level", 1.0)
    played.at(0.0, "/record", 1)
    played.at(3.0, "/record", 0)
    played.play(3.1)
    blocks = replay(played.folder / "set.jsonl")
    master, decks = blocks[:, :2], blocks[:, 2:].reshape(len(blocks), N_DECKS, 2)
    assert np.abs(decks[:, :2]).max(axis=(0, 2)).min() > 0.01
    assert not decks[:, 2:].any()
    np.testing.assert_allclose(decks.sum(axis=1)[RATE:], master[RATE:], atol=1e-5)


def test_a_log_that_was_cut_off_is_played_as_far_as_it_goes(played: Set) -> None:
    played.at(0.0, "/record", 1)
    played.at(2.0, "/deck/1/seed", 9)
    played.play(3.0)
    log = played.folder / "set.jsonl"
    cut = played.folder / "cut.jsonl"
    cut.write_bytes(log.read_bytes()[: log.stat().st_size - 7])  # as after kill -9 in the middle of a line
    (whole, start), end = (replay(log), read_header(log)["start"]), survey(cut).end
    again = replay(cut)
    assert len(again) == end - start >= len(whole) - 0.5 * RATE
    np.testing.assert_array_equal(again, whole[: len(again)])


def test_a_log_without_a_drawing_is_refused_with_its_place(played: Set) -> None:
    played.at(0.0, "/record", 1)
    played.at(1.5, "/deck/1/seed", 9)
    played.play(2.5)
    log = played.folder / "set.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if "window" in json.loads(line))
    log.write_text("".join(lines[:first] + lines[first + 1 :]))
    with pytest.raises(
        PerformerError, match=r"the log does not tell how cell \d+ of deck 1 was drawn .* heard at 1\.\d s"
    ):
        replay(log)


def test_a_device_of_another_rate_begins_another_file(played: Set) -> None:
    def change_device() -> None:
        played.clock.advance(0.3)
        played.playback = Playback(played.memory, sample_rate=44_100, now_s=played.clock)

    played.at(0.0, "/record", 1)
    played.do(2.0, change_device)
    played.at(3.5, "/record", 0)
    played.play(3.6)
    assert soundfile.info(played.folder / "set.wav").samplerate == 48_000
    recorded, rate = soundfile.read(played.folder / "set-2.wav", dtype="float32")
    assert rate == 44_100
    np.testing.assert_allclose(recorded, replay(played.folder / "set-2.jsonl")[:, :2], atol=2**-22, rtol=0)
    assert np.abs(recorded).max() > 0.1


SETTINGS = {"seed": 3, "tempo_bpm": 120.0}
WHOLE = ({"deck": 1, "whole": "begun"}, {"deck": 1, "whole": "drawn"})
WINDOW = {"deck": 1, "window": [4, 2], "loops": 4, "now_s": 0.0}


def set_out(seed: int) -> dict[str, object]:
    return {"deck": 1, "to": SETTINGS | {"seed": seed}, "glide_s": 0.0, "now_s": 0.0}


def heard(number: int, at: int, *, revision: int, slot: int) -> dict[str, object]:
    return {"n": number, "at": at, "clips": [(1, 4, revision, slot)]}


@pytest.fixture
def begun() -> Replay:
    """A replay of which deck 1 has been drawn once; nothing is heard yet."""
    fake = Chained()
    begun = Replay({**HEADER, "start": 0, "sample_rate": RATE}, end=9600, renderer_of=lambda _: fake)  # type: ignore[arg-type,return-value]
    list(begun.begin_playback(0, RATE))
    begun.begin_worker([0] * N_DECKS)
    for entry in (set_out(3), *WHOLE):
        begun.draw(begun.decks[0], entry)
    return begun


def drawn_next(replay: Replay, *entries: dict[str, object]) -> np.ndarray:
    """Draw, and give the newest clip of cell 4."""
    for entry in entries:
        replay.draw(replay.decks[0], entry)
    return replay.decks[0].drawn[4][-1].audio


def test_what_a_dead_worker_had_not_handed_over_is_not_heard(begun: Replay) -> None:
    list(begun.obey(heard(1, 0, revision=1, slot=0)))
    drawn_next(begun, set_out(9), WINDOW)
    begun.begin_worker([1] * N_DECKS)
    audio = drawn_next(begun, set_out(20), *WHOLE)
    list(begun.obey(heard(2, 4800, revision=2, slot=1)))
    np.testing.assert_array_equal(begun.memory.clips[0, 4, 1, :, : audio.shape[1]], audio)


def test_what_was_drawn_anew_before_it_was_handed_over_is_not_heard(begun: Replay) -> None:
    list(begun.obey(heard(1, 0, revision=1, slot=0)))
    older = drawn_next(begun, set_out(9), WINDOW)
    newer = drawn_next(begun, {**WINDOW, "window": [2, 2]}, WINDOW)
    assert not np.array_equal(older, newer)  # it went on from other states
    begun.draw(begun.decks[0], {"deck": 1, "missed": 4})
    list(begun.obey(heard(2, 4800, revision=2, slot=1)))
    np.testing.assert_array_equal(begun.memory.clips[0, 4, 1, :, : newer.shape[1]], newer)


def test_lines_that_a_recorder_and_its_successor_both_wrote_count_once(begun: Replay) -> None:
    audio = drawn_next(begun, set_out(9), WINDOW, WINDOW)
    twice = [heard(1, 0, revision=2, slot=1), heard(2, 4800, revision=2, slot=2)]
    list(begun.blocks([*twice, *twice]))
    assert begun.position == 9600
    np.testing.assert_array_equal(begun.memory.clips[0, 4, 2, :, : audio.shape[1]], audio)


@pytest.mark.parametrize(
    "entry",
    [{"deck": 99, "window": [0, 2]}, {"deck": 1, "window": [0, 2]}, {"deck": "one", "to": {}}, {"worker": [1]},
     {"n": 1, "at": 0, "set": {"/none": [1]}}, {"n": 1, "at": 0, "clips": [[9, 9, 9, 9]]}],
)  # fmt: skip
def test_a_line_that_no_recording_wrote_is_refused_with_its_number(begun: Replay, entry: dict[str, object]) -> None:
    with pytest.raises(PerformerError, match=r"entry 1 of the log cannot be obeyed"):
        list(begun.blocks([entry]))
