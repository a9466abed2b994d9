"""From hand to sound: how long a move of a control takes until it is heard, measured on the real path.

An OSC packet goes out, and the first sample that differs is found in what the sound server's monitor gives back. The
decks play loops that repeat to the sample, so what would have been heard without the move is known.
"""

import dataclasses
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from performer.controls import N_DECKS
from performer.errors import PerformerError
from performer.memory import Memory
from performer.settings import DeckSettings
from performer.surfaces.osc import build_packet

RATE = 48_000
CHUNK_FRAMES = 240
"""Samples that are taken from the monitor at once."""
LOUD_DB = -40.0
"""A sample differs if it is off by more than this, against the level of the loop."""
MARGIN_DB = 6.0
"""Or by so much more than moving without moving makes it differ, if that is more."""
PATIENCE_S = 2.0
"""A move that is not heard for so long is missed."""
REST_S = 60.0
"""How long the decks may take to come to rest."""
JITTER_HZ = 50.0
"""Moves a second of a hand that does not stop moving."""
JITTER = 1e-7
"""How far it moves, in sigma: enough to be drawn, too little to be heard."""
SEEDS = (9, 6)
"""Two loops of `drums` that never fall silent, with the density below."""
DENSITY = 3.0
LEVEL = 0.5
"""Fader of each deck."""
CLICKS = 20
"""Clicks that tell the sound server's share."""


class Capture:
    """What the sound server's monitor gives back, and when.

    Parameters
    ----------
    source : str
        Name of the monitor, such as `rig.monitor`.

    Raises
    ------
    PerformerError
        If there is no `parec`.
    """

    def __init__(self, source: str) -> None:
        if shutil.which("parec") is None:
            raise PerformerError(
                "parec is not installed, it is needed to hear what a PulseAudio or PipeWire server plays; install it "
                "(Debian, Ubuntu: sudo apt install pulseaudio-utils)"
            )
        command = ["parec", "-d", source, "--raw", "--format=float32le", "--channels=2", f"--rate={RATE}",
                   "--latency-msec=5"]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.chunks: list[np.ndarray] = []
        self.n = 0
        self.begun_s = float("inf")
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Read until the end."""
        stream = self.process.stdout
        while stream is not None and (data := stream.read(CHUNK_FRAMES * 8)):
            now_s = time.monotonic()
            chunk = np.frombuffer(data[: len(data) // 8 * 8], np.float32).reshape(-1, 2)[:, 0]
            with self.lock:
                self.chunks.append(chunk)
                self.n += len(chunk)
                self.begun_s = min(self.begun_s, now_s - self.n / RATE)

    def index_at(self, time_s: float) -> int:
        """Sample that is given back at a time, at the earliest."""
        return round((time_s - self.begun_s) * RATE)

    def wait_for(self, index: int) -> None:
        """Wait until so many samples were given back."""
        until_s = time.monotonic() + PATIENCE_S + max(index - self.n, 0) / RATE
        while self.n < index:
            if time.monotonic() > until_s:
                raise PerformerError("the sound server gives nothing back; a monitor of the sink that plays is needed")
            time.sleep(0.005)

    def read(self, first: int, n: int) -> np.ndarray:
        """Wait for samples of the left channel, and give them, float32 `[n]`."""
        self.wait_for(first + n)
        with self.lock:
            self.chunks = [np.concatenate(self.chunks)]
            return self.chunks[0][first : first + n]

    def close(self) -> None:
        """Stop listening."""
        self.process.terminate()
        self.process.wait()
        self.thread.join()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way of moving."""

    name: str
    """What is measured."""
    moving: int
    """Decks whose hands do not stop moving."""
    path: str
    """The control whose move is listened for."""
    values: tuple[float, float]
    """Between which two values it goes to and fro."""


SCENARIOS = (
    Scenario(name="latent control, one deck moving", moving=1, path="/deck/1/seed", values=SEEDS),
    Scenario(name="latent control, four decks moving", moving=4, path="/deck/1/seed", values=SEEDS),
    Scenario(name="mixer control", moving=0, path="/deck/1/level", values=(LEVEL, 0.7)),
)


