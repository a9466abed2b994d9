"""The rig: a real sound server with a null sink, a real JACK server for MIDI, and the instrument between them."""

import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy as np
import pytest

from performer.memory import Memory, running_instruments
from performer.settings import DeckSettings

SINK = "rig"
RATE = 48_000
LOOP = 4 * RATE
"""Samples of two bars at 120 BPM."""
SILENCE = 8
"""Samples of exact silence in a row that a loop may hold."""
LATENCY_MS = 60
"""A virtual machine stands still for 8 to 12 ms now and then, longer than the slack of the default latency."""
PIPE_BYTES = 1 << 20
"""Room for some seconds of sound, so that a recorder need not wait for whoever listens."""
NULL_SINK_MODULE = f"module-null-sink sink_name={SINK} rate={RATE} channels=2 format=float32le norewinds=1"
NULL_SINK = f"""
.fail
load-module module-native-protocol-unix
load-module {NULL_SINK_MODULE}
set-default-sink {SINK}
set-default-source {SINK}.monitor
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if pathlib.Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.rig)


def need(*programs: str) -> None:
    """Skip where a program is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; 'make test' installs the rig where it may")


def own_network() -> list[str]:
    """Give the words before a command that is to run in a network namespace of its own; skip where there is none."""
    need("unshare")
    apart = ["unshare", "-n"] if os.getuid() == 0 else ["unshare", "-r", "-n"]
    if subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("this machine gives no network namespace")
    return apart


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

    def pactl(self, *words: str) -> None:
        subprocess.run(["pactl", *words], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def listen(self) -> "Ear":
        return Ear(self.environment)


class Ear:
    """A recorder of what the sink plays, which notes when each piece of it came."""

    def __init__(self, environment: dict[str, str]) -> None:
        options = ["--format=float32le", f"--rate={RATE}", "--channels=2", "--latency-msec=20"]
        self.process = subprocess.Popen(
            ["parec", "-d", f"{SINK}.monitor", *options],
            env=environment,
            stdout=subprocess.PIPE,
            bufsize=0,
            pipesize=PIPE_BYTES,
        )
        self.pieces: list[bytes] = []
        self.came_s: list[float] = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self) -> None:
        assert self.process.stdout
        while piece := os.read(self.process.stdout.fileno(), PIPE_BYTES):
            self.came_s.append(time.monotonic())
            self.pieces.append(piece)

    def stop(self) -> np.ndarray:
        """Stop listening; the samples heard, float32 `[n, 2]`."""
        self.process.terminate()
        self.process.wait()
        self.thread.join()
        assert self.process.stdout
        self.process.stdout.close()
        data = b"".join(self.pieces)
        return np.frombuffer(data[: len(data) // 8 * 8], np.float32).reshape(-1, 2)

    def time_s(self, first: int, n: int = RATE) -> float:
        """Monotonic time at which a sample was heard, by the most punctual piece of the `n` samples from there on."""
        ends = np.cumsum([len(piece) for piece in self.pieces]) / 8
        came_s = np.array(self.came_s)
        near = (ends > first) & (ends <= first + n)
        return float(np.min(came_s[near] - (ends[near] - first) / RATE))


@contextlib.contextmanager
def running_pulse(folder: pathlib.Path) -> Iterator[Pulse]:
    need("pulseaudio", "pactl", "parec")
    server = Pulse(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def pulse(tmp_path: pathlib.Path) -> Iterator[Pulse]:
    with running_pulse(tmp_path) as server:
        yield server


@dataclasses.dataclass
class Jack:
    """A JACK server of its own, whose card has a clock of its own."""

    rate: int
    block_size: int
    name: str = dataclasses.field(default_factory=lambda: f"rig{os.getpid()}-{time.monotonic_ns()}")
    said: str = ""
    """What servers that did not answer have printed."""

    @property
    def added(self) -> dict[str, str]:
        """What programs that are to find this server and no other need in their environment."""
        return {
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
            "MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK",
        }

    @contextlib.contextmanager
    def running(self, *priority: str) -> Iterator[bool]:
        """Let a server run; whether it answers."""
        environment = {**os.environ, **self.added}
        words = [
            "jackd",
            "-n",
            self.name,
            "-m",
            *priority,
            "-d",
            "dummy",
            "-r",
            f"{self.rate}",
            "-p",
            f"{self.block_size}",
        ]
        with tempfile.TemporaryFile("w+") as log:
            process = subprocess.Popen(words, env=environment, stdout=log, stderr=subprocess.STDOUT)
            try:
                until_s = time.monotonic() + 20
                command, answers = ["jack_lsp"], False
                while process.poll() is None and not answers and time.monotonic() < until_s:
                    done = subprocess.run(command, env=environment, capture_output=True, timeout=20, check=False)
                    answers = done.returncode == 0
                    time.sleep(0.02)
                yield answers
            finally:
                process.terminate()  # killed, it leaves its shared memory behind
                process.wait()
                log.seek(0)
                self.said += log.read()


@contextlib.contextmanager
def running_jack(*, rate: int = RATE, block_size: int = 1024, realtime: bool = False) -> Iterator[dict[str, str]]:
    """A JACK server; what programs that are to find it need in their environment."""
    need("jackd", "jack_lsp")
    server = Jack(rate, block_size)
    for priority in (["-R", "-P", "10"], ["-r"]) if realtime else (["-r"], ["-r"]):
        with server.running(*priority) as answers:
            if answers:
                yield server.added
                return
    pytest.fail(f"JACK does not answer: {server.said}")


@pytest.fixture
def jack() -> Iterator[dict[str, str]]:
    """Environment in which programs find a JACK server of its own."""
    with running_jack() as added:
        yield added


@contextlib.contextmanager
def midi_knobs(environment: dict[str, str]) -> Iterator[IO[str]]:
    """A MIDI controller on JACK; each line `channel controller value` written to it turns a knob."""
    with subprocess.Popen(
        [sys.executable, str(pathlib.Path(__file__).with_name("midi_knobs.py")), "knobs"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            yield process.stdin
        finally:
            process.stdin.close()


def oscsend(port: int, path: str, kind: str, value: float) -> None:
    need("oscsend")
    subprocess.run(["oscsend", "127.0.0.1", str(port), path, kind, f"{value:g}"], check=True)


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Instrument:
    """A running `loopmorph perform`."""

    def __init__(self, *arguments: str, environment: dict[str, str], folder: pathlib.Path) -> None:
        self.osc_port = free_port(socket.SOCK_DGRAM)
        ports = ["--osc-port", f"{self.osc_port}", "--http-port", f"{free_port(socket.SOCK_STREAM)}"]
        self.log = folder / "perform.log"
        command = [sys.executable, "-m", "performer.cli", "perform", "--json", *ports]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def said(self, text: str) -> bool:
        assert self.process.poll() is None or text in self.log.read_text(), self.log.read_text()
        return text in self.log.read_text()

    def wait_for(self, text: str) -> float:
        return wait_until(lambda: self.said(text), what=f"the instrument says {text!r}", patience_s=120)

    @functools.cached_property
    def memory(self) -> Memory:
        """Its shared memory."""
        found = [memory for _, memory in running_instruments() if memory.state["supervisor_pid"][0] == self.process.pid]
        return found[0]

    def wait_until_rendered(self) -> None:
        """Wait until every deck sounds as its controls say."""
        state = self.memory.state

        def at_rest() -> bool:
            wanted = [DeckSettings.from_controls(state["controls"][0], deck=deck + 1).to_array() for deck in range(4)]
            same = np.array_equal(state["rendered"][0], wanted)
            return bool(same and np.array_equal(state["rested"], state["sounding"]))

        time.sleep(0.1)  # for what is on its way over the network
        wait_until(at_rest, what="every deck is rendered", patience_s=20)

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


def silences(audio: np.ndarray) -> np.ndarray:
    """First sample and end of each run of samples that are exactly zero, `[n, 2]`."""
    silent = np.concatenate([[False], np.all(audio == 0, axis=1), [False]])
    return np.flatnonzero(np.diff(silent.astype(np.int8))).reshape(-1, 2)


def longest_silence(audio: np.ndarray) -> int:
    """Length of the longest run of samples that are exactly zero."""
    return int(np.max(np.diff(silences(audio)), initial=0))
