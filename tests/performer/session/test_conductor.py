"""Actions, histories and session together, with their files."""

import json
import pathlib
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from performer.actions import find_row
from performer.console import Warnings
from performer.controls import SLOTS
from performer.errors import ControlError
from performer.memory import Memory
from performer.repertoire import Repertoire
from performer.session.conductor import Conductor
from performer.session.scene_morph import GLIDE_S, SETTLE_S
from performer.session.stamp import ModelStamp
from performer.settings import DeckSettings
from tests.performer.conftest import FakeClock

STAMPS = (ModelStamp(name="drums", sha256="ab12"),)


class Hand:
    """Fires actions, and lets decks rest as the worker would."""

    def __init__(self, memory: Memory, clock: FakeClock, path: pathlib.Path | None) -> None:
        self.memory, self.clock = memory, clock
        repertoires = (Repertoire(presets=("amen", "stomp")),)
        warnings = Warnings(now_s=clock)
        self.conductor = Conductor(memory, path, STAMPS, repertoires=repertoires, warnings=warnings, now_s=clock)

    def fire(self, path: str, *values: float | str) -> None:
        action = find_row(path)
        self.conductor.obey(action, action.accept(values), at_s=self.clock())  # type: ignore[arg-type]

    def set(self, path: str, *values: float) -> None:
        self.memory.state["controls"][0, SLOTS[path]] = values

    def read(self, path: str) -> float:
        return float(self.memory.state["controls"][0, SLOTS[path].start])

    def rest(self) -> None:
        state = self.memory.state
        for deck in range(4):
            state["drawn"][0, deck] = DeckSettings.from_controls(state["controls"][0], deck=deck + 1).to_array()
        state["rested"][0] += 1
        self.wait(0.1)

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.conductor.poll()


Begin = Callable[..., Hand]


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "home" / "session.json"


@pytest.fixture
def begin(clock: FakeClock, path: pathlib.Path) -> Iterator[Begin]:
    """Begin an instrument, with memory of its own unless it is given some."""
    hands: list[Hand] = []

    def begin_one(memory: Memory | None = None) -> Hand:
        hands.append(Hand(memory or Memory.private(), clock, path))
        return hands[-1]

    yield begin_one
    for hand in hands:
        hand.conductor.close()


def test_every_action_does_what_its_row_says(begin: Begin) -> None:
    hand = begin()
    hand.rest()
    hand.set("/deck/2/seed", 50)
    hand.rest()
    hand.fire("/deck/2/undo")
    assert hand.read("/deck/2/seed") == 13
    hand.fire("/deck/2/redo", 1)
    assert hand.read("/deck/2/seed") == 50
    hand.fire("/deck/2/star")
    hand.fire("/deck/2/recall", 1)
    assert hand.read("/deck/2/seed") == 13
    hand.fire("/deck/2/pin", 4)
    np.testing.assert_array_equal(hand.memory.state["controls"][0, SLOTS["/deck/2/corners"]], [-1, -1, -1, 13])
    hand.fire("/scene/save", 9)
    hand.set("/deck/3/density", -2.0)
    hand.fire("/scene/morph", 9, 0.5)
    assert hand.read("/deck/3/density") == -1
    hand.fire("/scene/recall", 9)
    assert hand.read("/deck/3/density") == 0
    for _ in range(4):
        hand.fire("/tap")
        hand.clock.advance(0.4)
    assert hand.read("/tempo") == pytest.approx(150)


def test_a_preset_comes_into_the_first_corner_and_the_pad_goes_there(begin: Begin) -> None:
    hand = begin()
    for wanted, corner in (("stomp", -3), (1, -2)):
        hand.set("/deck/2/morph", 0.5, 0.75)
        hand.set("/deck/2/corners", -1, 70, -1, -1)
        hand.fire("/deck/2/preset", wanted)
        controls = hand.memory.state["controls"][0]
        assert controls[SLOTS["/deck/2/corners"]].tolist() == [corner, 70, -1, -1]
        assert controls[SLOTS["/deck/2/morph"]].tolist() == [0, 0]
    hand.fire("/deck/2/pin", 4)
    assert hand.memory.state["controls"][0, SLOTS["/deck/2/corners"]].tolist() == [-2, 70, -1, -2]
    with pytest.raises(ControlError, match="preset flute is not in the deck's model, there are amen, stomp"):
        hand.fire("/deck/2/preset", "flute")


def test_a_button_that_is_let_go_does_nothing(begin: Begin) -> None:
    hand = begin()
    hand.fire("/tap", 1)
    hand.clock.advance(0.3)
    hand.fire("/tap", 0)
    hand.clock.advance(0.2)
    hand.fire("/tap", 1)
    assert hand.read("/tempo") == pytest.approx(120)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (("/deck/1/undo",), "nothing to undo"),
        (("/deck/4/redo",), "deck 4 has nothing to redo"),
        (("/deck/1/recall", 7), "deck 1 has no entry 7"),
        (("/scene/recall", 7), "scene 7 is empty"),
        (("/scene/morph", 7, 0.5), "scene 7 is empty"),
    ],
)
def test_what_cannot_be_done_is_refused_in_plain_words(begin: Begin, action: tuple, reason: str) -> None:
    hand = begin()
    with pytest.raises(ControlError, match=reason):
        hand.fire(*action)


