"""Another device while the music plays: what the supervisor, the command and the new process say to each other."""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from performer.errors import PerformerError
from performer.memory import Memory, read_options, write_options
from performer.output import changeover
from performer.output.changeover import ANSWER, WISH, Changeover, Wish, ask, refuse, wait_for_turn

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
WISHED = Wish(process="audio", device="USB")


class Supervised:
    """A changeover whose processes do nothing."""

    def __init__(self, folder: pathlib.Path, memory: Memory) -> None:
        self.folder, self.memory = folder, memory
        write_options(folder, {"device": "HDMI", "cue_device": None})
        self.started: list[tuple[str, str]] = []
        self.replaced: list[tuple[str, int]] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.command = SLEEPER
        self.changeover = Changeover(folder, memory, start=self.start, replace=self.replace)

    def start(self, name: str, device: str) -> subprocess.Popen[bytes]:
        self.started.append((name, device))
        self.process = subprocess.Popen(self.command)
        return self.process

    def replace(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert self.memory.state["heir"][0], "its predecessor goes before it comes"
        self.replaced.append((name, process.pid))

    def wish(self) -> None:
        (self.folder / WISH).write_text(json.dumps({"process": WISHED.process, "device": WISHED.device}))
        self.changeover.step()

    def answer(self) -> object:
        return json.loads((self.folder / ANSWER).read_text())


@pytest.fixture
def supervised(memory: Memory, tmp_path: pathlib.Path) -> Iterator[Supervised]:
    supervised = Supervised(tmp_path, memory)
    yield supervised
    supervised.changeover.close()
    if supervised.process is not None:
        supervised.process.kill()
        supervised.process.wait()


def test_nothing_happens_unasked(supervised: Supervised) -> None:
    supervised.changeover.step()
    assert supervised.started == []


def test_a_process_that_is_ready_takes_the_place_of_the_one_before_it(supervised: Supervised) -> None:
    supervised.wish()
    supervised.changeover.step()
    assert supervised.started == [("audio", "USB")]
    assert supervised.replaced == []
    assert supervised.process
    supervised.memory.state["heir"][0] = supervised.process.pid
    supervised.changeover.step()
    assert supervised.replaced == [("audio", supervised.process.pid)]
    assert supervised.memory.state["heir"][0] == 0
    assert supervised.answer() is None
    assert read_options(supervised.folder) == {"device": "USB", "cue_device": None}
    supervised.changeover.step()
    assert len(supervised.started) == 1


@pytest.mark.parametrize("reason", ["sound device 'USB' is not there", None])
def test_a_process_that_ends_first_changes_nothing(supervised: Supervised, reason: str | None) -> None:
    supervised.command = ["false"]
    supervised.wish()
    assert supervised.process
    supervised.process.wait()
    if reason:
        refuse(supervised.folder, reason)
    supervised.changeover.step()
    assert supervised.replaced == []
    assert read_options(supervised.folder)["device"] == "HDMI"
    expected = "the new audio process ended (1) before it played on 'USB'; the old one plays on; look at the lines of"
    assert str(supervised.answer()).startswith(reason or expected)


def test_a_process_that_hangs_is_given_up(supervised: Supervised, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changeover, "LATE_S", 0.0)
    supervised.wish()
    time.sleep(0.01)
    supervised.changeover.step()
    assert supervised.process
    assert supervised.process.poll() is not None
    assert "the old one plays on" in str(supervised.answer())


def test_a_change_that_cannot_be_noted_is_given_up_and_the_next_one_begins(
    supervised: Supervised, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    supervised.wish()
    assert supervised.process
    supervised.memory.state["heir"][0] = supervised.process.pid
    with monkeypatch.context() as full:
        full.setattr(changeover, "write_options", fail)
        supervised.changeover.step()
    reason = "the change to 'USB' cannot be noted (No space left on device); the old one plays on"
    assert str(supervised.answer()).startswith(reason)
    assert reason in capsys.readouterr().err
    assert supervised.process.poll() is not None
    assert (supervised.replaced, supervised.memory.state["heir"][0]) == ([], 0)
    supervised.wish()
    assert len(supervised.started) == 2


def test_a_process_that_cannot_be_started_is_told_and_the_next_one_begins(supervised: Supervised) -> None:
    supervised.command = ["/nowhere/at/all"]
    supervised.wish()
    assert str(supervised.answer()).startswith(
        "a process for 'USB' cannot be started (No such file or directory); the old"
    )
    supervised.command = SLEEPER
    supervised.wish()
    assert supervised.process
    assert len(supervised.started) == 2


def test_whoever_asks_hears_the_answer(tmp_path: pathlib.Path) -> None:
    def answer(text: str | None) -> None:
        while not (tmp_path / WISH).exists():
            time.sleep(0.001)
        (tmp_path / WISH).unlink()
        changeover.replace_text(tmp_path / ANSWER, json.dumps(text))

    (tmp_path / ANSWER).write_text('"an answer of yesterday"')
    threading.Thread(target=answer, args=(None,)).start()
    ask(tmp_path, WISHED, patience_s=10)
    threading.Thread(target=answer, args=("it is not there",)).start()
    with pytest.raises(PerformerError, match="it is not there"):
        ask(tmp_path, WISHED, patience_s=10)
    with pytest.raises(PerformerError, match=r"has not answered for 0.05 s; its supervisor is needed"):
        ask(tmp_path, WISHED, patience_s=0.05)


def test_a_newcomer_waits_until_it_may(memory: Memory) -> None:
    def let_in() -> None:
        while memory.state["heir"][0] != os.getpid():
            time.sleep(0.001)
        let_in_s.append(time.monotonic())
        memory.state["heir"][0] = 0

    let_in_s: list[float] = []
    threading.Thread(target=let_in).start()
    wait_for_turn(memory)
    assert let_in_s
    assert let_in_s[0] <= time.monotonic()
