"""Where the sound goes: a PortAudio device, a file, or nowhere in real time."""

import pathlib
import threading
import time
import wave
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from performer.console import quiet_libraries
from performer.errors import PerformerError

N_CHANNELS = 2
BLOCK_SIZE = 256
"""Samples a block, 5.3 ms at 48 kHz."""
SILENT_DEVICE_S = 3.0
"""A device that asks for nothing this long is lost. (An idle PulseAudio null sink may take 2 s to wake.)"""
BEHIND_S = 1.0
"""A paced output that is later than this gives up catching up."""

Render = Callable[[np.ndarray], None]
"""Fills a float32 block `[block_size, n_channels]`."""


class Output(Protocol):
    """Something that asks for blocks in real time."""

    description: str
    """What it is, for the performer."""

    def failure(self) -> str | None:
        """Say why it no longer plays, or None while it does."""

    def close(self) -> None:
        """Stop asking."""


class NoDeviceError(PerformerError):
    """There is no sound device at all, or the default one cannot be opened."""


class PortAudioOutput:
    """A sound device.

    Parameters
    ----------
    name : str or None
        Device name or part of it; None for the system's default.
    render : callable
        Fills blocks.
    underrun : callable
        Called when the device reports that a block came too late.
    sample_rate : int
        In hertz.
    latency_ms : float
        Latency asked for; the device may choose another.

    Raises
    ------
    NoDeviceError
        If no name was given and no device can be opened.
    PerformerError
        If the named device does not exist or cannot be opened.
    """

    def __init__(
        self, name: str | None, *, render: Render, underrun: Callable[[], None], sample_rate: int, latency_ms: float
    ) -> None:
        self.finished = False
        self.asked_s = time.monotonic()

        def callback(out: np.ndarray, _frames: int, _time: Any, status: Any) -> None:
            if status.output_underflow:
                underrun()
            render(out)
            self.asked_s = time.monotonic()

        with quiet_libraries():
            sounddevice = import_sounddevice()
            index = find_device(sounddevice, name)
            try:
                self.stream = sounddevice.OutputStream(
                    device=index,
                    samplerate=sample_rate,
                    blocksize=BLOCK_SIZE,
                    channels=N_CHANNELS,
                    dtype="float32",
                    latency=latency_ms / 1000,
                    callback=callback,
                    finished_callback=self.finish,
                )
                self.stream.start()
            except sounddevice.PortAudioError as error:
                chosen = sounddevice.query_devices(index)["name"]
                kind = NoDeviceError if name is None else PerformerError
                raise kind(
                    f"sound device {chosen!r} cannot play {N_CHANNELS} channels at {sample_rate} Hz ({error.args[0]}); "
                    "free it or choose another with --device; see 'loopmorph devices'"
                ) from error
        chosen = sounddevice.query_devices(index)["name"]
        self.description = f"{chosen}, {sample_rate} Hz, latency {self.stream.latency * 1000:.0f} ms"

    def finish(self) -> None:
        """Note that the stream ended; PortAudio calls this."""
        self.finished = True

    def failure(self) -> str | None:
        """Say why the device no longer plays, or None while it does."""
        if self.finished:
            return "the sound device went away"
        silent_s = time.monotonic() - self.asked_s
        return f"the sound device has asked for nothing for {silent_s:.0f} s" if silent_s > SILENT_DEVICE_S else None

    def close(self) -> None:
        """Stop the stream."""
        self.stream.close()


def import_sounddevice() -> Any:
    """Import sounddevice, which starts PortAudio.

    Raises
    ------
    NoDeviceError
        If the PortAudio library is not installed.
    """
    try:
        import sounddevice  # noqa: PLC0415 - starting PortAudio takes time and may fail
    except OSError as error:
        raise NoDeviceError(
            f"PortAudio cannot be loaded ({error}); needed to reach a sound device; install it "
            "(Debian, Ubuntu: sudo apt install libportaudio2)"
        ) from error
    return sounddevice


def list_devices() -> list[dict[str, Any]]:
    """List the sound devices that can play.

    Returns
    -------
    list of dict
        `name`, `api`, `channels`, `sample_rate`, `latency_ms` and `default` of each.

    Raises
    ------
    NoDeviceError
        If the PortAudio library is not installed.
    """
    with quiet_libraries():
        sounddevice = import_sounddevice()
        default = sounddevice.default.device[1]
        return [
            {
                "name": device["name"],
                "api": sounddevice.query_hostapis(device["hostapi"])["name"],
                "channels": device["max_output_channels"],
                "sample_rate": round(device["default_samplerate"]),
                "latency_ms": round(device["default_low_output_latency"] * 1000, 1),
                "default": device["index"] == default,
            }
            for device in sounddevice.query_devices()
            if device["max_output_channels"] > 0
        ]


