"""The sound device: found by name, played through PortAudio."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from performer.console import quiet_libraries
from performer.errors import PerformerError
from performer.output.outputs import BLOCK_SIZE, Render

MAX_LATENCY_S = 2.0
"""A driver that says more than this says nothing: some report thousands of seconds."""
SILENT_DEVICE_S = 0.8
"""A device that asks for nothing this long is lost."""
WAKING_S = 3.0
"""So long it may take at first: an idle PulseAudio null sink fills its buffer, then asks for nothing for up to 2 s."""


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
    n_channels : int
        Of a block.
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
        self,
        name: str | None,
        *,
        render: Render,
        underrun: Callable[[], None],
        sample_rate: int,
        n_channels: int,
        latency_ms: float,
    ) -> None:
        self.finished = False
        self.opened_s = self.asked_s = time.monotonic()

        def callback(out: np.ndarray, _frames: int, at: Any, status: Any) -> None:
            if status.output_underflow:
                underrun()
            latency_s = at.outputBufferDacTime - at.currentTime
            render(out, latency_s if 0 < latency_s < MAX_LATENCY_S else 0.0)
            self.asked_s = time.monotonic()

        with quiet_libraries():
            sounddevice = import_sounddevice()
            index = find_device(sounddevice, name)
            require_channels(sounddevice.query_devices(index), n_channels)
            try:
                self.stream = sounddevice.OutputStream(
                    device=index,
                    samplerate=sample_rate,
                    blocksize=BLOCK_SIZE,
                    channels=n_channels,
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
                    f"sound device {chosen!r} cannot play {n_channels} channels at {sample_rate} Hz ({error.args[0]}); "
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
        is_awake = self.asked_s - self.opened_s > WAKING_S
        if silent_s > (SILENT_DEVICE_S if is_awake else WAKING_S):
            return f"the sound device has asked for nothing for {silent_s:.1f} s"
        return None

    def close(self) -> None:
        """Stop the stream."""
        self.stream.close()


def require_channels(device: Mapping[str, Any], needed: int) -> None:
    """Check that a device has enough outputs.

    Parameters
    ----------
    device : mapping
        As PortAudio describes it.
    needed : int
        Channels that are to be played.

    Raises
    ------
    PerformerError
        If it has fewer.
    """
    got = device["max_output_channels"]
    if got < needed:
        raise PerformerError(
            f"sound device {device['name']!r} has {got} output channels, {needed} are needed; choose another with "
            "--device, or fewer with --outputs (headphones can have a device of their own: --cue-device NAME)"
        )


def find_rate(name: str | None, *, wanted: int) -> int:
    """Find a sample rate that a device plays.

    Parameters
    ----------
    name : str or None
        As of `PortAudioOutput`.
    wanted : int
        Hertz; chosen if the device plays it.

    Returns
    -------
    int
        Hertz; else the device's own.

    Raises
    ------
    PerformerError
        If there is no such device.
    """
    with quiet_libraries():
        sounddevice = import_sounddevice()
        index = find_device(sounddevice, name)
        own = round(sounddevice.query_devices(index)["default_samplerate"])
        for sample_rate in (wanted, own):
            with contextlib.suppress(sounddevice.PortAudioError):
                sounddevice.check_output_settings(device=index, samplerate=sample_rate)
                return sample_rate
    return wanted  # it is away: opening it will tell


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


def match_devices(devices: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Choose the devices of that name, or else those that have it in theirs."""
    return [device for device in devices if device["name"] == name] or [
        device for device in devices if name.lower() in device["name"].lower()
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
    matches = match_devices(devices, name)
    if len(matches) != 1:
        names = ", ".join(repr(device["name"]) for device in matches or devices) or "no device"
        got = "fits several" if matches else "is not there"
        raise PerformerError(
            f"sound device {name!r} {got}: found {names}; the name of one of them is needed; see 'loopmorph devices', "
            "or use --device browser, file:OUT.wav or null"
        )
    return int(matches[0]["index"])
