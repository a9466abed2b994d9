"""`loopmorph devices` and `loopmorph device`."""

import pathlib

import pytest

from performer.errors import PerformerError
from performer.memory import Memory, make_folder
from performer.output.command import find_instrument, mark_playing

PORT = 19_321


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An instrument that seems to be running, the only one."""
    monkeypatch.setattr("performer.memory.memory_root", lambda: tmp_path)
    folder = make_folder({"device": "USB Audio", "cue_device": "head", "osc_port": PORT})
    Memory.create(folder).beat("audio")
    return folder


def test_what_plays_is_marked(folder: pathlib.Path) -> None:
    found = [{"name": name, "default": name == "HDMI"} for name in ("HDMI", "USB Audio", "USB Audio Pro", "Headset")]
    mark_playing(found)
    plays = {str(device["name"]): device["plays"] for device in found}
    assert {name: roles for name, roles in plays.items() if roles} == {
        "USB Audio": ["master"],
        "Headset": ["headphones"],
    }


def test_without_a_name_the_default_device_plays(folder: pathlib.Path) -> None:
    (folder / "options.json").write_text('{"device": null, "cue_device": null, "osc_port": 1}')
    found = [{"name": name, "default": name == "HDMI"} for name in ("HDMI", "USB Audio")]
    mark_playing(found)
    assert [device["plays"] for device in found] == [["master"], []]
    Memory.attach(folder).state["browser"][0] = 1
    mark_playing(found)
    assert [device["plays"] for device in found] == [[], []]


def test_the_instrument_is_found_by_its_port(folder: pathlib.Path) -> None:
    assert find_instrument(PORT) == folder
    with pytest.raises(PerformerError, match=rf"listens on OSC port 1 \(found: .*{PORT}.*\); a running one is needed"):
        find_instrument(1)
