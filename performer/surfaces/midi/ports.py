"""The ports that are open: all that fit, opened when they appear and closed when they go."""

import dataclasses
import re
import threading
from collections.abc import Callable
from typing import Any

from performer.surfaces.midi.driver import Driver, OutputPort, Port

LOOK_S = 0.25
"""Time between two looks at what is plugged in."""
LOOPS_BACK = "midi through"
"""A port of Linux that gives back what it is sent."""
DIRECTIONS = re.compile(r"rtmidi(in|out)|\b(capture|playback|input|output|in|out)\b")
NUMBERS = re.compile(r"\s+\d+:\d+$|\s*\[\d+\]")

Hear = Callable[[str, Any], None]


def plain_name(port: str) -> str:
    """Name a port without the numbers that change from one plugging in to the next."""
    return NUMBERS.sub("", port).strip()


def device_of(port: str) -> str:
    """Name what a port belongs to: the same for what it sends and what it hears."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", DIRECTIONS.sub(" ", port.lower().replace("_", " "))).split())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """What a look at the ports has found."""

    came: tuple[str, ...] = ()
    """Inputs that were opened."""
    went: tuple[str, ...] = ()
    """Inputs that are gone."""
    busy: tuple[str, ...] = ()
    """Ports that cannot be opened, and could until now, or are new."""


class Ports:
    """All MIDI ports of a system whose names fit.

    Parameters
    ----------
    driver : Driver
        Lists and opens them.
    wanted : str or None
        Part of the names of those to open; None for all.
    hear : callable
        Called with an input's name and each message, on a thread of the driver.

    Notes
    -----
    `look` may take a tenth of a second and is called on a thread, never twice at once. What it changes are whole
    entries of the dictionaries, which others may read meanwhile.
    """

    def __init__(self, driver: Driver, wanted: str | None, hear: Hear) -> None:
        self.driver = driver
        self.wanted = wanted
        self.hear = hear
        self.inputs: dict[str, Port] = {}
        self.outputs: dict[str, OutputPort] = {}
        self.busy: set[str] = set()
        self.lock = threading.Lock()
        self.is_closed = False

    def fits(self, name: str) -> bool:
        """Whether a port is to be opened."""
        return self.wanted is None or self.wanted.lower() in name.lower()

    def look(self) -> Change:
        """Open what has come and close what has gone."""
        with self.lock:
            return Change() if self.is_closed else self.follow(*self.driver.list_ports())

    def follow(self, heard: list[str], told: list[str]) -> Change:
        """Open what is new in lists of ports that can be heard and sent to, and close what is not there any more."""
        heard = [name for name in heard if self.fits(name)]
        told = [name for name in told if self.fits(name) and LOOPS_BACK not in name.lower()]
        gone = {
            device_of(name)
            for ports, there in ((self.inputs, heard), (self.outputs, told))
            for name in ports
            if name not in there
        }  # all of a device's ports: those that are there may be new ones of the same name
        went = tuple(name for name in self.inputs if device_of(name) in gone)
        for name in went:
            self.inputs.pop(name).close()
        for name in [name for name in self.outputs if device_of(name) in gone]:
            self.outputs.pop(name).close()
        was_busy, self.busy = self.busy & {*heard, *told}, set()
        for name in told:  # first, so that what comes can be shown something
            if name not in self.outputs:
                self.open(name, self.outputs, lambda name: self.driver.open_output(name))
        came = tuple(name for name in heard if name not in self.inputs and self.open_input(name))
        return Change(came=came, went=went, busy=tuple(sorted(self.busy - was_busy)))

    def open_input(self, name: str) -> bool:
        """Open an input; False if it cannot be had."""
        return self.open(
            name, self.inputs, lambda name: self.driver.open_input(name, lambda message: self.hear(name, message))
        )

    def open(self, name: str, ports: dict[str, Any], make: Callable[[str], Any]) -> bool:
        """Open a port; False if it cannot be had."""
        try:
            ports[name] = make(name)
        except (OSError, ValueError):  # rtmidi's errors, also that the port has just gone
            self.busy.add(name)
            return False
        return True

    def output_of(self, name: str) -> OutputPort | None:
        """Find the port that leads back to what an input belongs to."""
        same = [output for output in list(self.outputs) if device_of(output) == device_of(name)]
        exact = [output for output in same if output == name]
        return self.outputs.get((exact or same)[0]) if same else None

    def close(self) -> None:
        """Close all, for good."""
        with self.lock:
            self.is_closed = True
            for port in (*self.inputs.values(), *self.outputs.values()):
                port.close()
            self.inputs.clear()
            self.outputs.clear()
