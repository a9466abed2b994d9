"""The real processes, playing to nowhere: what happens when one of them dies."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from performer.controls import SLOTS
from performer.errors import AlreadyToldError, PerformerError
from performer.memory import Memory, running_instruments
from performer.supervisor import Child, Supervisor, stop_on_signals
from performer.surfaces.osc.packet import bind, send
from stylegan_audio import SHIPPED_MODELS

pytestmark = pytest.mark.slow
PATIENCE_S = 90.0


def wait_until(condition: Callable[[], bool], *, what: str, patience_s: float = PATIENCE_S) -> float:
    start_s = time.monotonic()
    while not condition():
        assert time.monotonic() - start_s < patience_s, what
        time.sleep(0.02)
    return time.monotonic() - start_s


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def options(**changes: object) -> dict[str, object]:
    model = str(SHIPPED_MODELS / "drums.safetensors")
    port = free_port()
    return {
        "models": [model],
        "outputs": "master",
        "device": "null",
        "latency_ms": 20,
        "http_port": 8800,
        "osc_port": port,
        "midi": None,
    } | changes


@pytest.fixture(scope="module")
def instrument() -> Iterator[tuple[Supervisor, int]]:
    chosen = options()
    supervisor = Supervisor(chosen)
    try:
        supervisor.start()
        yield supervisor, int(str(chosen["osc_port"]))
    finally:
        supervisor.close()
    assert not supervisor.folder.exists()


def restart(supervisor: Supervisor, name: str, end: Callable[[int], None]) -> float:
    """End a process and watch until it is ready again; the seconds that took."""
    before_s = supervisor.memory.heartbeat_s(name)
    end(supervisor.children[name].process.pid)
    killed_s = time.monotonic()

    def alive_again() -> bool:
        supervisor.watch()
        return (
            supervisor.memory.heartbeat_s(name) > max(before_s, killed_s)
            and supervisor.children[name].process.poll() is None
        )

    return wait_until(alive_again, what=f"{name} came back")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_only_the_worker_has_torch(instrument: tuple[Supervisor, int]) -> None:
    supervisor, _ = instrument
    maps = {
        name: pathlib.Path(f"/proc/{supervisor.children[name].process.pid}/maps").read_text()
        for name in supervisor.children
    }
    assert "libtorch" in maps["worker"]
    assert "libtorch" not in maps["audio"]
    assert "libtorch" not in maps["control"]


def test_osc_is_rendered_and_sounds(instrument: tuple[Supervisor, int]) -> None:
    supervisor, port = instrument
    state = supervisor.memory.state
    before = int(state["sounding"][0, 0])
    send("/deck/1/seed", (77.0,), host="127.0.0.1", port=port)
    wait_until(lambda: state["sounding"][0, 0] > before, what="the new loop sounds")
    assert state["drawn"][0, 0, 0] == 77
    wait_until(lambda: state["rendered"][0, 0, 0] == 77, what="the whole loop is drawn")


def test_hostile_packets_are_counted_and_the_music_goes_on(instrument: tuple[Supervisor, int]) -> None:
    supervisor, port = instrument
    memory = supervisor.memory
    refused, position = memory.counters()["osc_refused"], int(memory.state["position"][0])
    hang = b"#bundle\0" + bytes(7) + b"\1" + b"\xff\xff\xff\xfc" + b"/x\0\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        for packet in [hang, b"", b"#bundle\0", os.urandom(64), b"/deck/1/bass\0\0\0\0,s\0\0loud\0\0\0\0"] * 20:
            attacker.sendto(packet, ("127.0.0.1", port))
    send("/deck/2/width", (0.123,), host="127.0.0.1", port=port)
    width = SLOTS["/deck/2/width"]
    wait_until(lambda: bool(np.isclose(memory.state["controls"][0, width][0], 0.123)), what="still obeys")
    assert memory.counters()["osc_refused"] >= refused + 60
    wait_until(lambda: memory.state["position"][0] > position + 4800, what="still plays")


@pytest.mark.parametrize("name", ["control", "worker"])
def test_killing_control_or_worker_does_not_touch_the_sound(instrument: tuple[Supervisor, int], name: str) -> None:
    supervisor, port = instrument
    memory = supervisor.memory
    audio, position = supervisor.children["audio"].process.pid, int(memory.state["position"][0])
    counted = memory.counters()[f"{name}_restarts"]
    took_s = restart(supervisor, name, kill)
    assert supervisor.children["audio"].process.pid == audio
    assert supervisor.children["audio"].process.poll() is None
    assert memory.counters()[f"{name}_restarts"] == counted + 1
    played_s = (int(memory.state["position"][0]) - position) / MelFormat().sample_rate
    assert played_s == pytest.approx(took_s, abs=1.0)
    before = int(memory.state["sounding"][0, 0])
    seed = float(memory.state["drawn"][0, 0, 0]) + 100
    send("/deck/1/seed", (seed,), host="127.0.0.1", port=port)
    wait_until(lambda: memory.state["sounding"][0, 0] > before, what="a new loop sounds")


def test_a_killed_audio_process_comes_back_in_phase(instrument: tuple[Supervisor, int]) -> None:
    supervisor, _ = instrument
    state = supervisor.memory.state

    def is_at_rest() -> bool:
        before = state["rested"][0].copy()
        time.sleep(1)  # a deck may sound as it last rested, and be drawn anew
        rested = state["rested"][0]
        return bool(
            np.all(rested > 0) and np.array_equal(rested, before) and np.array_equal(rested, state["sounding"][0])
        )

    wait_until(is_at_rest, what="every deck is at rest")
    generation = state["sounding"][0].copy()
    start_s, position = float(state["position_time_s"][0]), int(state["position"][0])
    took_s = restart(supervisor, "audio", kill)
    wait_until(lambda: state["position"][0] > position, what="plays again")
    elapsed = (float(state["position_time_s"][0]) - start_s) * MelFormat().sample_rate
    assert int(state["position"][0]) - position == pytest.approx(elapsed, abs=0.15 * MelFormat().sample_rate)
    np.testing.assert_array_equal(state["sounding"][0], generation)
    print(f"audio process back after {took_s:.2f} s")


def test_a_frozen_process_is_ended_and_started_again(instrument: tuple[Supervisor, int]) -> None:
    supervisor, _ = instrument
    counted = supervisor.memory.counters()["control_restarts"]
    restart(supervisor, "control", lambda pid: os.kill(pid, signal.SIGSTOP))
    assert supervisor.memory.counters()["control_restarts"] == counted + 1


def test_a_taken_osc_port_ends_the_start_with_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        supervisor = Supervisor(options(osc_port=port))
        try:
            with pytest.raises(AlreadyToldError, match="the control process could not start"):
                supervisor.start()
        finally:
            supervisor.close()
    assert f"OSC port {port} on 127.0.0.1 cannot be taken" in capfd.readouterr().err


def test_a_process_that_dies_at_the_start_ends_it() -> None:
    supervisor = Supervisor(options(models=["/dev/null"]))
    try:
        supervisor.launch("audio")
        kill(supervisor.children["audio"].process.pid)
        supervisor.children["audio"].process.wait()
        with pytest.raises(PerformerError, match="the audio process ended with -9 before it was ready"):
            supervisor.require_alive()
    finally:
        supervisor.close()
    assert not supervisor.folder.exists()


def perform(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "performer.cli", "perform", "--osc-port", str(free_port()), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until_it_plays(process: subprocess.Popen[str]) -> Memory:
    found: list[Memory] = []

    def sounding() -> bool:
        found[:] = [memory for _, memory in running_instruments() if memory.state["supervisor_pid"][0] == process.pid]
        return bool(found and (found[0].state["sounding"][0] > 0).all())

    wait_until(sounding, what="the instrument plays")
    return found[0]


def test_without_its_supervisor_the_music_plays_on_until_stopped() -> None:
    process = perform("--device", "null")
    memory = wait_until_it_plays(process)
    process.kill()
    process.wait()
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stderr.close()
    position = int(memory.state["position"][0])
    wait_until(lambda: memory.state["position"][0] > position + 96_000, what="it plays on")
    subprocess.run([sys.executable, "-m", "performer.cli", "stop"], check=True, capture_output=True)
    stopped = int(memory.state["position"][0])
    time.sleep(0.3)
    assert int(memory.state["position"][0]) == stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_stop_in_order_and_a_recording_is_whole(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    path = tmp_path / "set.wav"
    process = perform("--device", f"file:{path}", "--json")
    try:
        memory = wait_until_it_plays(process)
        position = int(memory.state["position"][0])
        wait_until(lambda: memory.state["position"][0] > position + 96_000, what="it plays on")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    assert process.returncode == 0, err
    summary = json.loads(out)
    import soundfile

    audio, rate = soundfile.read(path)
    assert rate == 48_000
    assert len(audio) >= summary["played_s"] * 48_000 > 0


def test_an_unknown_device_and_an_existing_file_end_the_start_with_one_line(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "set.wav"
    path.write_bytes(b"keep me")
    for device, words in (("moon", "sound device 'moon'"), (f"file:{path}", "the file exists")):
        process = perform("--device", device)
        _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1
        assert sum(words in line for line in err.splitlines()) == 1, err
        assert not [line for line in err.splitlines() if "process" in line]
        assert "Traceback" not in err
    assert path.read_bytes() == b"keep me"


def test_a_device_lost_while_it_starts_is_opened_again_and_files_of_the_folder_are_not_run(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "http.py").write_text("raise SystemExit('a file of the folder was run')")
    monkeypatch.chdir(tmp_path)
    supervisor = Supervisor(options(http_port=8820))
    ended: list[int] = []

    def is_ready() -> bool:
        if not ended and supervisor.all_joined():
            ended.append(supervisor.children["audio"].process.pid)
            kill(ended[0])
        return bool(ended) and supervisor.memory.counters()["audio_restarts"] > 0 and ready()

    ready = supervisor.ready
    monkeypatch.setattr(supervisor, "ready", is_ready)
    try:
        supervisor.start()
        assert supervisor.children["audio"].process.pid != ended[0]
        assert supervisor.memory.counters()["control_restarts"] == supervisor.memory.counters()["worker_restarts"] == 0
    finally:
        supervisor.close()


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_signals_that_ask_for_nothing_do_nothing(number: signal.Signals) -> None:
    memory = Memory.private()
    with stop_on_signals(memory):
        os.kill(os.getpid(), number)
        time.sleep(0.05)
        assert not memory.stopping
        os.kill(os.getpid(), signal.SIGQUIT)
        time.sleep(0.05)
        assert memory.stopping


@pytest.mark.parametrize(("name", "is_ended"), [("audio", True), ("worker", False)])
def test_a_process_that_hangs_while_it_starts_again_is_ended_if_nothing_is_heard_meanwhile(
    name: str, is_ended: bool
) -> None:
    supervisor = Supervisor(options())
    process = subprocess.Popen(["sleep", "60"])
    try:
        supervisor.memory.state["heartbeat_s"][:] = time.monotonic() - 40  # it was there, before it was started again
        supervisor.children[name] = Child(name, process, time.monotonic() - 30)
        supervisor.judge(may_end=True)
        assert (process.poll() is not None) == is_ended
        assert (supervisor.children[name].process is process) != is_ended
    finally:
        process.kill()
        supervisor.close()
