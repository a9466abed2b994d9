"""The OSC server: UDP and TCP on one port, one inbox behind both, time tags, and feedback to whoever asked for it.

Everything runs in the loop of the control process and nothing in it waits: a packet is obeyed when the system hands it
over, a flood is taken in portions between which the others get their turn, and what a client does not take is dropped.
"""

import asyncio
import contextlib
import dataclasses
import json
import pathlib
import socket
from collections.abc import Iterable, Sequence

from performer.console import say
from performer.errors import PerformerError
from performer.memory import replace_text
from performer.surfaces.admission import is_loopback
from performer.surfaces.hub import Hub
from performer.surfaces.listening import listen
from performer.surfaces.osc.commands import Commands
from performer.surfaces.osc.feedback import ClientsError, Connected, Link, Newsroom
from performer.surfaces.osc.inbox import Inbox, Source
from performer.surfaces.osc.packet import MAX_PACKET, NOW, OscError, read_packet, write_message
from performer.surfaces.osc.schedule import Arrived, Schedule
from performer.surfaces.osc.stream import Connection
from performer.surfaces.web.address import page_addresses

MAX_DRAIN = 1_000
"""Packets that are taken off the UDP port in one go; what else waits has its turn after the others."""
MAX_DRAIN_BYTES = 65_536
MAX_CONNECTIONS = 32
KEEP_S = 0.25
"""Time between two looks at who listens."""
ASK_AGAIN_S = 30.0
"""The performer is told of an address that asks to play once in this time."""


@dataclasses.dataclass(frozen=True)
class Datagrams:
    """The way to a UDP client."""

    sending: socket.socket
    """The socket that its messages come to."""
    address: tuple[str, int]
    """Its host and port."""

    def send(self, packet: bytes) -> bool:
        """Send a packet; False if the system does not take it now."""
        try:
            self.sending.sendto(packet, self.address)
        except OSError:
            return False
        return True


