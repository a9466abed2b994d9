"""Real MIDI through JACK: a controller in one process, the instrument in another."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from performer.controls import SLOTS
from tests.rig.conftest import Instrument, Start, wait_until
from tests.rig.machine import attempts

NANO = "nanoKONTROL2"
PATIENCE_S = 6.0
"""Three times the time in which a controller that is plugged in plays."""
FOUR_BARS = 4 * 4 * 24
MUTE_LED, CUE_LED = (0xB0, 48), (0xB0, 32)


class Peer:
    """A controller that is plugged in while it lives."""

    def __init__(self, environment: dict[str, str], name: str = NANO) -> None:
        command = [sys.executable, str(pathlib.Path(__file__).with_name("midi_peer.py")), name]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"
        self.heard: list[tuple[float, str, list[int]]] = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            at_s, kind, data = json.loads(line)
            self.heard.append((at_s, kind, data))

    def send(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def lit(self, led: tuple[int, int]) -> int | None:
        """What an LED was last sent."""
        values = [data[2] for _, _, data in list(self.heard) if tuple(data[:2]) == led]
        return values[-1] if values else None

    def times_s(self, kind: str) -> list[float]:
        return [at_s for at_s, heard, _ in list(self.heard) if heard == kind]

    def unplug(self) -> None:
        self.process.kill()
        self.process.wait()
        self.thread.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@contextlib.contextmanager
def plugged_in(environment: dict[str, str], name: str = NANO) -> Iterator[Peer]:
    peer = Peer(environment, name)
    try:
        yield peer
    finally:
        peer.unplug()


@pytest.fixture
def environment(jack: dict[str, str]) -> dict[str, str]:
    return {**os.environ, **jack}


def begin(start: Start, environment: dict[str, str], folder: pathlib.Path) -> Instrument:
    options = ("--device", "null", "--session", str(folder / "set.json"))
    instrument = start(*options, environment=environment)
    instrument.wait_for("playing drums")
    instrument.wait_for("Korg nanoKONTROL2)")
    return instrument


def read(instrument: Instrument, path: str, index: int = 0) -> float:
    return float(instrument.memory.state["controls"][0, SLOTS[path].start + index])


def command(*words: str, instrument: Instrument, environment: dict[str, str]) -> subprocess.Popen[str]:
    port = ("--osc-port", str(instrument.osc_port))
    return subprocess.Popen(
        [sys.executable, "-m", "performer.cli", *words, *port],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ask(*words: str, instrument: Instrument, environment: dict[str, str]) -> str:
    """Run a command to its end; what it printed."""
    process = command(*words, instrument=instrument, environment=environment)
    out, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    return out


def sweep(peer: Peer, number: int, values: range, *, pause_s: float = 0.02) -> None:
    for value in values:
        peer.send(f"cc 1 {number} {value}")
        time.sleep(pause_s)


@pytest.mark.slow
def test_a_knob_is_learned_saved_and_works_after_a_restart(
    environment: dict[str, str], start: Start, tmp_path: pathlib.Path
) -> None:
    with plugged_in(environment) as peer:
        instrument = begin(start, environment, tmp_path)
        learning = command("learn", "/deck/1/morph", "1", instrument=instrument, environment=environment)
        instrument.wait_for("move a knob for /deck/1/morph 1")
        sweep(peer, 100, range(10, 60, 2))
        _, said = learning.communicate(timeout=30)
        assert "channel 1 controller 100, a knob, is for /deck/1/morph 1" in said
        sweep(peer, 100, range(60, -1, -3))
        wait_until(lambda: read(instrument, "/deck/1/morph", 1) == 0, what="the knob holds the control")
        sweep(peer, 100, range(0, 128, 8))
        wait_until(lambda: read(instrument, "/deck/1/morph", 1) > 0.9, what="the knob moves the control")
        instrument.stop()
        again = begin(start, environment, tmp_path)
        listed = ask("midi", "--json", instrument=again, environment=environment)
        (port,) = [port for port in json.loads(listed)["ports"] if NANO in port["port"]]
        assert port["mapping"].endswith(f"{NANO}, over Korg nanoKONTROL2")
        assert (port["learned"], port["shows"]) == (1, True)
        assert read(again, "/deck/1/morph", 1) == 0
        sweep(peer, 100, range(0, 128, 8))
        wait_until(lambda: read(again, "/deck/1/morph", 1) > 0.9, what="the knob moves the control after a restart")
        again.stop()


@pytest.mark.slow
def test_a_controller_may_be_pulled_out_and_plugged_in_again(
    environment: dict[str, str], start: Start, tmp_path: pathlib.Path
) -> None:
    with plugged_in(environment) as peer:
        instrument = begin(start, environment, tmp_path)
        wait_until(lambda: peer.lit(MUTE_LED) == 0, what="the LEDs are dark")
        peer.send("cc 1 48 127")
        wait_until(lambda: peer.lit(MUTE_LED) == 127, what="the LED of the mute lights up")
        assert read(instrument, "/deck/1/mute") == 1
    for count in range(1, 4):
        gone_s = wait_until(
            lambda count=count: instrument.log.read_text().count("is gone") == count,
            what="it is gone",
            patience_s=PATIENCE_S,
        )
        with plugged_in(environment) as peer:
            shown_s = wait_until(lambda: peer.lit(MUTE_LED) == 127, what="it is shown anew", patience_s=PATIENCE_S)
            wait_until(lambda: peer.lit(CUE_LED) == 0, what="the other LEDs are sent anew", patience_s=PATIENCE_S)
            for level in (0, 127):
                peer.send(f"cc 1 0 {level}")
            wait_until(lambda: read(instrument, "/deck/1/level") == 1, what="the fader works", patience_s=PATIENCE_S)
        instrument.memory.state["controls"][0, SLOTS["/deck/1/level"]] = 0.5
        print(f"gone after {gone_s:.2f} s, shown {shown_s:.2f} s after it was plugged in")
    instrument.stop()


def hear_pulses(peer: Peer, count: int) -> np.ndarray:
    """Wait for so many pulses of the clock from now on; when they came."""
    before = len(peer.times_s("clock"))
    wait_until(lambda: len(peer.times_s("clock")) >= before + count, what="the clock goes on")
    return np.array(peer.times_s("clock")[before : before + count])


@pytest.mark.slow
def test_the_clock_goes_out_and_comes_in(environment: dict[str, str], start: Start, tmp_path: pathlib.Path) -> None:
    with plugged_in(environment) as peer, plugged_in(environment, "drums") as drums:
        instrument = begin(start, environment, tmp_path)
        ask("set", "/midi/clock", "1", instrument=instrument, environment=environment)
        wait_until(lambda: len(drums.times_s("start")) == 1, what="Start comes with the next loop")
        for machine in attempts("a clock"):
            with machine.watched():
                pulses = hear_pulses(drums, FOUR_BARS)
            spacing_s, origin_s = np.polyfit(np.arange(FOUR_BARS), pulses, 1)
            jitter_ms = 1000 * float(np.std(pulses - origin_s - spacing_s * np.arange(FOUR_BARS)))
            status = json.loads(ask("midi", "--json", instrument=instrument, environment=environment))
            print(f"heard {60 / spacing_s / 24:.2f} BPM, jitter {jitter_ms:.2f} ms; sent: {status['clock']}")
            if 60 / spacing_s / 24 == pytest.approx(120, abs=0.5):
                break
            machine.require_standstill("pulses lost")  # by JACK, in a cycle that a client missed
        assert len(peer.times_s("start")) == 1
        ask("set", "/midi/clock", "2", instrument=instrument, environment=environment)
        wait_until(lambda: len(drums.times_s("stop")) == 1, what="Stop is sent")

        def error_ms() -> float | None:
            status = json.loads(ask("midi", "--json", instrument=instrument, environment=environment))
            error: float | None = status["clock"].get("error_ms")
            return error

        for machine in attempts("a clock that is followed"):
            with machine.watched():
                drums.send("tempo 132")
                time.sleep(0.2)
                drums.send("start")
                wait_until(lambda: abs(read(instrument, "/tempo") - 132) < 0.8, what="the tempo is followed")
                wait_until(lambda: abs(error_ms() or 1000) < 15, what="beat and bar are followed", patience_s=120)
                print(f"following: {read(instrument, '/tempo'):g} BPM, {error_ms()} ms off")
                drums.send("stop")
                drums.send("tempo 0")
                wait_until(lambda: read(instrument, "/nudge") == 0, what="the nudge ends with the clock")
            if read(instrument, "/tempo") == pytest.approx(132, abs=1):
                break
            machine.require_standstill("pulses lost")
        instrument.stop()
