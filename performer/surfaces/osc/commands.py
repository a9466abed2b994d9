"""What a client may ask of the OSC server itself: to be told what changes, present values, a sign of life."""

import importlib.metadata
from typing import Protocol

from performer.errors import ControlError
from performer.memory import Memory
from performer.surfaces.admission import Admission, is_address, is_loopback
from performer.surfaces.feed import PATHS, read_all
from performer.surfaces.osc.feedback import USUAL_INTERVAL_MS, Link, Newsroom, write_values
from performer.surfaces.osc.inbox import Command, Source
from performer.surfaces.osc.packet import MAX_INT, write_message
from performer.surfaces.osc.patterns import AddressSpace

VALUES = AddressSpace(PATHS)
MAX_PORT = 65_535


class Switchboard(Protocol):
    """Knows the ways to clients."""

    def link(self, source: Source, port: int = 0) -> Link:
        """Give the way back to a source, to another port of its host if one is named; `OscError` if that is ours."""

    def is_connected(self, source: Source) -> bool:
        """Whether the source is a connection, which ends when its client leaves."""


def take_number(arguments: list[object], default: int, *, name: str, most: int) -> int:
    """Take the first argument, a whole number, off a message's arguments.

    Raises
    ------
    ControlError
        If it is none, or out of range.
    """
    if not arguments:
        return default
    number = arguments.pop(0)
    if not isinstance(number, int | float) or not 0 <= number <= most or number != int(number):
        raise ControlError(f"{name} {number!r}, a whole number from 0 to {most} is needed; send one")
    return int(number)


def take_paths(arguments: list[object]) -> tuple[str, ...]:
    """Take a pattern off a message's arguments, and find the values that it means; all if there is none.

    Raises
    ------
    ControlError
        If it is no text, or means nothing.
    """
    pattern = arguments.pop(0) if arguments else None
    if pattern is None:
        return PATHS
    paths = VALUES.match(pattern) if isinstance(pattern, str) else ()
    if not paths:
        raise ControlError(f"{pattern!r} fits no value; a pattern such as /deck/*/level is needed; see docs/osc.md")
    return paths


class Commands:
    """Obeys what clients ask.

    Parameters
    ----------
    memory : Memory
        The values.
    admission : Admission
        Who may play.
    newsroom : Newsroom
        Who listens.
    switchboard : Switchboard
        The ways to clients.
    """

    def __init__(self, memory: Memory, admission: Admission, *, newsroom: Newsroom, switchboard: Switchboard) -> None:
        self.memory = memory
        self.admission = admission
        self.newsroom = newsroom
        self.switchboard = switchboard

    def table(self) -> dict[bytes, Command]:
        """List them by address."""
        deeds: dict[str, Command] = {
            "/subscribe": self.subscribe,
            "/unsubscribe": self.unsubscribe,
            "/get": self.get,
            "/ping": self.ping,
            "/admit": self.admit,
        }
        return {address.encode(): deed for address, deed in deeds.items()}

    def subscribe(self, arguments: list[object], source: Source) -> int:
        """`/subscribe [port [interval_ms [pattern]]]`: tell all values, then what changes."""
        port = take_number(arguments, 0, name="port", most=MAX_PORT)
        interval_ms = take_number(arguments, USUAL_INTERVAL_MS, name="interval in milliseconds", most=MAX_INT)
        paths = take_paths(arguments)
        link, lasts = self.switchboard.link(source, port), self.switchboard.is_connected(source)
        self.newsroom.subscribe(source, link, paths=paths, interval_ms=interval_ms, lasts=lasts)
        return len(paths)

    def unsubscribe(self, arguments: list[object], source: Source) -> int:
        """`/unsubscribe [port]`: tell nothing any more."""
        port = take_number(arguments, 0, name="port", most=MAX_PORT)
        self.newsroom.leave(self.switchboard.link(source, port))
        if not port:
            self.newsroom.unsubscribe(source)
        return 0

    def get(self, arguments: list[object], source: Source) -> int:
        """`/get PATTERN [port]`: tell present values."""
        paths = take_paths(arguments)
        link = self.switchboard.link(source, take_number(arguments, 0, name="port", most=MAX_PORT))
        present = read_all(self.memory)
        for packet in write_values({path: present[path] for path in paths}):
            link.send(packet)
        return len(paths)

    def ping(self, arguments: list[object], source: Source) -> int:
        """`/ping [port]`: give a sign of life."""
        link = self.switchboard.link(source, take_number(arguments, 0, name="port", most=MAX_PORT))
        link.send(write_message("/pong", "s", (importlib.metadata.version("loopmorph"),)))
        return 0

    def admit(self, arguments: list[object], source: Source) -> int:
        """`/admit ADDRESS`: let another device play; from this machine alone."""
        if not is_loopback(source[0]):
            raise ControlError("/admit is obeyed from this machine alone; type 'loopmorph admit ADDRESS' there")
        if not self.admission.is_tablet:
            raise ControlError(
                "only this machine is listened to; start the instrument with 'loopmorph perform --tablet'"
            )
        if len(arguments) != 1 or not is_address(str(arguments[0])):
            raise ControlError(f"/admit got {arguments!r}; one address such as 192.168.1.7 is needed; send that")
        peer = str(arguments[0])
        self.admission.admit(peer)
        self.switchboard.link(source).send(write_message("/admitted", "s", (peer,)))
        return 0
