"""The real recorder beside a real audio process that plays to nowhere: killed, and started again."""

import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile

from performer.controls import SLOTS
from performer.desk.clips import publish
from performer.memory import Memory, make_folder
from performer.recorder_process import choose_path
from performer.recording.control_log import read_header
from tests.performer.conftest import loop_clips, tone

PATIENCE_S = 60.0


class Instrument:
    """Shared memory, and processes that play in it."""

    def __init__(self, path: pathlib.Path) -> None:
        self.folder = make_folder(
            {"models": [], "device": "null", "outputs": "master", "latency_ms": 20, "http_port": 0, "record": str(path)}
        )
        self.memory = Memory.create(self.folder)
        for cell, clip in enumerate(loop_clips(tone(440, level=0.1), revision=1)):
            publish(self.memory, 0, cell, clip)
        self.memory.state["controls"][0, SLOTS["/record"]] = 1
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"performer.{name}_process", str(self.folder)]
        self.processes.append(subprocess.Popen(command))
        return self.processes[-1]

    def recorded(self) -> int:
        return int(self.memory.state["recorded"][0])

    def close(self) -> None:
        self.memory.stop()
        for process in self.processes:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(params=["set.flac", "set.wav"])
def path(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / str(request.param)


@pytest.fixture
def instrument(path: pathlib.Path) -> Iterator[Instrument]:
    instrument = Instrument(path)
    yield instrument
    instrument.close()


def test_a_recording_without_a_name_goes_into_the_owners_folder(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{6}\.flac", choose_path(None).name)
    assert choose_path(None).parent == tmp_path / "sets"
    assert choose_path("set.wav") == pathlib.Path("set.wav")


def wait_until(condition: Callable[[], bool], *, what: str) -> None:
    start_s = time.monotonic()
    while not condition():
        assert time.monotonic() - start_s < PATIENCE_S, what
        time.sleep(0.02)


def test_a_killed_recorder_leaves_whole_files_and_its_successor_goes_on_with_the_next_sample(
    instrument: Instrument, path: pathlib.Path
) -> None:
    audio_process, recorder = instrument.start("audio"), instrument.start("recorder")
    wait_until(lambda: instrument.recorded() > 48_000, what="a second is recorded")
    recorder.kill()
    taped = int(instrument.memory.state["taped"][0])
    assert recorder.wait() == -signal.SIGKILL
    first, rate = soundfile.read(path, dtype="float32")
    start = read_header(path.with_suffix(".jsonl"))["start"]
    assert rate == 48_000
    assert taped - (start + len(first)) < 48_000
    print(f"{path.name}: {(taped - start - len(first)) / 48_000:.3f} s behind the sound when it was killed")
    at_kill = instrument.recorded()
    instrument.start("recorder")
    wait_until(lambda: instrument.recorded() > at_kill + 48_000, what="a second more is recorded")
    assert audio_process.poll() is None
    instrument.close()
    second_path = path.with_name(f"set-2{path.suffix}")
    second, _ = soundfile.read(second_path, dtype="float32")
    overlap = start + len(first) - read_header(second_path.with_suffix(".jsonl"))["start"]
    assert 0 <= overlap <= 4800  # what was written after it was last told is there twice; nothing is missing
    whole = np.concatenate([first, second[overlap:]])[9600:]  # by then the gains have settled
    np.testing.assert_allclose(whole[1200:], whole[:-1200], atol=1e-4)  # 11 periods of the tone
    assert np.abs(whole).max() > 0.01
    assert instrument.memory.counters()["unrecorded_samples"] == 0
