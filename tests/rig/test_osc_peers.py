"""Real OSC programs play the instrument and hear what it tells; a million broken packets do neither."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shlex
import socket
import string
import struct
import subprocess
import time
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest

from performer.actions import types_of
from performer.controls import SLOTS
from performer.memory import Memory
from performer.surfaces.osc.packet import write_bundle, write_message
from tests.performer.surfaces.osc.osc_stage import BUNDLE, element, read
from tests.rig.conftest import Instrument, Start, free_port, need
from tests.rig.conftest import wait_until as wait
from tests.rig.machine import attempts

DOCS = pathlib.Path(__file__).parents[2] / "docs" / "osc.md"
N_MUTATED = 1_000_000
PORTION = 200
"""Packets between two looks at the queue of the port."""
QUEUED_BYTES = 100_000
"""What may wait in the port, half of the least that systems give it."""
CHECKED = 50_000
"""Packets between two checks that a good message is obeyed."""
GROWTH_KB = 2_000
"""What the control process may take more for the second half of them."""
HANGS = (BUNDLE + struct.pack(">i", -4), BUNDLE + struct.pack(">i", -4) + b"/x\0\0")
"""20 and 24 bytes that hang python-osc's servers for ever."""
SLEEPS = b"#bundle\0" + struct.pack(">II", 2**32 - 1, 0) + element(b"/a\0\0,\0\0\0")
"""28 bytes that make them sleep."""


@pytest.fixture
def instrument(start: Start) -> Instrument:
    """One that plays to no device."""
    instrument = start("--device", "null", environment=dict(os.environ))
    instrument.wait_for("playing")
    return instrument


def value(memory: Memory, path: str) -> float:
    return float(memory.state["controls"][0, SLOTS[path].start])


def oscsend(url: str, *words: object) -> None:
    need("oscsend")
    subprocess.run(["oscsend", *url.split(), *map(str, words)], check=True)


@contextlib.contextmanager
def listening(*command: str, log: pathlib.Path) -> Iterator[None]:
    """A program that prints what it hears."""
    need(command[0])
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            yield
        finally:
            process.terminate()
            process.wait()


@pytest.mark.parametrize("url", ["127.0.0.1 {port}", "osc.tcp://127.0.0.1:{port}/"], ids=["UDP", "TCP"])
def test_oscsend_plays(instrument: Instrument, url: str) -> None:
    url = url.format(port=instrument.osc_port)
    oscsend(url, "/deck/{2,3}/level", "f", 0.5)
    oscsend(url, "/deck/2/seed", "i", 77)
    oscsend(url, "/deck/2/density", "d", 1.5)
    for path, wanted in (
        ("/deck/2/level", 0.5),
        ("/deck/3/level", 0.5),
        ("/deck/2/seed", 77),
        ("/deck/2/density", 1.5),
    ):
        wait(lambda path=path, wanted=wanted: value(instrument.memory, path) == wanted, what=path, patience_s=5)  # type: ignore[misc]
    oscsend(url, "/deck/2/level", "s", "loud")
    wait(lambda: instrument.memory.counters()["osc_refused"] == 1, what="a bad message is refused", patience_s=5)


def test_oscdump_hears_all_values_then_what_changes(instrument: Instrument, tmp_path: pathlib.Path) -> None:
    log, url = tmp_path / "oscdump.log", f"127.0.0.1 {instrument.osc_port}"
    port = free_port(socket.SOCK_DGRAM)
    with listening("oscdump", "-L", str(port), log=log):
        oscsend(url, "/subscribe", "iis", port, 20, "/deck/*/{level,meter,playhead}")
        wait(lambda: "/deck/4/level f 0.0" in log.read_text(), what="oscdump hears the present", patience_s=5)
        oscsend(url, "/deck/3/level", "f", 0.25)
        wait(lambda: "/deck/3/level f 0.250000" in log.read_text(), what="oscdump hears a change", patience_s=5)
        wait(lambda: log.read_text().count("/deck/1/playhead f") > 20, what="the playhead is told", patience_s=5)
        oscsend(url, "/get", "si", "/tempo", port)
        wait(lambda: "/tempo f 120.0" in log.read_text(), what="oscdump hears what was asked", patience_s=5)
        oscsend(url, "/unsubscribe", "i", port)
        time.sleep(0.2)
        rest = log.read_text()
        time.sleep(0.3)
        assert log.read_text() == rest
    assert "/deck/1/undo" not in rest


