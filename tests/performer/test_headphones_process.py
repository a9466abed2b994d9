"""The real headphones process beside a real audio process: started, moved to another device, refused."""

import os
import pathlib
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile

from performer.controls import SLOTS
from performer.desk.clips import publish
from performer.errors import PerformerError
from performer.memory import read_options
from performer.output.changeover import Wish, ask
from performer.supervisor import Supervisor
from tests.performer.conftest import loop_clips, tone

pytestmark = pytest.mark.slow
PATIENCE_S = 60.0
PROCESSES = ("audio", "headphones")


class Stand(Supervisor):
    """A supervisor of nothing but the sound, which watches on a thread of its own."""

    def begin(self) -> None:
        for cell, clip in enumerate(loop_clips(tone(440, level=0.2), revision=1)):
            publish(self.memory, 0, cell, clip)
        values = self.memory.state["controls"][0]
        values[SLOTS["/deck/1/cue"]] = values[SLOTS["/cue/level"]] = 1
        for name in PROCESSES:
            self.launch(name)
        self.wait(lambda: all(self.memory.heartbeat_s(name) for name in PROCESSES))

    def wait(self, condition: Callable[[], bool]) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < until_s
            self.watch()
            time.sleep(0.02)


@pytest.fixture
def stand(tmp_path: pathlib.Path) -> Iterator[Stand]:
    cue = f"file:{tmp_path / 'cue.wav'}"
    stand = Stand({"models": [], "device": "null", "cue_device": cue, "outputs": "master", "latency_ms": 20,
                   "http_port": 0})  # fmt: skip
    try:
        stand.begin()
        yield stand
    finally:
        stand.close()


def move(stand: Stand, process: str, device: str) -> str | None:
    """Ask for another device; the reason if it was refused."""
    told: list[str | None] = []

    def asking() -> None:
        try:
            ask(stand.folder, Wish(process=process, device=device))
            told.append(None)
        except PerformerError as error:
            told.append(str(error))

    threading.Thread(target=asking).start()
    stand.wait(lambda: bool(told))
    return told[0]


def play(stand: Stand, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    stand.wait(lambda: time.monotonic() > until_s)


def test_the_cue_bus_is_heard_on_the_second_output(stand: Stand, tmp_path: pathlib.Path) -> None:
    play(stand, 4)
    audio, rate = soundfile.read(tmp_path / "cue.wav", dtype="float32")
    assert rate == 48_000
    heard = audio[rate : 2 * rate]
    assert np.abs(np.fft.rfft(heard[:, 0])).argmax() == 440
    assert np.abs(heard).reshape(-1, 480, 2).max(axis=1).min() > 0.15
    assert stand.memory.counters()["headphones_gaps"] == 0


def test_both_move_to_another_device_and_only_what_moves_is_touched(stand: Stand, tmp_path: pathlib.Path) -> None:
    state = stand.memory.state
    play(stand, 1)
    pids = {name: stand.children[name].process.pid for name in PROCESSES}
    began_s, began = float(state["position_time_s"][0]), int(state["position"][0])
    assert move(stand, "audio", f"file:{tmp_path / 'master.wav'}") is None
    assert stand.children["headphones"].process.pid == pids["headphones"]
    assert stand.children["audio"].process.pid != pids["audio"]
    with pytest.raises(ProcessLookupError):
        os.kill(pids["audio"], 0)
    play(stand, 2)
    passed = (float(state["position_time_s"][0]) - began_s) * 48_000
    assert int(state["position"][0]) - began == pytest.approx(passed, abs=48)  # the clock did not notice
    assert move(stand, "headphones", f"file:{tmp_path / 'cue-2.wav'}") is None
    play(stand, 2)
    assert np.abs(soundfile.read(tmp_path / "master.wav")[0]).max() > 0.05
    assert np.abs(soundfile.read(tmp_path / "cue-2.wav")[0]).max() > 0.15
    options = read_options(stand.folder)
    assert (options["device"], options["cue_device"]) == (
        f"file:{tmp_path / 'master.wav'}",
        f"file:{tmp_path / 'cue-2.wav'}",
    )
    assert not {name: n for name, n in stand.memory.counters().items() if n and name.endswith("restarts")}


@pytest.mark.parametrize("process", PROCESSES)
def test_what_cannot_be_had_changes_nothing(stand: Stand, process: str, capfd: pytest.CaptureFixture[str]) -> None:
    play(stand, 1)
    pids = {name: stand.children[name].process.pid for name in PROCESSES}
    options = read_options(stand.folder)
    capfd.readouterr()
    assert "sound device 'moon' is not there" in str(move(stand, process, "moon"))
    assert "the name of a WAV file is needed" in str(move(stand, process, "file:moon"))
    assert {name: stand.children[name].process.pid for name in PROCESSES} == pids
    assert read_options(stand.folder) == options
    position = int(stand.memory.state["position"][0])
    play(stand, 0.5)
    assert int(stand.memory.state["position"][0]) > position + 12_000
    assert capfd.readouterr().err == ""
    assert stand.memory.counters()["underruns"] == 0
