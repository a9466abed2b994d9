"""The rig: a real sound server with a null sink, a real JACK server for MIDI, and the instrument between them."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from performer.memory import running_instruments
from performer.settings import DeckSettings

SINK = "rig"
RATE = 48_000
NULL_SINK = f"""
.fail
load-module module-native-protocol-unix
load-module module-null-sink sink_name={SINK} rate={RATE} channels=2 format=float32le norewinds=1
set-default-sink {SINK}
set-default-source {SINK}.monitor
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "rig":
            item.add_marker(pytest.mark.rig)


def need(*programs: str) -> None:
    """Skip where a program is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; 'make test' installs the rig where it may")


def wait_until(condition: Callable[[], bool], *, what: str, patience_s: float = 60) -> float:
    start_s = time.monotonic()
    while not condition():
        assert time.monotonic() - start_s < patience_s, what
        time.sleep(0.02)
    return time.monotonic() - start_s


@dataclasses.dataclass
class Pulse:
    """A PulseAudio server of its own with one null sink."""

    folder: pathlib.Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which programs find this server and no other."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DISPLAY", "DBUS", "PULSE"))}
        run = self.folder / "run"
        own = {"XDG_RUNTIME_DIR": run, "PULSE_RUNTIME_PATH": run / "pulse", "HOME": self.folder}
        return {**kept, **{name: str(path) for name, path in own.items()}}

    def start(self) -> None:
        (self.folder / "run").mkdir(mode=0o700, exist_ok=True)
        script = self.folder / "null.pa"
        script.write_text(NULL_SINK)
        # realtime, as desktops run it: a server that waits for the worker's threads makes gaps of its own
        options = [
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--realtime=yes",
            "--high-priority=yes",
        ]
        self.process = subprocess.Popen(
            ["pulseaudio", *options, "-n", "-F", str(script)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.answers, what="PulseAudio answers", patience_s=20)

    def answers(self) -> bool:
        done = subprocess.run(
            ["pactl", "list", "short", "sinks"], env=self.environment, capture_output=True, text=True, check=False
        )
        return SINK in done.stdout

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def record(self, path: pathlib.Path) -> subprocess.Popen[bytes]:
        options = ["--format=float32le", f"--rate={RATE}", "--channels=2", "--latency-msec=20"]
        with path.open("wb") as file:
            return subprocess.Popen(["parec", "-d", f"{SINK}.monitor", *options], env=self.environment, stdout=file)


@pytest.fixture
def pulse(tmp_path: pathlib.Path) -> Iterator[Pulse]:
    need("pulseaudio", "pactl", "parec")
    server = Pulse(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def jack() -> Iterator[dict[str, str]]:
    """Environment in which programs find a JACK server of its own."""
    need("jackd", "jack_lsp")
    name = f"rig{os.getpid()}"
    environment = {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}
    environment["MIDO_BACKEND"] = "mido.backends.rtmidi/UNIX_JACK"
    process = subprocess.Popen(
        ["jackd", "-n", name, "-m", "-r", "-d", "dummy", "-r", str(RATE), "-p", "1024"],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        command = ["jack_lsp", "-s", name]
        return subprocess.run(command, env={**os.environ, **environment}, capture_output=True).returncode == 0

    wait_until(answers, what="JACK answers", patience_s=20)
    yield environment
    process.terminate()  # killed, it leaves its shared memory behind
    process.wait()


@contextlib.contextmanager
def machine_delay_ms() -> Iterator[list[float]]:
    """Note how long the machine itself stood still meanwhile: see `witness.py`."""
    delay_ms: list[float] = []
    with subprocess.Popen(
        [sys.executable, str(pathlib.Path(__file__).with_name("witness.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            yield delay_ms
        finally:
            out, _ = process.communicate()
            delay_ms.append(float(out))


class Instrument:
    """A running `loopmorph perform`."""

    def __init__(self, *arguments: str, environment: dict[str, str], folder: pathlib.Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.osc_port = int(probe.getsockname()[1])
        self.log = folder / "perform.log"
        command = [sys.executable, "-m", "performer.cli", "perform", "--json", "--osc-port", str(self.osc_port)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def said(self, text: str) -> bool:
        assert self.process.poll() is None or text in self.log.read_text(), self.log.read_text()
        return text in self.log.read_text()

    def wait_for(self, text: str) -> float:
        return wait_until(lambda: self.said(text), what=f"the instrument says {text!r}", patience_s=120)

    def wait_until_rendered(self) -> None:
        """Wait until every deck sounds as its controls say."""
        memory = next(
            memory for _, memory in running_instruments() if memory.state["supervisor_pid"][0] == self.process.pid
        )

        def at_rest() -> bool:
            state = memory.state
            wanted = [DeckSettings.from_controls(state["controls"][0], deck=deck + 1).to_array() for deck in range(4)]
            same = np.array_equal(state["rendered"][0], wanted)
            return bool(same and np.array_equal(state["rested"], state["sounding"]))

        time.sleep(0.1)  # for what is on its way over the network
        wait_until(at_rest, what="every deck is rendered")

    def child(self, name: str) -> int:
        """Process number of one of the instrument's processes."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        lines = {int(child): pathlib.Path(f"/proc/{child}/cmdline").read_text() for child in children}
        return next(child for child, line in lines.items() if f"{name}_process" in line)

    def stop(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, self.log.read_text()
        return dict(json.loads(out))

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=30)


Start = Callable[..., Instrument]


@pytest.fixture
def start(tmp_path: pathlib.Path) -> Iterator[Start]:
    """Start an instrument that is ended with the test."""
    started: list[Instrument] = []

    def begin(*arguments: str, environment: dict[str, str]) -> Instrument:
        started.append(Instrument(*arguments, environment=environment, folder=tmp_path))
        return started[-1]

    yield begin
    for instrument in started:
        instrument.end()


def read_capture(path: pathlib.Path) -> np.ndarray:
    """Samples that a recorder wrote, float32 `[n, 2]`."""
    data = np.fromfile(path, np.float32)
    return data[: len(data) // 2 * 2].reshape(-1, 2)


def longest_silence(audio: np.ndarray) -> int:
    """Length of the longest run of samples that are exactly zero."""
    silent = np.concatenate([[False], np.all(audio == 0, axis=1), [False]])
    edges = np.flatnonzero(np.diff(silent.astype(np.int8)))
    return int(np.max(edges[1::2] - edges[::2], initial=0))