def test_pure_data_plays_a_deck_and_answers_to_what_it_hears(instrument: Instrument, tmp_path: pathlib.Path) -> None:
    patch, log = tmp_path / "front_end.pd", tmp_path / "pd.log"
    text = pathlib.Path(__file__).with_name("front_end.pd").read_text()
    patch.write_text(string.Template(text).substitute(PORT=instrument.osc_port, HEAR=free_port(socket.SOCK_DGRAM)))
    memory = instrument.memory
    with listening("pd", "-nogui", "-noaudio", "-nomidi", "-stderr", str(patch), log=log):
        wait(lambda: value(memory, "/deck/2/level") == np.float32(0.6), what="Pd plays deck 2", patience_s=10)
        wait(lambda: "heard: 0\n" in log.read_text(), what="Pd hears the present", patience_s=10)
        for level in (0.25, 0.5, 0.75):
            oscsend(f"127.0.0.1 {instrument.osc_port}", "/deck/3/level", "f", level)
            wait(lambda level=level: value(memory, "/deck/4/level") == level, what="Pd answers", patience_s=5)  # type: ignore[misc]
    heard = [float(number) for number in re.findall(r"heard: (.*)", log.read_text())]
    assert heard == [0, 0.25, 0.5, 0.75]
    assert memory.counters()["osc_refused"] == 0