def find_device(sounddevice: Any, name: str | None) -> int:
    """Find an output device by its name or a part of it that no other has.

    Raises
    ------
    NoDeviceError
        If no name was given and there is no default device.
    PerformerError
        If no device, or more than one, has that name.
    """
    devices = [device for device in sounddevice.query_devices() if device["max_output_channels"] > 0]
    if name is None:
        index = sounddevice.default.device[1]
        if index < 0:
            raise NoDeviceError("this machine has no sound device")
        return int(index)
    matches = [device for device in devices if device["name"] == name] or [
        device for device in devices if name.lower() in device["name"].lower()
    ]
    if len(matches) != 1:
        names = ", ".join(repr(device["name"]) for device in matches or devices) or "no device"
        got = "fits several" if matches else "is not there"
        raise PerformerError(
            f"sound device {name!r} {got}: found {names}; the name of one of them is needed; see 'loopmorph devices', "
            "or use --device browser, file:OUT.wav or null"
        )
    return int(matches[0]["index"])


class PacedOutput:
    """Something without a clock of its own, asked for blocks at the pace of the system's clock.

    Parameters
    ----------
    render : callable
        Fills blocks.
    underrun : callable
        Called when the machine was so late that blocks were given up.
    sample_rate : int
        In hertz.
    block_size : int
        Samples a block.
    """

    description = "null, in real time"

    def __init__(
        self, *, render: Render, underrun: Callable[[], None], sample_rate: int, block_size: int = BLOCK_SIZE
    ) -> None:
        self.render = render
        self.underrun = underrun
        self.sample_rate = sample_rate
        self.block_size = block_size
        self.closing = threading.Event()
        self.error: str | None = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self) -> "PacedOutput":
        """Begin to ask for blocks."""
        self.thread.start()
        return self

    def run(self) -> None:
        """Ask for a block whenever one is due."""
        block = np.zeros((self.block_size, N_CHANNELS), np.float32)
        due_s = time.monotonic()
        while not self.closing.wait(max(due_s - time.monotonic(), 0)):
            self.render(block)
            try:
                self.write(block)
            except (OSError, wave.Error, ValueError) as error:
                self.error = f"{self.description}: {error}"
                return
            due_s += self.block_size / self.sample_rate
            if time.monotonic() - due_s > BEHIND_S:
                due_s = time.monotonic()
                self.underrun()

    def write(self, block: np.ndarray) -> None:
        """Take a block; here it is dropped."""

    def failure(self) -> str | None:
        """Say why nothing is taken any more, or None while it is."""
        return self.error

    def close(self) -> None:
        """Stop asking."""
        self.closing.set()
        self.thread.join()


class FileOutput(PacedOutput):
    """A 24-bit WAV file, whole after every block whatever happens next.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes; never overwritten.
    **paced
        As of `PacedOutput`.

    Raises
    ------
    PerformerError
        If the file exists or cannot be written.
    """

    def __init__(self, path: pathlib.Path, **paced: Any) -> None:
        super().__init__(**paced, block_size=4096)
        self.description = f"file {path}"
        try:
            path.touch(exist_ok=False)
            self.file = wave.open(str(path), "wb")  # noqa: SIM115 - open as long as the set lasts
        except FileExistsError as error:
            raise PerformerError(
                f"--device file:{path}: the file exists, a new one is needed; choose another name or move it away"
            ) from error
        except OSError as error:
            raise PerformerError(
                f"--device file:{path}: {error.strerror}; a file in a writable folder is needed; choose another path"
            ) from error
        self.file.setnchannels(N_CHANNELS)
        self.file.setsampwidth(3)
        self.file.setframerate(self.sample_rate)

    def write(self, block: np.ndarray) -> None:
        """Append a block and bring the header up to date."""
        self.file.writeframes(pcm24(block))

    def close(self) -> None:
        """Stop asking and close the file."""
        super().close()
        self.file.close()


def pcm24(block: np.ndarray) -> bytes:
    """Write samples as 24-bit little-endian PCM.

    Parameters
    ----------
    block : np.ndarray [shape=(block_size, n_channels)]
        float32 in [-1, 1]; clipped.

    Returns
    -------
    bytes
        Three bytes a sample, interleaved.
    """
    whole = np.round(np.clip(block, -1, 1).astype(np.float64) * (2**23 - 1)).astype("<i4")
    return np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def unused_path(path: pathlib.Path) -> pathlib.Path:
    """Add the first number to a file's name that makes it new: `set.wav`, `set-2.wav`, `set-3.wav` ..."""
    number = 2
    candidate = path
    while candidate.exists():
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate
