import json
import pathlib

import numpy as np
import pytest

from performer.controls import N_DECKS, SLOTS, default_values
from performer.errors import ControlError
from performer.generation.worker import Worker
from performer.memory import Memory
from performer.session.keeper import lock
from performer.session.scene_morph import SETTLE_S
from performer.session.session import (
    SAVE_S,
    Session,
    SessionError,
    begin_session,
    default_session,
    read_session,
    write_session,
)
from performer.session.snapshot import Snapshot
from performer.session.stamp import ModelStamp, read_stamps
from stylegan_audio import SHIPPED_MODELS
from tests.performer.conftest import FakeClock, FakeRenderer

STAMPS = (ModelStamp(name="drums", sha256="1"),)
WRITTEN_BEFORE = pathlib.Path(__file__).parent / "written_before" / "session.json"
"""By a version that had the directions density and bass alone, and neither presets nor a pad for the timbre."""
DRUMS = str(SHIPPED_MODELS / "drums.safetensors")


class Player:
    """A session, and a hand."""

    def __init__(self, memory: Memory, clock: FakeClock) -> None:
        self.memory, self.clock = memory, clock
        self.lines: list[str] = []
        self.session = Session(memory, STAMPS, remark=self.lines.append, now_s=clock)

    def set(self, path: str, *values: float) -> None:
        self.memory.state["controls"][0, SLOTS[path]] = values

    def read(self, path: str) -> float:
        return float(self.memory.state["controls"][0, SLOTS[path].start])


@pytest.fixture
def player(memory: Memory, clock: FakeClock) -> Player:
    return Player(memory, clock)


def test_a_scene_comes_back_at_once(player: Player) -> None:
    player.set("/deck/2/seed", 77)
    player.set("/crossfader", -0.5)
    player.session.save_scene(64)
    player.memory.state["controls"][0] = default_values()
    player.set("/tempo", 90.0)
    player.set("/deck/1/cue", 1)
    player.session.recall_scene(64)
    assert (player.read("/deck/2/seed"), player.read("/crossfader")) == (77, -0.5)
    assert (player.read("/tempo"), player.read("/deck/1/cue")) == (90, 1)
    player.session.save_scene(64)
    assert player.lines == ["scene 64 is saved", "scene 64 is saved, over the one before"]


def test_an_empty_scene_is_refused_with_those_that_are_there(player: Player) -> None:
    with pytest.raises(ControlError, match="scene 3 is empty, there is none yet; save it with /scene/save 3"):
        player.session.recall_scene(3)
    player.session.save_scene(7)
    with pytest.raises(ControlError, match="scene 3 is empty, there are 7"):
        player.session.morph_scene(3, 0.5)


def two_scenes(player: Player) -> None:
    for number in (1, 2):
        player.set("/deck/1/density", float(number))
        player.session.save_scene(number)
    player.set("/deck/1/density", 0.0)


def test_a_morph_goes_from_what_there_was_when_it_began(player: Player) -> None:
    two_scenes(player)
    seen = []
    for number, x in ((1, 0.5), (1, 1.0), (1, 0.0), (2, 0.5), (1, 0.5)):
        player.session.morph_scene(number, x)
        seen.append(player.read("/deck/1/density"))
    assert seen == [0.5, 1.0, 0.0, 1.0, 1.0]


def test_at_an_end_it_begins_anew_once_something_else_has_moved(player: Player) -> None:
    two_scenes(player)
    player.session.morph_scene(2, 1.0)
    player.set("/deck/1/density", -3.0)
    player.session.morph_scene(2, 0.5)
    assert player.read("/deck/1/density") == -0.5
    player.session.save_scene(2)
    player.session.morph_scene(2, 0.5)  # another scene by now
    assert player.read("/deck/1/density") == -0.5


def test_a_recall_ends_a_morph(player: Player) -> None:
    two_scenes(player)
    player.session.morph_scene(2, 0.5)
    player.session.recall_scene(1)
    player.session.morph_scene(2, 0.5)
    assert player.read("/deck/1/density") == 1.5


def test_a_scene_that_is_saved_in_a_morph_has_the_glide_of_the_hand(player: Player) -> None:
    player.set("/deck/1/seed", 50)
    player.session.save_scene(1)
    player.set("/deck/1/seed", 3)
    player.session.morph_scene(1, 0.75)
    assert player.read("/deck/1/glide") > 0
    player.session.save_scene(2)
    player.session.recall_scene(2)
    assert player.read("/deck/1/glide") == 0


