"""OSC in: a validator in front of python-osc, and a UDP server that nothing stops.

python-osc never sees a bundle: one of 20 bytes makes its parser loop for ever, and a time tag makes its servers sleep.
Bundles are taken apart here, and each message is obeyed when it arrives.
"""

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

from pythonosc.osc_message import OscMessage, ParseError

from performer.actions import ACTIONS_BY_PATH, Action, find_row, types_of
from performer.controls import Control
from performer.errors import ControlError, PerformerError

MAX_PACKET = 65_536
MAX_DEPTH = 4
MAX_DRAIN = 20_000
"""Packets taken off the socket before they are obeyed."""
BUFFER_BYTES = 1 << 22
"""Room asked of the system for packets that wait."""
ACTION_ADDRESSES = {path.encode() for path in ACTIONS_BY_PATH}
BUNDLE_HEAD = b"#bundle\0"
BUNDLE_START = 16
"""Bytes of a bundle before its first element: head and time tag."""

Apply = Callable[[Control | Action, tuple[float, ...]], None]
Refuse = Callable[[str], None]


class OscError(PerformerError):
    """A packet that is not OSC."""


def split_messages(packet: bytes, *, depth: int = 0) -> Iterator[bytes]:
    """Take a packet apart into its messages.

    Parameters
    ----------
    packet : bytes
        What came over the network.
    depth : int
        How many bundles it is inside of.

    Yields
    ------
    bytes
        Each message: its address begins with `/`, its length is a multiple of four.

    Raises
    ------
    OscError
        If a length is wrong, or bundles are nested more than `MAX_DEPTH` deep.

    References
    ----------
    OSC 1.0 specification, "OSC Packets" and "OSC Bundles".
    """
    if not packet or len(packet) % 4:
        raise OscError(f"packet of {len(packet)} bytes, a multiple of 4 is needed; send OSC 1.0")
    if packet.startswith(b"/"):
        yield packet
        return
    if not packet.startswith(BUNDLE_HEAD) or len(packet) < BUNDLE_START:
        raise OscError(f"packet begins with {packet[:8]!r}, '/' or '#bundle' is needed; send OSC 1.0")
    if depth == MAX_DEPTH:
        raise OscError(f"bundles nested more than {MAX_DEPTH} deep, fewer are needed; send them flat")
    at = BUNDLE_START
    while at < len(packet):
        (size,) = struct.unpack_from(">i", packet, at)
        at += 4
        if size <= 0 or at + size > len(packet):
            raise OscError(f"bundle element of {size} bytes where {len(packet) - at} are left; send OSC 1.0")
        yield from split_messages(packet[at : at + size], depth=depth + 1)
        at += size


def obey_packet(packet: bytes, *, apply: Apply, refuse: Refuse) -> int:
    """Apply the messages of a packet, and refuse what cannot be.

    Parameters
    ----------
    packet : bytes
        What came over the network; anything at all.
    apply : callable
        Called with the control or action and its values for each good message; a `ControlError` of its own refuses it.
    refuse : callable
        Called with one line for each bad message, or for the whole packet.

    Returns
    -------
    int
        Messages obeyed.
    """
    obeyed = 0
    try:
        for data in split_messages(packet):
            try:
                message = OscMessage(data)
                row = find_row(message.address)
                apply(row, row.accept(message.params))
                obeyed += 1
            except (ControlError, ParseError, UnicodeDecodeError) as error:
                refuse(str(error))
    except OscError as error:
        refuse(str(error))
    return obeyed


def bind(host: str, port: int) -> socket.socket:
    """Take a UDP port; its socket does not block.

    Raises
    ------
    PerformerError
        If it is taken or may not be taken.
    """
    receiving = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiving.setblocking(False)
    try:
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        receiving.bind((host, port))
    except OSError as error:
        receiving.close()
        raise PerformerError(
            f"OSC port {port} on {host} cannot be taken ({error.strerror}); a free UDP port is needed; end the program "
            "that has it ('loopmorph stop' ends a forgotten Loopmorph) or choose another with --osc-port"
        ) from error
    return receiving


def receive(receiving: socket.socket, *, apply: Apply, refuse: Refuse) -> int:
    """Take all packets that have arrived, and obey the newest of each control's address.

    All is taken off the socket first, so that a burst leaves no backlog and does not push out what follows it. Of
    actions none is passed over.

    Parameters
    ----------
    receiving : socket.socket
        From `bind`, not blocking.
    apply, refuse : callable
        As of `obey_packet`.

    Returns
    -------
    int
        Messages passed over because a newer one moved the same control.
    """
    packets: list[tuple[bytes, Any]] = []
    with contextlib.suppress(BlockingIOError):
        while len(packets) < MAX_DRAIN:
            packets.append(receiving.recvfrom(MAX_PACKET))

    def obey(packet: bytes, host: str) -> int:
        return obey_packet(packet, apply=apply, refuse=lambda reason: refuse(f"OSC from {host} refused: {reason}"))

    def obey_newest() -> int:
        passed_over = 0
        for queue in waiting.values():
            while queue and not obey(*queue.pop()):
                pass  # a refused message does not stand in for the good one before it
            passed_over += len(queue)
        waiting.clear()
        return passed_over

    waiting: dict[bytes, list[tuple[bytes, str]]] = {}
    passed_over = 0
    for packet, sender in packets:
        address = packet.partition(b"\0")[0]
        if packet.startswith(b"/") and address not in ACTION_ADDRESSES:
            waiting.setdefault(address, []).append((packet, sender[0]))
        else:  # a bundle or an action keeps its place
            passed_over += obey_newest()
            obey(packet, sender[0])
    return passed_over + obey_newest()


def build_packet(path: str, values: tuple[float, ...]) -> bytes:
    """Write one control's or action's values as an OSC packet."""
    from pythonosc.osc_message_builder import OscMessageBuilder  # noqa: PLC0415 - only to send

    builder = OscMessageBuilder(path)
    for value, kind in zip(values, types_of(path), strict=True):
        builder.add_arg(int(value) if kind == "i" else value, kind)
    packet: bytes = builder.build().dgram
    return packet


def send(path: str, values: tuple[float, ...], *, host: str, port: int) -> None:
    """Send one control's or action's values to a running instrument.

    Parameters
    ----------
    path : str
        Its address.
    values : tuple of float
        From `Control.accept` or `Action.accept`.
    host, port
        Where the instrument listens.

    Raises
    ------
    PerformerError
        If nothing listens there (as far as UDP can tell, which on this machine it can).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect((host, port))
        sending.settimeout(0.1)
        try:
            sending.send(build_packet(path, values))
            sending.recv(1)  # the kernel's "connection refused" arrives here; an instrument stays silent
        except TimeoutError:
            return
        except ConnectionRefusedError as error:
            raise PerformerError(
                f"nothing listens on OSC port {port} of {host}; a running instrument is needed; start 'loopmorph "
                "perform' or name its port with --osc-port"
            ) from error