class OscServer:
    """Obeys OSC, and tells what changes.

    Parameters
    ----------
    hub : Hub
        Where surfaces meet.
    receiving : socket.socket
        From `osc.bind`.
    http_port : int
        Where the page is that lets other devices in.
    kept : pathlib.Path or None
        File that keeps who listens over UDP, for a control process that is started again.
    """

    def __init__(
        self, hub: Hub, receiving: socket.socket, *, http_port: int = 0, kept: pathlib.Path | None = None
    ) -> None:
        self.hub = hub
        self.receiving = receiving
        self.kept = kept
        self.http_port = http_port
        self.links: dict[Source, Connected] = {}
        self.asked_s: dict[str, float] = {}
        self.newsroom = Newsroom(hub.memory, now_s=hub.now_s)
        commands = Commands(hub.memory, hub.admission, newsroom=self.newsroom, switchboard=self)
        self.inbox = Inbox(
            apply=hub.apply,
            refuse=self.refuse,
            answer=self.answer,
            commands=commands.table(),
            heard=self.newsroom.note,
        )
        self.schedule: Schedule | None = None

    @property
    def port(self) -> int:
        """UDP port, and TCP port where that one is free."""
        return int(self.receiving.getsockname()[1])

    async def play(self) -> None:
        """Serve for ever."""
        loop = asyncio.get_running_loop()
        self.schedule = Schedule(self.obey, loop=loop)
        loop.add_reader(self.receiving, self.drain)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.newsroom.run())
                tasks.create_task(self.serve_tcp())
                tasks.create_task(self.keep_listeners())
        finally:
            loop.remove_reader(self.receiving)
            self.schedule.close()
            for link in list(self.links.values()):
                link.close()

    async def keep_listeners(self) -> None:
        """Let those listen on who did before this process was started, and keep who listens now."""
        if self.kept is None:
            return
        with contextlib.suppress(OSError, ValueError, ClientsError):
            for (host, port), (to_host, to_port), interval_ms, paths in json.loads(self.kept.read_text()):
                link = Datagrams(self.receiving, (to_host, to_port))
                self.newsroom.subscribe((host, port), link, paths=paths, interval_ms=interval_ms)
        known = self.list_listeners()
        while True:
            await asyncio.sleep(KEEP_S)
            listeners = self.list_listeners()
            if listeners != known:
                known = listeners
                with contextlib.suppress(OSError):  # the folder goes when the instrument does
                    replace_text(self.kept, json.dumps(listeners))

    def list_listeners(self) -> list[tuple[Source, tuple[str, int], float, list[str]]]:
        """List who listens over UDP: source, address, interval in milliseconds, and paths."""
        return [
            (source, client.link.address, client.interval_s * 1000, list(client.feed.told))
            for source, client in self.newsroom.clients.items()
            if isinstance(client.link, Datagrams)
        ]

    async def serve_tcp(self) -> None:
        """Let clients connect to the same port over TCP, if no other program has it."""
        try:
            listening = listen(self.hub.admission.host, self.port, what="OSC over TCP", option="--osc-port")
        except PerformerError as error:
            say(f"{error}; OSC is heard over UDP alone")
            return
        server = await asyncio.get_running_loop().create_server(lambda: Connection(self), sock=listening)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()

    def drain(self) -> None:
        """Take packets off the UDP port, as many as one portion holds."""
        packets: list[tuple[bytes, Source]] = []
        size = 0
        with contextlib.suppress(BlockingIOError, ConnectionError):  # nothing more has come
            while len(packets) < MAX_DRAIN and size < MAX_DRAIN_BYTES:
                packets.append(self.receiving.recvfrom(MAX_PACKET))
                size += len(packets[-1][0])
        self.take(packets)

    def take(self, packets: Iterable[tuple[bytes, Source]]) -> None:
        """Obey the packets of those who may play: at once, or when their time has come."""
        let_in: dict[str, bool] = {}
        due: list[Arrived] = []
        for packet, source in packets:
            host = source[0]
            if host not in let_in:
                let_in[host] = self.lets_in(host)
            if not let_in[host]:
                self.hub.memory.count("osc_refused")
                continue
            self.newsroom.renew(source)
            due += self.sort_out(packet, source)
        self.obey(due)

    def sort_out(self, packet: bytes, source: Source) -> list[Arrived]:
        """Take a packet apart; return what is due of it, and let the rest wait."""
        due: list[Arrived] = []
        later: list[tuple[int, Arrived]] = []
        try:
            for tag, data in read_packet(packet):
                if tag == NOW or self.schedule is None or self.schedule.is_due(tag):
                    due.append((data, source))
                else:
                    later.append((tag, (data, source)))
            if self.schedule is not None and later:
                self.schedule.add(later)
        except OscError as error:
            self.refuse(f"OSC from {source[0]} refused: {error}")
            return []
        return due

    def obey(self, messages: Sequence[Arrived]) -> None:
        """Obey messages; whatever happens, the next ones are heard."""
        try:
            self.hub.memory.count("osc_passed_over", self.inbox.obey(messages))
        except Exception as error:  # noqa: BLE001 - the outermost live loop: the music goes on
            self.hub.memory.count("surface_failures")
            self.hub.warnings.warn("OSC", f"OSC failed ({error!r}); it is heard on")

    def refuse(self, reason: str) -> None:
        """Count and say what was refused."""
        self.hub.refuse(reason)

    def answer(self, source: Source, reason: str) -> None:
        """Tell a client why what it asked for is not done."""
        self.link(source).send(write_message("/refused", "s", (reason,)))

    def lets_in(self, host: str) -> bool:
        """Whether an address may play; now and then the performer is told of one that asks."""
        admission, now_s = self.hub.admission, self.hub.now_s()
        if admission.allows_osc(host):
            return True
        if host in admission.asking and now_s - self.asked_s.get(host, -ASK_AGAIN_S) >= ASK_AGAIN_S:
            self.asked_s = {asked: at_s for asked, at_s in self.asked_s.items() if asked in admission.asking}
            self.asked_s[host] = now_s
            pages = page_addresses(admission.token, http_port=self.http_port)
            there = f"open {pages[0]} there, or type" if pages else "type"
            say(f"{host} asks to play over OSC: {there} 'loopmorph admit {host}' here")
        return False

    def link(self, source: Source, port: int = 0) -> Link:
        """Give the way back to a source, to another UDP port of its host if one is named.

        Raises
        ------
        OscError
            If that is the instrument itself, which would hear and tell its own values for ever.
        """
        if port == self.port and (is_loopback(source[0]) or self.hub.admission.is_own(source[0])):
            raise OscError(f"port {port} is the instrument's own, another one is needed; name the one you listen on")
        if port:
            return Datagrams(self.receiving, (source[0], port))
        return self.links.get(source) or Datagrams(self.receiving, (source[0], source[1]))

    def is_connected(self, source: Source) -> bool:
        """Whether the source is a connection, which ends when its client leaves."""
        return source in self.links

    def enter(self, source: Source, link: Connected) -> bool:
        """Let a connection in, if its host may play and there are not too many."""
        if not self.lets_in(source[0]):
            self.hub.memory.count("osc_refused")
            return False
        if len(self.links) >= MAX_CONNECTIONS:
            self.refuse(f"OSC from {source[0]} refused: {MAX_CONNECTIONS} connections stand already; let one go")
            return False
        self.links[source] = link
        return True

    def leave(self, source: Source) -> None:
        """Forget a connection that ended."""
        self.links.pop(source, None)
        self.newsroom.unsubscribe(source)
