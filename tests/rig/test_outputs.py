"""Headphones on a device of their own, and devices that come, go and change while the music plays."""

import contextlib
import dataclasses
import json
import os
import pathlib
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
from tests.performer.conftest import loop_clips, tone
from tests.rig.conftest import (
    LATENCY_MS,
    LOOP,
    RATE,
    SILENCE,
    SINK,
    Instrument,
    Pulse,
    Start,
    longest_silence,
    need,
    running_jack,
    running_pulse,
    wait_until,
)
from tests.rig.machine import STANDSTILL_MS, attempts

TONE_HZ = 1000
PHONES_RATE = 44_100
MINUTE_S = 60


def plug_in(pulse: Pulse, name: str, *, rate: int = PHONES_RATE) -> None:
    """Add a sink to the running server, and a device that plays to it."""
    with (pulse.folder / ".asoundrc").open("a") as file:
        file.write(f'pcm.{name} {{ type pulse device {name} hint {{ show on description "{name}" }} }}\n')
    words = ["load-module", "module-null-sink", f"sink_name={name}", f"rate={rate}", "channels=2", "norewinds=1"]
    subprocess.run(["pactl", *words], env=pulse.environment, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def recording(pulse: Pulse, sink: str, *, seconds: float, rate: int = RATE) -> Iterator[list[np.ndarray]]:
    """Note what a sink plays for some seconds, and meanwhile."""
    path = pulse.folder / f"{sink}-{time.monotonic_ns()}.f32"
    options = ["--format=float32le", f"--rate={rate}", "--channels=2", "--latency-msec=20"]
    heard: list[np.ndarray] = []
    with path.open("wb") as file:
        process = subprocess.Popen(["parec", "-d", f"{sink}.monitor", *options], env=pulse.environment, stdout=file)
    begun_s = time.monotonic()
    try:
        yield heard
        time.sleep(max(0.0, begun_s + seconds - time.monotonic()))
    finally:
        process.terminate()
        process.wait()
        data = np.fromfile(path, np.float32)
        heard.append(data[: len(data) // 2 * 2].reshape(-1, 2))


class Duo:
    """An audio process that plays a tone, and a headphones process beside it, without worker and supervisor."""

    def __init__(self, environment: dict[str, str], added: dict[str, str], **options: str) -> None:
        common = {"models": [], "outputs": "master", "latency_ms": LATENCY_MS, "http_port": 0}
        self.folder = make_folder({**common, **options})
        self.memory = Memory.create(self.folder)
        for cell, clip in enumerate(loop_clips(tone(TONE_HZ), revision=1)):
            publish(self.memory, 0, cell, clip)
        self.memory.state["controls"][0, SLOTS["/deck/1/cue"]] = 1
        self.memory.state["controls"][0, SLOTS["/cue/level"]] = 1
        self.processes = [self.start("audio", environment), self.start("headphones", {**environment, **added})]

    def start(self, name: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"performer.{name}_process", str(self.folder)]
        return subprocess.Popen(command, env=environment)

    def close(self) -> None:
        self.memory.stop()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def glitches(audio: np.ndarray, *, rate: int) -> tuple[int, int]:
    """Phase steps and dips of a tone, over its hops of a millisecond."""
    mono = audio[:, 0].astype(np.float64)
    hop = rate // 1000
    turn = np.exp(-2j * np.pi * TONE_HZ * np.arange(len(mono)) / rate)
    phase = (mono * turn)[: len(mono) // hop * hop].reshape(-1, hop).mean(axis=1)
    steps = int(np.sum(np.abs(np.angle(phase[1:] * phase[:-1].conj())) > 0.05))
    return steps, int(np.sum(np.abs(phase) < 0.9 * np.median(np.abs(phase))))


@contextlib.contextmanager
def jack_recording(environment: dict[str, str], path: pathlib.Path, seconds: float) -> Iterator[list[np.ndarray]]:
    """Note for some seconds what PortAudio plays to JACK."""
    command = ["jack_rec", "-f", str(path), "-d", f"{seconds:g}", "-b", "24", "PortAudio:out_0", "PortAudio:out_1"]
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    heard: list[np.ndarray] = []
    yield heard
    _, said = process.communicate(timeout=seconds + 10)
    lost = "overruns" in said  # by the recorder, not by the headphones
    heard.append(np.zeros((0, 2), np.float32) if lost else soundfile.read(path, dtype="float32")[0])


@dataclasses.dataclass(frozen=True)
class Card:
    """A second sound card."""

    added: dict[str, str]
    """Environment in which PortAudio finds it."""
    name: str
    recording: Callable[[], contextlib.AbstractContextManager[list[np.ndarray]]]
    patience_ms: float = STANDSTILL_MS
    """A standstill longer than this makes gaps there."""


@pytest.fixture(params=["another sink", "another clock"])
def card(request: pytest.FixtureRequest, pulse: Pulse) -> Iterator[Card]:
    """A second sound card at 44.1 kHz."""
    if request.param == "another sink":
        plug_in(pulse, "phones")
        yield Card({}, "phones", lambda: recording(pulse, "phones", seconds=MINUTE_S, rate=PHONES_RATE))
    else:
        need("jack_rec")
        block_size, path = 512, pulse.folder / "card.wav"
        half_a_block_ms = 1000 * block_size / PHONES_RATE / 2  # JACK waits for nobody longer than a block
        with running_jack(rate=PHONES_RATE, block_size=block_size, realtime=True) as added:
            yield Card(added, "system", lambda: jack_recording(added, path, MINUTE_S), half_a_block_ms)


@pytest.mark.slow
def test_a_minute_of_headphones_on_a_second_device_has_no_gap(pulse: Pulse, card: Card) -> None:
    rate = PHONES_RATE
    for machine in attempts("a minute without a gap"):
        duo = Duo(pulse.environment, card.added, device="pulse", cue_device=card.name)
        state = duo.memory.state
        ppm = []
        try:
            wait_until(lambda: state["cue_ppm"][0] != 0, what="the headphones play", patience_s=120)  # noqa: B023
            time.sleep(5)
            gaps = duo.memory.counters()["headphones_gaps"]
            with machine.watched(), card.recording() as heard:
                for _ in range(MINUTE_S * 10):
                    time.sleep(0.1)
                    ppm.append(float(state["cue_ppm"][0]))
            gaps = duo.memory.counters()["headphones_gaps"] - gaps
        finally:
            duo.close()
        (audio,) = heard
        if len(audio) == 0:
            continue
        steps, dips = glitches(audio[rate : -rate // 10], rate=rate)
        print(
            f"{len(audio) / rate:.1f} s: {steps} steps, {dips} dips, {gaps} gaps, {min(ppm):.0f} to {max(ppm):.0f} "
            f"ppm, {state['cue_lag_s'][0] * 1000:.1f} ms behind"
        )
        assert len(audio) > (MINUTE_S - 2) * rate
        if (steps, dips, gaps) == (0, 0, 0):
            return
        machine.require_standstill("a gap", longest_ms=card.patience_ms)


def command(pulse: Pulse, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the instrument's."""
    return subprocess.run(
        [sys.executable, "-m", "performer.cli", *words],
        env=pulse.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def phase_error(before: np.ndarray, after: np.ndarray, *, apart: int) -> int:
    """How many samples later than it should a loop comes, whose ends lie so many samples apart."""
    first, second = before[-LOOP:, 0].astype(np.float64), after[-LOOP:, 0].astype(np.float64)
    likeness = np.fft.irfft(np.fft.rfft(second) * np.fft.rfft(first).conj())
    return (int(np.argmax(likeness)) + apart + LOOP // 2) % LOOP - LOOP // 2


@pytest.mark.slow
def test_the_master_moves_to_a_device_that_was_plugged_in_while_it_played(pulse: Pulse, start: Start) -> None:
    instrument = start("--device", "pulse", "--latency-ms", f"{LATENCY_MS}", environment=pulse.environment)
    instrument.wait_for("playing")
    instrument.wait_until_rendered()
    port = f"{instrument.osc_port}"
    plug_in(pulse, "late", rate=RATE)
    with recording(pulse, SINK, seconds=20) as here, recording(pulse, "late", seconds=20) as there:
        time.sleep(8)
        done = command(pulse, "device", "late", "--osc-port", port)
        time.sleep(6)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "loopmorph: sound: late\n"
    last, first = np.flatnonzero(here[0][:, 0])[-1], np.flatnonzero(there[0][:, 0])[0]
    silent = (len(here[0]) - last) - (len(there[0]) - first)  # both recordings end together, but for some milliseconds
    error = phase_error(here[0][: last - RATE], there[0], apart=len(here[0]) - last + RATE)
    print(f"silent for {silent / RATE * 1000:.0f} ms, {error / RATE * 1000:.1f} ms from the phase it had")
    assert abs(error) < RATE / 10  # the recordings' ends, and another latency
    devices = json.loads(command(pulse, "devices", "--json").stdout)["sound"]
    assert [device["name"] for device in devices if device["plays"]] == ["late"]
    playing = instrument.child("audio")
    wrong = command(pulse, "device", "moon", "--osc-port", port)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("loopmorph: sound device 'moon' is not there: found ")
    assert wrong.stderr.count("\n") == 1
    assert instrument.child("audio") == playing
    with recording(pulse, "late", seconds=1) as there:
        pass
    assert np.abs(there[0]).max() > 0.01
    counters = instrument.stop()["counters"]
    assert counters["audio_restarts"] == 0


@pytest.fixture
def second_server(pulse: Pulse) -> Iterator[Pulse]:
    """Another sound server, and a device `phones` that plays there. (One server would move the stream elsewhere.)"""
    folder = pulse.folder / "second"
    folder.mkdir()
    with running_pulse(folder) as second:
        with (pulse.folder / ".asoundrc").open("a") as file:
            socket = f"unix:{folder}/run/pulse/native"
            file.write(f'pcm.phones {{ type pulse server "{socket}" hint {{ show on description "phones" }} }}\n')
        yield second


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_headphones_whose_device_is_lost_never_touch_the_master(
    pulse: Pulse, second_server: Pulse, start: Start, fault: str
) -> None:
    options = ("--device", "pulse", "--cue-device", "phones", "--latency-ms", f"{LATENCY_MS}")
    for machine in attempts("that there was no gap"):
        instrument = start(*options, environment=pulse.environment)
        instrument.wait_for("playing")
        assert command(pulse, "set", "/deck/1/cue", "1", "--osc-port", f"{instrument.osc_port}").returncode == 0
        instrument.wait_until_rendered()
        with machine.watched(), recording(pulse, SINK, seconds=1) as master:
            time.sleep(2)
            back_s = lose(second_server, instrument, fault)
        with recording(second_server, SINK, seconds=4) as phones:
            pass
        counters = instrument.stop()["counters"]
        silence = longest_silence(master[0][np.flatnonzero(master[0][:, 0])[0] :])
        print(f"back {back_s:.2f} s after the device; {silence} silent samples of the master; {counters}")
        assert np.abs(phones[0][-RATE:]).max() > 0.01
        assert counters["headphones_restarts"] >= 1
        assert counters["audio_restarts"] == 0
        if silence <= SILENCE and counters["underruns"] == 0:
            return
        machine.require_standstill("a gap")


def lose(server: Pulse, instrument: Instrument, fault: str) -> float:
    """Let a server fail, and come back; the seconds after which the headphones play there again."""
    assert server.process is not None
    if fault == "killed":
        server.kill()
        instrument.wait_for("headphones: the sound device went away; opening it again")
        instrument.wait_for("trying again every 0.5 s")
        server.start()
    else:
        os.kill(server.process.pid, signal.SIGSTOP)
        instrument.wait_for("headphones: the sound device has asked for nothing")
        time.sleep(5)
        os.kill(server.process.pid, signal.SIGCONT)
    return wait_until(
        lambda: instrument.log.read_text().count("headphones: phones") >= 2, what="the headphones are back"
    )


@pytest.mark.slow
def test_headphones_may_come_later_and_change_their_device(pulse: Pulse, start: Start) -> None:
    instrument = start("--device", "pulse", environment=pulse.environment)
    instrument.wait_for("playing")
    port = f"{instrument.osc_port}"
    assert command(pulse, "set", "/deck/1/cue", "1", "--osc-port", port).returncode == 0
    plug_in(pulse, "phones")
    plug_in(pulse, "others", rate=RATE)
    for name in ("phones", "others"):
        done = command(pulse, "device", "--cue", name, "--osc-port", port)
        assert (done.returncode, done.stderr) == (0, f"loopmorph: headphones: {name}\n")
        with recording(pulse, name, seconds=4) as heard:
            pass
        assert np.abs(heard[0][-RATE:]).max() > 0.01
    with recording(pulse, "phones", seconds=1) as heard:
        pass
    assert not heard[0].any()
    devices = json.loads(command(pulse, "devices", "--json").stdout)["sound"]
    plays = {device["name"]: device["plays"] for device in devices if device["plays"]}
    assert plays == {"pulse": ["master"], "others": ["headphones"]}
    assert instrument.stop()["counters"]["audio_restarts"] == 0


@pytest.mark.slow
def test_a_device_of_too_few_outputs_ends_the_start_with_one_line(jack: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "performer.cli", "perform", "--device", "system", "--outputs", "decks"],
        env={**os.environ, **jack},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if "output channels" in line] == [
        "loopmorph: sound device 'system' has 2 output channels, 8 are needed; choose another with --device, or fewer "
        "with --outputs (headphones can have a device of their own: --cue-device NAME)"
    ]