def test_a_morph_settles(player: Player) -> None:
    player.set("/deck/1/seed", 50)
    player.session.save_scene(1)
    player.set("/deck/1/seed", 3)
    player.session.morph_scene(1, 1.0)
    player.clock.advance(SETTLE_S + 0.1)
    player.session.settle()
    assert (player.read("/deck/1/glide"), player.read("/deck/1/seed")) == (0, 50)


def test_what_changes_is_saved_within_two_seconds_and_not_again(player: Player) -> None:
    assert player.session.poll() is None
    player.set("/deck/1/density", 1.0)
    assert player.session.poll() is not None
    player.set("/deck/1/density", 2.0)
    waited_s = 0.0
    while (text := player.session.poll()) is None:
        player.clock.advance(0.1)
        waited_s += 0.1
    assert waited_s <= SAVE_S + 0.1 <= 2.0
    assert json.loads(text)["now"]["controls"]["/deck/1/density"] == [2.0]
    player.clock.advance(10)
    assert player.session.poll() is None
    player.set("/panic", 1)
    assert player.session.poll() is None


def test_a_saved_scene_is_saved_to_the_disk_at_once(player: Player) -> None:
    player.set("/deck/1/density", 1.0)
    player.session.poll()
    player.session.save_scene(5)
    text = player.session.poll()
    assert text is not None
    assert list(json.loads(text)["scenes"]) == ["5"]


def test_a_session_is_written_and_read_back_bit_for_bit(player: Player, tmp_path: pathlib.Path) -> None:
    player.set("/deck/3/morph", 1 / 3, float(np.float32(0.1)))
    player.set("/tempo", 133.3)
    now = Snapshot.take(player.memory, STAMPS)
    player.set("/deck/3/morph", 0.5, 0.5)
    scenes = {number: Snapshot.take(player.memory, STAMPS) for number in (1, 64)}
    path = tmp_path / "session.json"
    path.write_text(write_session(now, scenes))
    after, found = read_session(path)
    np.testing.assert_array_equal(after.values, now.values)
    assert sorted(found) == [1, 64]
    np.testing.assert_array_equal(found[64].values, scenes[64].values)
    path.write_text(write_session(now, {}))
    assert read_session(path)[1] == {}


def test_a_session_that_was_written_before_has_the_newer_controls_at_their_defaults() -> None:
    now, scenes = read_session(WRITTEN_BEFORE)
    values = default_values()
    values[SLOTS["/deck/1/seed"]], values[SLOTS["/deck/1/density"]], values[SLOTS["/deck/1/bass"]] = 42, 1.5, -0.5
    values[SLOTS["/deck/2/corners"]], values[SLOTS["/deck/2/level"]] = (-1, 70, -1, 8), 0.4
    np.testing.assert_array_equal(now.values, values)
    values[SLOTS["/deck/1/density"]] = -2.0
    np.testing.assert_array_equal(scenes[3].values, values)


def broken(text: str, kind: str) -> str:
    session = json.loads(text)
    if kind == "cut":
        return text[: len(text) // 2]
    if kind == "deep":
        return "[" * 100_000
    changes = {
        "empty": {},
        "another version": {**session, "version": 2},
        "another kind": {**session, "kind": "loopmorph history"},
        "one key more": {**session, "more": 1},
        "scene 0": {**session, "scenes": {"0": session["now"]}},
        "scene one": {**session, "scenes": {"one": session["now"]}},
        "broken scene": {**session, "scenes": {"7": {}}},
        "unknown control": {**session, "now": {**session["now"], "controls": {"/deck/1/reverb": [1]}}},
    }
    return json.dumps(changes[kind])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("cut", "is not whole JSON"),
        ("deep", "is not whole JSON"),
        ("empty", "is no loopmorph session"),
        ("another version", "is a session of version 2, 1 is needed"),
        ("another kind", "is no loopmorph session"),
        ("one key more", "and nothing else"),
        ("scene 0", "scene 0: a number from 1 to 64 is needed"),
        ("scene one", "scene one: a number from 1 to 64 is needed"),
        ("broken scene", "scene 7: models and controls are needed"),
        ("unknown control", "what plays now: /deck/1/reverb is not a control"),
    ],
)
def test_a_broken_session_says_what_is_wrong(player: Player, tmp_path: pathlib.Path, kind: str, reason: str) -> None:
    path = tmp_path / "session.json"
    path.write_text(broken(write_session(Snapshot.take(player.memory, STAMPS), {}), kind))
    with pytest.raises(SessionError, match=reason):
        read_session(path)
    before = path.read_bytes()
    assert begin_session(player.memory, path, [DRUMS], resume=True) == []
    np.testing.assert_array_equal(player.memory.state["controls"][0], default_values())
    assert path.read_bytes() == before


