"""OSC over TCP: SLIP as OSC 1.1 says, or a length before each packet as OSC 1.0 says; the client's first byte tells."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterable
from typing import Protocol, cast

from performer.surfaces.osc.packet import MAX_PACKET, OscError

CHUNK = 16_384
"""Bytes that are taken off a connection in one go."""
MAX_UNSENT = 65_536
"""Bytes that may wait for a client; while they do, it is told nothing."""
SILENT_S = 20
"""A connection whose other end does not answer for so long is closed."""
END, ESCAPE = b"\xc0", b"\xdb"
ESCAPED_END, ESCAPED_ESCAPE = b"\xdb\xdc", b"\xdb\xdd"


class Framing(Protocol):
    """Where packets begin and end in a stream."""

    def read(self, data: bytes) -> list[bytes]:
        """Take in what has come; return the packets that are complete."""

    def write(self, packet: bytes) -> bytes:
        """Frame a packet."""


class Slip:
    """Packets between bytes `END`.

    References
    ----------
    RFC 1055, with an `END` before each packet as well, as OSC 1.1 says.
    """

    def __init__(self) -> None:
        self.rest = b""

    def read(self, data: bytes) -> list[bytes]:
        """Take in what has come; return the packets that are complete.

        Raises
        ------
        OscError
            If a packet has no end.
        """
        *frames, self.rest = (self.rest + data).split(END)
        if len(self.rest) > 2 * MAX_PACKET:
            raise OscError(f"packet of more than {MAX_PACKET} bytes without an end; send SLIP")
        return [frame.replace(ESCAPED_END, END).replace(ESCAPED_ESCAPE, ESCAPE) for frame in frames if frame]

    def write(self, packet: bytes) -> bytes:
        """Frame a packet."""
        return END + packet.replace(ESCAPE, ESCAPED_ESCAPE).replace(END, ESCAPED_END) + END


class Counted:
    """Packets after their lengths, four bytes each."""

    def __init__(self) -> None:
        self.rest = b""

    def read(self, data: bytes) -> list[bytes]:
        """Take in what has come; return the packets that are complete.

        Raises
        ------
        OscError
            If a length cannot be one.
        """
        stream = self.rest + data
        packets = []
        at = 0
        while at + 4 <= len(stream):
            (size,) = struct.unpack_from(">i", stream, at)
            if not 0 < size <= MAX_PACKET:
                raise OscError(f"packet of {size} bytes, 4 to {MAX_PACKET} are needed; send a length or SLIP")
            if at + 4 + size > len(stream):
                break
            packets.append(stream[at + 4 : at + 4 + size])
            at += 4 + size
        self.rest = stream[at:]
        return packets

    def write(self, packet: bytes) -> bytes:
        """Frame a packet."""
        return struct.pack(">i", len(packet)) + packet


FIRST_BYTES = b"\x00\xc0/#"
"""What a stream of OSC begins with. A browser's request begins with a letter: a page elsewhere, which may send one to
any port of this machine, must not play the instrument with what stands in its body."""


def guess_framing(first: int) -> Framing:
    """Tell by its first byte how a stream is framed: no length that is allowed begins with anything but 0.

    Raises
    ------
    OscError
        If no stream of OSC begins so.
    """
    if first not in FIRST_BYTES:
        raise OscError(f"it begins with {bytes([first])!r}, SLIP or the length of a packet is needed; send OSC")
    return Counted() if first == 0 else Slip()


class Connections(Protocol):
    """What connections belong to."""

    def enter(self, source: tuple, link: "Connection") -> bool:
        """Whether a new connection may stay."""

    def leave(self, source: tuple) -> None:
        """Forget a connection that ended."""

    def take(self, packets: Iterable[tuple[bytes, tuple]]) -> None:
        """Obey packets."""

    def refuse(self, reason: str) -> None:
        """Count and say what was refused."""


class Connection(asyncio.BufferedProtocol):
    """One client's connection.

    Parameters
    ----------
    owner : Connections
        What it belongs to.
    """

    def __init__(self, owner: Connections) -> None:
        self.owner = owner
        self.buffer = bytearray(CHUNK)
        self.framing: Framing | None = None
        self.transport: asyncio.Transport | None = None
        self.source: tuple = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless it may not stay."""
        self.transport = cast(asyncio.Transport, transport)
        self.source = (*transport.get_extra_info("peername")[:2], "TCP")
        notice_silence(transport.get_extra_info("socket"))
        if not self.owner.enter(self.source, self):
            transport.close()

    def get_buffer(self, _sizehint: int) -> bytearray:
        """Give the place for what comes."""
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Obey what has come; close if it cannot be read, for no later packet could be."""
        data = bytes(self.buffer[:nbytes])
        try:
            self.framing = self.framing or guess_framing(data[0])
            packets = self.framing.read(data)
        except OscError as error:
            self.owner.refuse(f"OSC from {self.source[0]} over TCP refused: {error}")
            self.close()
            return
        self.owner.take([(packet, self.source) for packet in packets])

    def send(self, packet: bytes) -> bool:
        """Send a packet; False if the client has not taken in what was sent before."""
        if self.transport is None or self.transport.is_closing():
            return False
        if self.transport.get_write_buffer_size() > MAX_UNSENT:
            return False
        self.transport.write((self.framing or Slip()).write(packet))
        return True

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget it."""
        self.owner.leave(self.source)

    def close(self) -> None:
        """End it, whatever was not sent yet."""
        if self.transport is not None:
            self.transport.abort()


def notice_silence(connected: socket.socket) -> None:
    """Let the system close a connection whose other end is gone without a word."""
    options = {
        "SO_KEEPALIVE": 1,
        "TCP_KEEPIDLE": SILENT_S // 2,
        "TCP_KEEPINTVL": 5,
        "TCP_USER_TIMEOUT": SILENT_S * 1000,
    }
    for name, value in options.items():
        level = socket.SOL_SOCKET if name.startswith("SO_") else socket.IPPROTO_TCP
        with contextlib.suppress(AttributeError, OSError):  # not every system has each of them
            connected.setsockopt(level, getattr(socket, name), value)
    with contextlib.suppress(OSError):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
