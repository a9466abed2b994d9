"""The system's MIDI, by rtmidi: which ports there are, and opening them."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Protocol

import mido

from performer.console import quiet_libraries
from performer.errors import PerformerError

CLIENT = "Loopmorph"
"""What other programs see us as; our own ports are not listened to."""

Receive = Callable[[Any], None]


class Port(Protocol):
    """An open port."""

    def close(self) -> None:
        """Close it."""


class OutputPort(Port, Protocol):
    """An open port that can be sent to."""

    def send(self, message: Any) -> None:
        """Send a mido message."""


class Driver(Protocol):
    """Lists and opens ports."""

    def list_ports(self) -> tuple[list[str], list[str]]:
        """Name the ports that can be heard, and those that can be sent to."""

    def open_input(self, name: str, receive: Receive) -> Port:
        """Listen to a port; `receive` is called on the driver's thread. Raises OSError."""

    def open_output(self, name: str) -> OutputPort:
        """Open a port to send to. Raises OSError."""

    def close(self) -> None:
        """Leave the system's MIDI."""


class RtPort:
    """A port of rtmidi.

    Parameters
    ----------
    rt : rtmidi.MidiIn or rtmidi.MidiOut
        A client of its own.
    name : str
        Of the other side.
    label : str
        Of this side.

    Raises
    ------
    OSError
        If there is no such port, or it cannot be had.
    """

    def __init__(self, rt: Any, name: str, *, label: str) -> None:
        self.rt = rt
        self.lock = threading.Lock()  # what is sent to a port that was closed ends the process
        self.is_open = True
        names = rt.get_ports()
        if name not in names:
            rt.delete()
            raise OSError(f"{name!r} is gone")
        rt.open_port(names.index(name), name=label)

    def send(self, message: Any) -> None:
        """Send a mido message; nothing happens once the port is closed."""
        with self.lock:
            if self.is_open:
                self.rt.send_message(message.bytes())

    def close(self) -> None:
        """Close it, and leave the system's MIDI."""
        with self.lock:
            self.is_open = False
            self.rt.close_port()
            self.rt.delete()


class RtDriver:
    """rtmidi, with the interface that `MIDO_BACKEND` names, such as `mido.backends.rtmidi/UNIX_JACK`.

    It keeps one client to look with, so that looking every second leaves nothing behind.

    Raises
    ------
    PerformerError
        If the system has no MIDI that can be reached.
    """

    def __init__(self) -> None:
        with quiet_libraries():
            try:
                import rtmidi  # noqa: PLC0415 - loading the driver may fail

                self.rtmidi = rtmidi
                self.api = getattr(rtmidi, f"API_{mido.backend.api}") if mido.backend.api else rtmidi.API_UNSPECIFIED
                self.inputs = rtmidi.MidiIn(self.api, name=CLIENT)
                self.outputs = rtmidi.MidiOut(self.api, name=CLIENT)
            except Exception as error:  # rtmidi's errors share no base with anything
                raise PerformerError(f"no MIDI: this system has none that can be reached ({error})") from error

    def list_ports(self) -> tuple[list[str], list[str]]:
        """Name the ports that can be heard, and those that can be sent to; our own left out."""
        found = (self.inputs.get_ports(), self.outputs.get_ports())
        heard, told = ([name for name in dict.fromkeys(names) if not name.startswith(CLIENT)] for names in found)
        return heard, told

    def open_input(self, name: str, receive: Receive) -> Port:
        """Listen to a port."""
        port = RtPort(self.rtmidi.MidiIn(self.api, name=CLIENT), name, label="in")

        def hear(event: tuple[list[int], float], _data: object) -> None:
            with contextlib.suppress(ValueError):  # what is no MIDI message is no message
                receive(mido.Message.from_bytes(event[0]))

        port.rt.ignore_types(sysex=True, timing=False, active_sense=True)
        port.rt.set_callback(hear)
        return port

    def open_output(self, name: str) -> OutputPort:
        """Open a port to send to."""
        return RtPort(self.rtmidi.MidiOut(self.api, name=CLIENT), name, label="out")

    def close(self) -> None:
        """Leave the system's MIDI."""
        self.inputs.delete()
        self.outputs.delete()


def list_ports() -> list[str]:
    """List the MIDI ports that can be heard.

    Returns
    -------
    list of str
        Their names.

    Raises
    ------
    PerformerError
        If the system has no MIDI that can be reached.
    """
    driver = RtDriver()
    try:
        return driver.list_ports()[0]
    finally:
        driver.close()