def default_monitor() -> str:
    """Name of the monitor of the sound server's default sink.

    Raises
    ------
    PerformerError
        If there is no PulseAudio or PipeWire server.
    """
    try:
        asked = subprocess.run(["pactl", "get-default-sink"], capture_output=True, text=True, check=True, timeout=5)
    except (OSError, subprocess.SubprocessError) as error:
        raise PerformerError(
            "no PulseAudio or PipeWire server answers, one is needed to hear what is played; start it, or measure on a "
            "machine that has one"
        ) from error
    return f"{asked.stdout.strip()}.monitor"


def sink_share_ms(capture: Capture, *, device: str, latency_ms: float) -> list[float]:
    """Measure what the sound server and its monitor take: from the device's callback to the monitor.

    Parameters
    ----------
    capture : Capture
        Of that server.
    device : str
        The PortAudio device.
    latency_ms : float
        Latency asked of it.

    Returns
    -------
    list of float
        Milliseconds of each of `CLICKS` clicks.
    """
    from performer.output.sound_device import PortAudioOutput  # noqa: PLC0415 - PortAudio, only here

    asked: list[float] = []
    wanted = threading.Event()

    def render(block: np.ndarray, _latency_s: float) -> None:
        block[:] = 0
        if wanted.is_set():
            wanted.clear()
            asked.append(time.monotonic())
            block[0] = 0.5

    output = PortAudioOutput(
        device, render=render, underrun=lambda: None, sample_rate=RATE, n_channels=2, latency_ms=latency_ms
    )
    shares = []
    time.sleep(1.0)
    for _ in range(CLICKS):
        first = capture.n
        wanted.set()
        time.sleep(0.35)
        heard = capture.read(first, capture.n - first)
        clicks = np.flatnonzero(np.abs(heard) > 0.25)
        if len(clicks):
            shares.append(((first + int(clicks[0])) / RATE + capture.begun_s - asked[-1]) * 1000)
    output.close()
    if not shares:
        raise PerformerError(f"sound device {device!r} plays, but its monitor hears nothing; see 'pactl list sinks'")
    return shares