def test_everything_is_kept_over_restarts(begin: Begin, path: pathlib.Path) -> None:
    hand = begin()
    hand.rest()
    hand.set("/deck/1/seed", 50)
    hand.rest()
    hand.fire("/deck/1/star")
    hand.fire("/scene/save", 3)
    hand.fire("/deck/1/undo")
    hand.conductor.close()
    assert sorted(file.name for file in path.parent.iterdir() if file.suffix != ".lock") == [
        "session-history.jsonl", "session.json"
    ]  # fmt: skip
    again = begin(hand.memory)  # a control process that died
    again.fire("/deck/1/redo")
    assert again.read("/deck/1/seed") == 50
    again.conductor.close()
    fresh = begin()  # another evening
    fresh.rest()
    fresh.fire("/scene/recall", 3)
    assert fresh.read("/deck/1/seed") == 50
    fresh.fire("/deck/1/recall", 2)
    assert fresh.conductor.chronicle.histories[0].find(2).is_starred


def test_the_session_is_on_the_disk_within_two_seconds(begin: Begin, path: pathlib.Path) -> None:
    hand = begin()
    hand.set("/deck/1/density", 1.25)
    for _ in range(100):
        hand.wait(0.02)
    hand.conductor.keeper.close()
    assert json.loads(path.read_text())["now"]["controls"]["/deck/1/density"] == [1.25]


@pytest.mark.parametrize("name", ["session.json", "session-history.jsonl"])
def test_a_broken_file_is_set_aside_and_told_once(
    begin: Begin, path: pathlib.Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path.parent.mkdir()
    broken = path.with_name(name)
    broken.write_text('{"kind": "loopmorph session", "ver')
    hand = begin()
    hand.rest()
    hand.fire("/scene/save", 1)
    hand.conductor.close()
    told = [line for line in capsys.readouterr().err.splitlines() if "broken" in line]
    assert len(told) == 1
    aside = broken.with_name(f"{broken.stem}-broken-1{broken.suffix}")
    assert told[0].endswith(f"it is kept as {aside.name}")
    assert aside.read_text() == '{"kind": "loopmorph session", "ver'
    assert broken.read_text() != aside.read_text()


def test_a_second_instrument_leaves_the_first_ones_session_alone(
    begin: Begin, path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = begin()
    first.fire("/scene/save", 1)
    first.rest()
    first.conductor.save(is_last=True)
    while first.conductor.keeper.waiting or not path.exists():
        time.sleep(0.01)
    second = begin()
    assert "is played by another instrument; nothing is saved" in capsys.readouterr().err
    second.fire("/scene/recall", 1)
    second.fire("/scene/save", 2)
    second.conductor.close()
    first.conductor.close()
    assert list(json.loads(path.read_text())["scenes"]) == ["1"]


def test_a_folder_that_cannot_be_had_is_told_and_the_music_plays(
    begin: Begin, path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.parent.write_text("a file where the folder should be")
    hand = begin()
    assert "nothing is saved; name a file of your own with --session" in capsys.readouterr().err
    hand.rest()
    hand.fire("/scene/save", 1)
    hand.fire("/scene/recall", 1)


def test_without_a_file_nothing_is_kept(memory: Memory, clock: FakeClock, path: pathlib.Path) -> None:
    hand = Hand(memory, clock, None)
    hand.rest()
    hand.fire("/scene/save", 1)
    hand.conductor.close()
    assert not path.parent.exists()


def test_without_a_file_a_morph_settles_too(memory: Memory, clock: FakeClock) -> None:
    hand = Hand(memory, clock, None)
    hand.set("/deck/1/seed", 50)
    hand.fire("/scene/save", 1)
    hand.set("/deck/1/seed", 3)
    hand.fire("/scene/morph", 1, 1.0)
    assert hand.read("/deck/1/glide") == GLIDE_S
    hand.wait(SETTLE_S + 0.1)
    assert hand.read("/deck/1/glide") == 0


def test_what_fails_unforeseen_is_counted_and_said_and_nothing_stops(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hand = begin()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(hand.conductor.chronicle, "poll", fail)
    monkeypatch.setattr(hand.conductor.session, "poll", fail)
    monkeypatch.setattr(hand.conductor.session, "save_scene", fail)
    hand.rest()
    hand.fire("/scene/save", 1)
    assert hand.memory.counters()["session_failures"] == 3
    assert "the history failed (RuntimeError('boom')); the music goes on" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_counted_and_said(
    begin: Begin, path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand = begin()
    hand.conductor.keeper.problems[path] = f"{path} cannot be written"
    hand.wait(1.0)
    hand.wait(1.0)
    assert hand.memory.counters()["session_failures"] == 1
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_polls_are_not_more_frequent_than_needed(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = begin()
    polls: list[None] = []
    monkeypatch.setattr(hand.conductor.chronicle, "poll", lambda: polls.append(None))
    for _ in range(100):
        hand.wait(0.001)
    assert len(polls) <= 6
