"""What the sound server's monitor gives back, and when: the ear of the measurements."""

import collections
import shutil
import subprocess
import threading
import time

import numpy as np

from performer.errors import PerformerError

RATE = 48_000
CHUNK_FRAMES = 240
"""Samples that are taken from the monitor at once."""
KEPT = 1 << 20
"""Samples that are kept, 21 s."""
CHUNKS_TIMED = 400
"""Newest chunks by which samples are placed in time, 2 s: what was lost before them is forgotten."""
SILENT_S = 2.0
"""A monitor that gives nothing for so long gives nothing."""
CLICKS = 20
"""Clicks that tell the sound server's share."""
CLICK_S = 0.15
"""Time from one to the next."""
CLICK = 0.5
"""Height of a click; what is half as high is one."""


class Capture:
    """Listen to a monitor.

    Parameters
    ----------
    source : str
        Name of the monitor, such as `rig.monitor`.

    Raises
    ------
    PerformerError
        If there is no `parec`.

    Notes
    -----
    The left channel is heard. A thread reads; samples are counted from the first one.
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
        self.kept = np.zeros(KEPT, np.float32)
        self.n = 0
        self.begins_s: collections.deque[float] = collections.deque(maxlen=CHUNKS_TIMED)
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Read until the end."""
        stream = self.process.stdout
        while stream is not None and (data := stream.read(CHUNK_FRAMES * 8)):
            now_s = time.monotonic()
            self.take(np.frombuffer(data[: len(data) // 8 * 8], np.float32).reshape(-1, 2)[:, 0], now_s)

    def take(self, chunk: np.ndarray, now_s: float) -> None:
        """Keep samples that came at a time, float32 `[n]`."""
        with self.lock:
            self.kept[np.arange(self.n, self.n + len(chunk)) % KEPT] = chunk
            self.n += len(chunk)
            self.begins_s.append(now_s - self.n / RATE)

    @property
    def begun_s(self) -> float:
        """When sample 0 came, by the newest samples; the earliest ones have waited least."""
        with self.lock:
            return min(self.begins_s, default=float("inf"))

    def index_at(self, time_s: float) -> int:
        """Sample that is given back at a time, at the earliest."""
        return round((time_s - self.begun_s) * RATE)

    def read(self, first: int, n: int) -> np.ndarray:
        """Wait for samples, and give them.

        Parameters
        ----------
        first, n : int
            Which; no older than `KEPT`.

        Returns
        -------
        np.ndarray [shape=(n,)]
            float32.

        Raises
        ------
        PerformerError
            If the monitor gives nothing.
        """
        had, gave_s = self.n, time.monotonic()
        while self.n < first + n:
            if self.n > had:
                had, gave_s = self.n, time.monotonic()
            if time.monotonic() - gave_s > SILENT_S:
                raise PerformerError("the sound server gives nothing back; a monitor of the sink that plays is needed")
            time.sleep(0.002)
        with self.lock:
            return self.kept[np.arange(first, first + n) % KEPT]

    def newest(self, n: int) -> tuple[int, np.ndarray]:
        """Give the newest samples: the index of the first one, and float32 `[n]`."""
        first = max(self.n - n, 0)
        return first, self.read(first, n)

    def close(self) -> None:
        """Stop listening."""
        self.process.terminate()
        self.process.wait()
        self.thread.join()


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

    Raises
    ------
    PerformerError
        If no click comes back.
    """
    from performer.output.sound_device import PortAudioOutput  # noqa: PLC0415 - PortAudio, only here

    asked: list[float] = []
    wanted = threading.Event()

    def render(block: np.ndarray, _latency_s: float) -> None:
        block[:] = 0
        if wanted.is_set():
            wanted.clear()
            asked.append(time.monotonic())
            block[0] = CLICK

    output = PortAudioOutput(
        device, render=render, underrun=lambda: None, sample_rate=RATE, n_channels=2, latency_ms=latency_ms
    )
    shares = []
    time.sleep(1.0)
    for _ in range(CLICKS):
        first = capture.n
        wanted.set()
        time.sleep(CLICK_S)
        heard = capture.read(first, capture.n - first)
        clicks = np.flatnonzero(np.abs(heard) > CLICK / 2)
        if len(clicks):
            shares.append(((first + int(clicks[0])) / RATE + capture.begun_s - asked[-1]) * 1000)
    output.close()
    if not shares:
        raise PerformerError(f"sound device {device!r} plays, but its monitor hears nothing; see 'pactl list sinks'")
    return shares