class Hand:
    """Moves controls of a running instrument by OSC, from a thread.

    Parameters
    ----------
    port : int
        Its OSC port.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.moving = 0
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def set(self, path: str, *values: float) -> float:
        """Move a control; returns when the packet went out, in monotonic seconds."""
        packet = build_packet(path, values)
        sent_s = time.monotonic()
        self.sending.sendto(packet, ("127.0.0.1", self.port))
        return sent_s

    def run(self) -> None:
        """Keep moving."""
        turn = 0
        while not self.closing.wait(1 / JITTER_HZ):
            turn += 1
            for deck in range(1, self.moving + 1):
                self.set(f"/deck/{deck}/bass", JITTER * (1 + turn % 7))

    def close(self) -> None:
        """Stop moving."""
        self.closing.set()
        self.thread.join()
        self.sending.close()


def measure(
    scenario: Scenario, *, memory: Memory, hand: Hand, capture: Capture, n_moves: int
) -> Iterator[float | None]:
    """Move a control to and fro, and find each move in what is heard.

    Parameters
    ----------
    scenario : Scenario
        Which control, and what moves beside it.
    memory : Memory
        Of the instrument.
    hand : Hand
        Moves it.
    capture : Capture
        Hears it.
    n_moves : int
        How often.

    Yields
    ------
    float or None
        Milliseconds from the packet to the first sample that differs, the sound server's share included; None for a
        move that was not heard.
    """
    turns = []
    for value in scenario.values:
        hand.moving = 0
        hand.set(scenario.path, value)
        wait_for_rest(memory)
        turns.append(hear_turn(capture))
    random = np.random.default_rng(1)
    for move in range(n_moves):
        hand.moving = 0
        wait_for_rest(memory)  # phases close over the loop again, and it is known what will be heard
        hand.moving = scenario.moving
        time.sleep(0.8 + 0.4 * random.random())
        gaps = memory.counters()["underruns"]
        old, still = align(turns[(move + 1) % 2], capture)
        least = max(10 ** (LOUD_DB / 20) * float(np.sqrt(np.mean(old.heard**2))), 10 ** (MARGIN_DB / 20) * still)
        sent_s = hand.set(scenario.path, scenario.values[move % 2])
        first = capture.index_at(sent_s)
        heard = capture.read(first, round(PATIENCE_S / 2 * RATE))
        different = np.flatnonzero(np.abs(heard - old.at(first, len(heard))) > least)
        if memory.counters()["underruns"] == gaps:  # a gap is a difference, too
            yield float(different[0]) / RATE * 1000 if len(different) else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turn:
    """A turn of all loops at rest, as it was heard."""

    heard: np.ndarray
    """float32 `[n]`."""
    first: int
    """Index of its first sample in the capture."""

    def at(self, first: int, n: int) -> np.ndarray:
        """Tell what is heard at other indices, as long as nothing moves."""
        return np.take(self.heard, np.arange(first, first + n) - self.first, mode="wrap")


def hear_turn(capture: Capture) -> Turn:
    """Listen to a turn of the loops, and make sure that it repeats."""
    n = 4 * RATE
    for _ in range(5):
        first = capture.n
        heard = capture.read(first, 2 * n)
        if np.abs(heard[:n] - heard[n:]).max() < 10 ** (LOUD_DB / 20) * np.sqrt(np.mean(heard**2)):
            return Turn(heard=heard[:n], first=first)
    raise PerformerError(
        "the loops do not repeat in what is heard: the sound server resamples or drops samples; a sink of 48 kHz on a "
        "machine that keeps up is needed"
    )


def align(turn: Turn, capture: Capture) -> tuple[Turn, float]:
    """Find where in its turn the sound is, after what gaps there may have been.

    Returns
    -------
    tuple of Turn and float
        The turn, set right, and the largest difference from it that moving without moving makes.
    """
    n = len(turn.heard)
    first = capture.n - RATE // 2
    newest = capture.read(first, RATE // 2)
    likeness = np.fft.irfft(np.fft.rfft(turn.heard) * np.fft.rfft(newest, n).conj(), n)
    right = Turn(heard=turn.heard, first=first - int(likeness.argmax()))
    return right, float(np.abs(right.at(first, len(newest)) - newest).max())


def wait_for_rest(memory: Memory) -> None:
    """Wait until every deck plays the whole loop that its controls ask for."""
    until_s = time.monotonic() + REST_S
    time.sleep(0.2)
    while time.monotonic() < until_s:
        state = memory.state
        wanted = [
            DeckSettings.from_controls(state["controls"][0], deck=deck).to_array() for deck in range(1, N_DECKS + 1)
        ]
        if np.array_equal(state["rendered"][0], wanted) and np.array_equal(state["rested"], state["sounding"]):
            time.sleep(0.2)
            return
        time.sleep(0.05)
    raise PerformerError(f"the decks did not come to rest within {REST_S:g} s; see the lines above")


def report(name: str, moves_ms: list[float | None], sink_ms: list[float]) -> dict[str, Any]:
    """Sum a scenario up.

    Parameters
    ----------
    name : str
        What was measured.
    moves_ms : list of float or None
        From `measure`.
    sink_ms : list of float
        From `sink_share_ms`.

    Returns
    -------
    dict
        `name`, `moves`, `missed`, `p50_ms`, `p95_ms`, `p99_ms` (the sound server's median share subtracted) and
        `sink_ms`, that share.
    """
    share = float(np.median(sink_ms))
    heard = [move - share for move in moves_ms if move is not None]
    percentiles = np.percentile(heard, [50, 95, 99]) if heard else np.full(3, np.nan)
    return {
        "name": name,
        "moves": len(moves_ms),
        "missed": len(moves_ms) - len(heard),
        **{f"p{rank}_ms": round(float(value), 1) for rank, value in zip((50, 95, 99), percentiles, strict=True)},
        "sink_ms": round(share, 1),
    }


def prepare(hand: Hand) -> None:
    """Let four decks sound without a pause."""
    for deck in range(1, N_DECKS + 1):
        hand.set(f"/deck/{deck}/seed", SEEDS[0] if deck == 1 else SEEDS[1])
        hand.set(f"/deck/{deck}/density", DENSITY)
        hand.set(f"/deck/{deck}/level", LEVEL)
