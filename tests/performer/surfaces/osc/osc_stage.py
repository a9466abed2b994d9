"""What the tests of OSC share: messages as python-osc writes them, a hub without an instrument, a server that plays."""

import asyncio
import contextlib
import pathlib
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from pythonosc.osc_message_builder import OscMessageBuilder

from performer.console import Warnings
from performer.controls import SLOTS
from performer.memory import Memory
from performer.session.conductor import Conductor
from performer.session.stamp import ModelStamp
from performer.surfaces.admission import Admission
from performer.surfaces.hub import Hub
from performer.surfaces.osc.packet import bind, read_message, read_packet
from performer.surfaces.osc.server import OscServer

BUNDLE = b"#bundle\0" + struct.pack(">Q", 1)
PATIENCE_S = 10.0


def message(path: str, *arguments: object) -> bytes:
    builder = OscMessageBuilder(path)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


def element(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


def read(packet: bytes) -> list[tuple[str, list[object]]]:
    """Addresses and arguments of a packet's messages."""
    return [read_message(data) for _, data in read_packet(packet)]


@contextlib.contextmanager
def answering(*, refusal: str = "") -> Iterator[tuple[int, list[tuple[str, list[object]]]]]:
    """Something that refuses all or nothing, and answers `/ping`, as an instrument does; its port and what it hears."""
    heard: list[tuple[str, list[object]]] = []

    def hear() -> None:
        while True:
            packet, peer = instrument.recvfrom(1024)
            if not packet:
                return
            heard.extend(read(packet))
            if heard[-1][0] == "/ping":
                instrument.sendto(message("/pong", "1"), peer)
            elif refusal:
                instrument.sendto(message("/refused", refusal), peer)

    with bind("127.0.0.1", 0) as instrument:
        instrument.settimeout(10)
        thread = threading.Thread(target=hear)
        thread.start()
        try:
            yield instrument.getsockname()[1], heard
        finally:
            instrument.sendto(b"", instrument.getsockname())
            thread.join()


def control(memory: Memory, path: str) -> float:
    return float(memory.state["controls"][0, SLOTS[path].start])


def make_hub(memory: Memory, *, admission: Admission | None = None) -> Hub:
    warnings = Warnings()
    conductor = Conductor(memory, None, (ModelStamp(name="drums", sha256=""),), warnings=warnings)
    return Hub(memory, conductor, admission=admission, warnings=warnings)


@contextlib.asynccontextmanager
async def playing(hub: Hub, *, port: int = 0, kept: pathlib.Path | None = None) -> AsyncIterator[OscServer]:
    """A server on a port of loopback, or a free one."""
    with bind("127.0.0.1", port) as receiving:
        server = OscServer(hub, receiving, kept=kept)
        task = asyncio.create_task(server.play())
        try:
            await asyncio.sleep(0.05)
            yield server
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], *, patience_s: float = PATIENCE_S) -> None:
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.002)


class Client:
    """A UDP client of the server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.connect(("127.0.0.1", port))

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def send(self, path: str, *arguments: object) -> None:
        self.socket.send(message(path, *arguments))

    async def heard(self, *, after_s: float = 0.1) -> list[tuple[str, list[object]]]:
        """All that has come since the last time."""
        await asyncio.sleep(after_s)
        found: list[tuple[str, list[object]]] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found += read(self.socket.recv(65_536))
        return found

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def run(scene: Awaitable[None]) -> None:
    """Play a scene in a loop of its own."""

    async def play() -> None:
        async with asyncio.timeout(60):
            await scene

    asyncio.run(play())