def test_a_session_that_is_no_text_is_broken(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "session.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SessionError, match="is not whole JSON"):
        read_session(path)
    with pytest.raises(SessionError, match=r"no-such.json: No such file"):
        read_session(tmp_path / "no-such.json")


def test_a_resumed_session_draws_the_same_loops(player: Player, clock: FakeClock, tmp_path: pathlib.Path) -> None:
    for deck in range(1, N_DECKS + 1):
        player.set(f"/deck/{deck}/seed", 100 * deck)
        player.set(f"/deck/{deck}/morph", 0.1 * deck, 0.7)
        player.set(f"/deck/{deck}/freeze", 1)
    for path, value in (("/tempo", 126.0), ("/panic", 1), ("/nudge", 0.5)):
        player.set(path, value)
    path = tmp_path / "session.json"
    path.write_text(write_session(Snapshot.take(player.memory, read_stamps([DRUMS])), {}))
    drawn = []
    for memory in (player.memory, Memory.private()):
        if memory is not player.memory:
            memory.state["controls"][0, SLOTS["/nudge"]] = 0.25
            assert begin_session(memory, path, [DRUMS], resume=True) == []
        worker = Worker(memory, [FakeRenderer()], now_s=clock)  # type: ignore[list-item]
        for _ in range(50):
            memory.state["seen"][0] = memory.state["published"][0]
            worker.step()
        drawn.append((memory.state["rendered"][0].copy(), memory.clips.copy(), memory.state["controls"][0].copy()))
    assert np.isfinite(drawn[0][0]).all()
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    np.testing.assert_array_equal(drawn[0][1], drawn[1][1])
    different = {path for path, slot in SLOTS.items() if not np.array_equal(drawn[0][2][slot], drawn[1][2][slot])}
    assert different == {"/panic", "/nudge"}
    assert (drawn[1][2][SLOTS["/panic"]], drawn[1][2][SLOTS["/nudge"]]) == (0, 0.25)


def test_a_session_of_another_model_is_told(player: Player, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "session.json"
    path.write_text(write_session(Snapshot.take(player.memory, STAMPS), {}))
    lines = begin_session(Memory.private(), path, [DRUMS], resume=True)
    assert len(lines) == N_DECKS
    assert lines[0].startswith("deck 1: model 'drums' is another file than the one that drew this")


def test_nothing_to_resume_is_a_fresh_start(memory: Memory, tmp_path: pathlib.Path) -> None:
    assert begin_session(memory, tmp_path / "a.json", [DRUMS], resume=True) == [
        f"{tmp_path / 'a.json'}: no session to resume yet, starting fresh"
    ]
    np.testing.assert_array_equal(memory.state["controls"][0], default_values())


def test_a_fresh_start_keeps_a_copy_of_the_session_before(memory: Memory, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "set.json"
    begin_session(memory, path, [DRUMS], resume=False)
    assert list(tmp_path.iterdir()) == []
    path.write_text("last night")
    begin_session(memory, path, [DRUMS], resume=False)
    assert (tmp_path / "set-previous.json").read_text() == path.read_text() == "last night"


def test_a_session_that_is_played_is_not_kept_as_the_one_before(memory: Memory, tmp_path: pathlib.Path) -> None:
    path, previous = tmp_path / "set.json", tmp_path / "set-previous.json"
    path.write_text("tonight")
    previous.write_text("last night")
    claim = lock(path)
    assert claim is not None
    with claim:
        begin_session(memory, path, [DRUMS], resume=False)
        assert previous.read_text() == "last night"
    begin_session(memory, path, [DRUMS], resume=False)
    assert previous.read_text() == "tonight"


def test_the_session_lies_in_the_owners_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path))
    assert default_session() == tmp_path / "session.json"