def test_the_examples_of_the_page_are_obeyed(instrument: Instrument) -> None:
    need("oscsend")
    blocks = re.findall(r"^```\n(.*?)^```", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    commands = [line.split("#")[0] for block in blocks for line in block.splitlines() if line.startswith("oscsend")]
    assert len(commands) > 5
    for command in commands:
        subprocess.run(shlex.split(command.replace("9000", str(instrument.osc_port))), check=True)
    time.sleep(0.5)
    assert instrument.memory.counters()["osc_refused"] == 0, instrument.log.read_text()
    with urllib.request.urlopen(f"http://127.0.0.1:{instrument.osc_port + 1}/deck/1/level?VALUE", timeout=5) as answer:
        assert set(json.load(answer)) == {"VALUE"}


def good_packets() -> list[bytes]:
    """What the mutations are made of: messages, bundles, patterns, requests."""
    paths = ("/deck/1/level", "/deck/2/morph", "/deck/3/seed", "/deck/4/density", "/deck/2/undo", "/tap", "/crossfader")
    singles = [write_message(path, types_of(path), (1.0,) * len(types_of(path))) for path in paths]
    later = b"#bundle\0" + struct.pack(">Q", int((time.time() + 2_208_988_800) * 2**32))
    return [
        *singles,
        write_bundle(singles[:3]),
        write_bundle([write_bundle(singles[3:5]), singles[0]]),
        later + element(singles[0]) + element(singles[1]),
        write_message("/deck/*/level", "f", (0.5,)),
        write_message("/deck/[1-3]/{low,mid}", "f", (0.5,)),
        write_message("/subscribe", "iis", (7, 10, "/deck/*/level")),
        write_message("/get", "s", ("/deck/1/*",)),
        write_message("/ping", "", ()),
    ]


def mutations(n: int, *, seed: int) -> Iterator[bytes]:
    """Give good packets with some bytes changed; some cut, some joined; and those that harm python-osc."""
    rng = np.random.default_rng(seed)
    bases = good_packets()
    named = (*HANGS, SLEEPS)
    for _ in range(n // 10_000):
        kinds = rng.integers(0, len(bases), 10_000)
        n_changed = rng.integers(1, 5, 10_000)
        where, what = rng.random((10_000, 4)), rng.integers(0, 256, (10_000, 4), dtype=np.uint8)
        fate = rng.random(10_000)
        for at in range(10_000):
            packet = bytearray(bases[kinds[at]])
            for change in range(n_changed[at]):
                packet[int(where[at, change] * len(packet))] = what[at, change]
            if fate[at] < 0.15:
                del packet[int(where[at, 3] * len(packet)) :]
            elif fate[at] < 0.3:
                packet += bases[kinds[at - 1]]
            yield named[at % len(named)] if at % 1000 == 0 else bytes(packet)


class Port:
    """What the system tells of a UDP port."""

    def __init__(self, port: int) -> None:
        self.ending = f":{port:04X}"

    def read(self) -> tuple[int, int]:
        """Bytes that wait, and packets that found no room so far."""
        for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]:
            words = line.split()
            if words[1].endswith(self.ending):
                return int(words[4].split(":")[1], 16), int(words[-1])
        raise AssertionError("nobody listens")


def resident_kb(process: int) -> int:
    """Memory of its own: clips of the shared memory that it looks at count as resident, too."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"RssAnon:\s*(\d+)", status)[0])


def check_obeyed(instrument: Instrument, sending: socket.socket, wanted: float) -> float:
    """Send a good message; the seconds until it is obeyed."""
    sending.send(write_message("/master/level", "f", (wanted,)))
    return wait(lambda: value(instrument.memory, "/master/level") == wanted, what="obeyed", patience_s=5)


@dataclasses.dataclass
class Flood:
    """How a flood went."""

    slowest_s: float
    """Longest time until a good message among it was obeyed."""
    resident_kb: list[int]
    """Memory of the control process meanwhile."""
    dropped: int
    """Packets that found no room in the port."""
    took_s: float


def flood(instrument: Instrument, *, seed: int) -> Flood:
    """Send a million mutated packets as fast as they are taken in."""
    port, control = Port(instrument.osc_port), instrument.child("control")
    slowest_s, resident = 0.0, []
    start_s = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect(("127.0.0.1", instrument.osc_port))
        for number, packet in enumerate(mutations(N_MUTATED, seed=seed)):
            sending.send(packet)
            if number % PORTION == 0:
                while port.read()[0] > QUEUED_BYTES:
                    time.sleep(0.001)
            if number % CHECKED == 0:
                wait(lambda: port.read()[0] == 0, what="all is taken in", patience_s=5)
                wanted = (number // CHECKED % 2 + 1) / 4
                slowest_s = max(slowest_s, check_obeyed(instrument, sending, wanted))
                resident.append(resident_kb(control))
        wait(lambda: port.read()[0] == 0, what="all is taken in", patience_s=5)
        check_obeyed(instrument, sending, 0.625)
    took_s = time.monotonic() - start_s
    return Flood(slowest_s=slowest_s, resident_kb=resident, dropped=port.read()[1], took_s=took_s)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_million_mutated_packets_are_neither_heard_nor_remembered(
    instrument: Instrument, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = instrument.memory
    for seed, machine in enumerate(attempts("that nothing is heard")):
        underruns = memory.counters()["underruns"]
        with machine.watched():
            figures = flood(instrument, seed=seed)
        underruns = memory.counters()["underruns"] - underruns
        counters = memory.counters()
        with capsys.disabled():
            print(f"\n{N_MUTATED} packets: {figures}, {underruns} underruns, {machine}")
        if not underruns:
            break
        machine.require_standstill("an underrun")
    assert figures.dropped == 0
    half = len(figures.resident_kb) // 2
    assert figures.resident_kb[-1] - figures.resident_kb[half] < GROWTH_KB
    assert counters["surface_failures"] == counters["control_restarts"] == counters["audio_restarts"] == 0
    assert counters["osc_refused"] > N_MUTATED / 4
    said = instrument.log.read_text().splitlines()
    assert len(said) < 20 + 2 * figures.took_s
    instrument.stop()


def test_a_restarted_control_process_is_heard_again(instrument: Instrument) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        client.settimeout(20)
        client.sendto(write_message("/subscribe", "iis", (0, 10, "/tempo")), ("127.0.0.1", instrument.osc_port))
        assert read(client.recv(1000)) == [("/tempo", [120.0])]
        oscsend(f"127.0.0.1 {instrument.osc_port}", "/nudge", "f", 1.0)
        wait(lambda: value(instrument.memory, "/nudge") == 1, what="the nudge is held", patience_s=5)
        time.sleep(0.5)  # who listens is kept
        os.kill(instrument.child("control"), 9)
        wait(lambda: instrument.memory.counters()["control_restarts"] == 1, what="it is started again")

        def answers() -> bool:
            client.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                client.sendto(write_message("/ping", "", ()), ("127.0.0.1", instrument.osc_port))
                return any(path == "/pong" for path, _ in read(client.recv(1000)))
            return False

        wait(answers, what="the new one answers", patience_s=20)
        assert value(instrument.memory, "/nudge") == 0  # who held it is not known any more

        def hears_tempo() -> bool:
            client.settimeout(1)
            with contextlib.suppress(TimeoutError):
                return ("/tempo", [121.0]) in read(client.recv(1000))
            return False

        oscsend(f"127.0.0.1 {instrument.osc_port}", "/tempo", "f", 121.0)
        wait(hears_tempo, what="who listened does so still", patience_s=5)
