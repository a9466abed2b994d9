"""OSC packets: a validator in front of python-osc, and a writer.

python-osc never sees a bundle: one of 20 bytes makes its parser loop for ever, and a time tag makes its servers sleep.
Bundles are taken apart here, and python-osc reads single messages of a bounded size.
"""

import functools
import itertools
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence

from pythonosc.osc_message import OscMessage, ParseError

from performer.actions import Values, types_of
from performer.errors import PerformerError

MAX_PACKET = 65_536
MAX_MESSAGE = 2_048
"""Bytes of a message: python-osc reads strings letter by letter."""
MAX_MESSAGES = 1_024
"""Messages of a packet."""
MAX_DEPTH = 4
MAX_DATAGRAM = 1_400
"""Bytes of a packet that is sent: it fits any network's frames."""
MAX_INT = 2**31 - 1
BUFFER_BYTES = 1 << 22
"""Room asked of the system for packets that wait."""
BUNDLE_HEAD = b"#bundle\0"
BUNDLE_START = 16
"""Bytes of a bundle before its first element: head and time tag."""
ANSWER_S = 2.0
"""How long an answer of the instrument is waited for."""
TYPES = frozenset(b",ifhdsbrmtTFNI")
"""Types of arguments that can be read; python-osc would take the bytes of another one for the next argument's."""
LEAST_BYTES = {ord(tag): size for tags, size in (("ifrmsb", 4), ("hdt", 8)) for tag in tags}
"""What an argument of each type takes at least."""
NOW = 1
"""Time tag of what is to be done at once."""


class OscError(PerformerError):
    """A packet or a message that is not OSC, or cannot be obeyed."""


def split_messages(packet: bytes, *, tag: int = NOW, depth: int = 0) -> Iterator[tuple[int, bytes]]:
    """Take a packet apart into its messages.

    Parameters
    ----------
    packet : bytes
        What came over the network.
    tag : int
        Time tag of the bundle around it.
    depth : int
        How many bundles it is inside of.

    Yields
    ------
    tuple of (int, bytes)
        Time tag and message: its address begins with `/`, its length is a multiple of four.

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
        yield tag, packet
        return
    if not packet.startswith(BUNDLE_HEAD) or len(packet) < BUNDLE_START:
        raise OscError(f"packet begins with {packet[:8]!r}, '/' or '#bundle' is needed; send OSC 1.0")
    if depth == MAX_DEPTH:
        raise OscError(f"bundles nested more than {MAX_DEPTH} deep, fewer are needed; send them flat")
    (own_tag,) = struct.unpack_from(">Q", packet, len(BUNDLE_HEAD))
    at = BUNDLE_START
    while at < len(packet):
        (size,) = struct.unpack_from(">i", packet, at)
        at += 4
        if size <= 0 or at + size > len(packet):
            raise OscError(f"bundle element of {size} bytes where {len(packet) - at} are left; send OSC 1.0")
        yield from split_messages(packet[at : at + size], tag=own_tag, depth=depth + 1)
        at += size


def read_packet(packet: bytes) -> list[tuple[int, bytes]]:
    """Take a packet apart as a whole: one that is broken at its end moves nothing.

    Parameters
    ----------
    packet : bytes
        What came over the network; anything at all.

    Returns
    -------
    list of (int, bytes)
        Time tag and message of each.

    Raises
    ------
    OscError
        See `split_messages`; or if there are more than `MAX_MESSAGES`.
    """
    messages = list(itertools.islice(split_messages(packet), MAX_MESSAGES + 1))
    if len(messages) > MAX_MESSAGES:
        raise OscError(f"packet of more than {MAX_MESSAGES} messages, fewer are needed; send several packets")
    return messages


def read_message(data: bytes) -> tuple[str, list[object]]:
    """Read a message's address and arguments.

    Raises
    ------
    OscError
        If it is longer than `MAX_MESSAGE`, or no OSC.
    """
    if len(data) > MAX_MESSAGE:
        raise OscError(f"message of {len(data)} bytes, at most {MAX_MESSAGE} are needed; send fewer arguments")
    try:
        require_arguments(data)
        message = OscMessage(data)
    except (ParseError, UnicodeDecodeError) as error:
        raise OscError(f"message {data[:24]!r} cannot be read ({error}); send OSC 1.0") from error
    return message.address, message.params


def require_arguments(data: bytes) -> None:
    """Raise `ParseError` if a message is too short for its arguments: python-osc would read 0 for the last number."""
    tags_start = padded(data.find(b"\0"))
    tags = data[tags_start:].partition(b"\0")[0]
    if b"[" in tags:
        raise ParseError("it holds an array, which no address takes")
    if not TYPES.issuperset(tags):
        raise ParseError("it holds a type that no address takes")
    if tags and len(data) < tags_start + padded(len(tags)) + sum(LEAST_BYTES.get(tag, 0) for tag in tags):
        raise ParseError("it is too short")


def padded(length: int) -> int:
    """Give the bytes that a string of so many letters takes."""
    return length + 4 - length % 4


def write_string(text: str) -> bytes:
    """Write an OSC string."""
    data = text.encode()
    return data.ljust(padded(len(data)), b"\0")


@functools.cache
def write_head(path: str, types: str) -> bytes:
    """Write what stands before the arguments of a message."""
    return write_string(path) + write_string(f",{types}")


def write_message(path: str, types: str, values: Sequence[float | str]) -> bytes:
    """Write a message.

    Parameters
    ----------
    path : str
        Its address.
    types : str
        `i`, `f` or `s` for each value; whole numbers beyond 32 bits are clipped.
    values : sequence of float or str
        Its arguments.

    Returns
    -------
    bytes
        A packet.
    """
    written = write_head(path, types)
    for kind, value in zip(types, values, strict=True):
        if isinstance(value, str):
            written += write_string(value)
        elif kind == "i":
            written += struct.pack(">i", max(-MAX_INT, min(int(value), MAX_INT)))
        else:
            written += struct.pack(">f", value)
    return written


def bundle(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Put messages into packets that fit a network's frame; one that is alone stays without a bundle."""
    waiting: list[bytes] = []
    size = BUNDLE_START
    for message in messages:
        if waiting and size + 4 + len(message) > MAX_DATAGRAM:
            yield write_bundle(waiting)
            waiting, size = [], BUNDLE_START
        waiting.append(message)
        size += 4 + len(message)
    if waiting:
        yield write_bundle(waiting)


