import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest

from performer import memory as memory_module
from performer.controls import default_values
from performer.errors import PerformerError
from performer.memory import COUNTERS, Memory, make_folder, read_options, running_instruments


@pytest.fixture
def root(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(memory_module, "memory_root", lambda: tmp_path)
    return tmp_path


def test_a_second_mapping_sees_what_the_first_wrote(root: pathlib.Path) -> None:
    folder = make_folder({"device": "null"})
    created, attached = Memory.create(folder), Memory.attach(folder)
    created.state["controls"][0, 3] = 0.25
    created.clips[1, 2, 0, 3, 4] = 0.5
    assert attached.state["controls"][0, 3] == 0.25
    assert attached.clips[1, 2, 0, 3, 4] == 0.5
    assert read_options(folder) == {"device": "null"}


def test_controls_start_at_their_defaults_and_no_deck_is_rendered(memory: Memory) -> None:
    np.testing.assert_array_equal(memory.state["controls"][0], default_values())
    assert np.isnan(memory.state["rendered"][0]).all()


def test_counters_count_by_name(memory: Memory) -> None:
    assert memory.count("loops") == 1
    assert memory.count("loops", 4) == 5
    assert memory.counters() == {**dict.fromkeys(COUNTERS, 0), "loops": 5}


def test_too_little_room_is_said_before_mapping(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 1000))
    with pytest.raises(PerformerError, match=r"0 MB free, \d+ MB are needed for the decks; enlarge it"):
        Memory.create(make_folder({}))


def test_living_instruments_are_found_and_dead_ones_cleared_away(root: pathlib.Path) -> None:
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    folders = {name: make_folder({}) for name in ("own", "orphan", "dead")}
    memories = {name: Memory.create(folder) for name, folder in folders.items()}
    memories["own"].state["supervisor_pid"][0] = os.getpid()
    for name in ("orphan", "dead"):
        memories[name].state["supervisor_pid"][0] = finished.pid
    memories["orphan"].beat("audio")
    for folder in folders.values():
        os.utime(folder, (0, 0))
    assert {folder for folder, _ in running_instruments()} == {folders["own"], folders["orphan"]}
    assert not folders["dead"].exists()


def test_an_instrument_that_is_being_made_is_left_alone(root: pathlib.Path) -> None:
    folder = make_folder({})
    Memory.create(folder)  # its supervisor has not yet written its number
    assert [found for found, _ in running_instruments()] == [folder]
    os.utime(folder, (0, 0))
    assert running_instruments() == []
    assert not folder.exists()


def test_a_strange_folder_is_left_alone(root: pathlib.Path) -> None:
    strange = root / "loopmorph-strange"
    strange.mkdir()
    (strange / "notes.json").write_text(json.dumps({}))
    assert running_instruments() == []
    assert strange.exists()