def write_bundle(messages: Sequence[bytes]) -> bytes:
    """Write messages as one packet, to be done at once."""
    if len(messages) == 1:
        return messages[0]
    elements = b"".join(struct.pack(">i", len(message)) + message for message in messages)
    return BUNDLE_HEAD + struct.pack(">Q", NOW) + elements


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


def build_packet(path: str, values: Values) -> bytes:
    """Write one control's or action's values as an OSC packet."""
    types = "".join("s" if isinstance(value, str) else kind for kind, value in zip(types_of(path), values, strict=True))
    return write_message(path, types, values)


def send(path: str, values: Values, *, host: str, port: int) -> None:
    """Send one control's or action's values to a running instrument, and wait until it has obeyed.

    Parameters
    ----------
    path : str
        Its address.
    values : tuple of float or str
        From `Control.accept` or `Action.accept`.
    host, port
        Where the instrument listens.

    Raises
    ------
    PerformerError
        If there is no instrument, or it refuses.
    """
    ask([build_packet(path, values), write_message("/ping", "", ())], host=host, port=port)


def ask_to_admit(address: str, *, port: int) -> None:
    """Ask the instrument that runs on this machine to let another device play.

    Parameters
    ----------
    address : str
        Of the device.
    port : int
        Where the instrument listens.

    Raises
    ------
    PerformerError
        If there is no instrument, or it refuses.
    """
    ask([write_message("/admit", "s", (address,))], host="127.0.0.1", port=port)


def ask(packets: Sequence[bytes], *, host: str, port: int) -> None:
    """Send packets to a running instrument, and wait for its first answer.

    Parameters
    ----------
    packets : sequence of bytes
        What is sent; the last of them at least is answered.
    host, port
        Where the instrument listens.

    Raises
    ------
    PerformerError
        If nothing listens there (as far as UDP can tell, which on this machine it can) or answers, or the answer is
        that something was refused.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect((host, port))
        sending.settimeout(ANSWER_S)
        try:
            for packet in packets:
                sending.send(packet)
            told, arguments = read_message(sending.recv(MAX_PACKET))
        except TimeoutError as error:
            raise PerformerError(
                f"no answer from OSC port {port}; a running instrument is needed; see 'loopmorph perform'"
            ) from error
        except ConnectionRefusedError as error:
            raise PerformerError(
                f"nothing listens on OSC port {port} of {host}; a running instrument is needed; start 'loopmorph "
                "perform' or name its port with --osc-port"
            ) from error
    if told == "/refused":
        raise PerformerError(str(arguments[0] if arguments else told))
