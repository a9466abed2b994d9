"""Feedback: clients hear all values once, then what changes, newest values only, as often as they want.

Nothing is queued for anybody. A client that takes nothing in for a while hears the newest values when it does, and a
client's own values are not sent back to it unless they were changed.
"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from performer.controls import CONTROLS
from performer.memory import Memory
from performer.readouts import READOUTS
from performer.surfaces.feed import PATHS, Feed, Values, read_all
from performer.surfaces.osc.inbox import Source
from performer.surfaces.osc.packet import OscError, bundle, write_message

MAX_CLIENTS = 32
TICK_S = 0.01
"""Least time between two packets to one client."""
INTERVAL_MS = (10, 100)
"""Shortest and longest time between two packets that a client may wish."""
USUAL_INTERVAL_MS = 30
LIFE_S = 60.0
"""A client that is not connected is forgotten unless something came from it in this time."""
TYPES = {row.path: row.types for row in CONTROLS} | {row.path: row.types for row in READOUTS}


class ClientsError(OscError):
    """There are too many clients."""


class Link(Protocol):
    """A way to a client."""

    def send(self, packet: bytes) -> bool:
        """Send a packet; False if there is no room now."""


class Connected(Link, Protocol):
    """A way to a client that stands until one of them ends it."""

    def close(self) -> None:
        """End it."""


@dataclasses.dataclass
class Client:
    """One listener."""

    link: Link
    """The way to it; equal for one destination."""
    feed: Feed
    """What it was told."""
    interval_s: float
    """Time between two packets."""
    lasts: bool
    """Whether it is connected, and heard of when it leaves."""
    heard_s: float
    """Monotonic time at which something last came from it."""
    due_s: float
    """Monotonic time of its next packet."""


def write_values(values: dict[str, Values]) -> Iterable[bytes]:
    """Write values as packets."""
    return bundle(write_message(path, TYPES[path], numbers) for path, numbers in values.items())


class Newsroom:
    """Who listens, and what each of them was told.

    Parameters
    ----------
    memory : Memory
        The values.
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(self, memory: Memory, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self.memory = memory
        self.now_s = now_s
        self.clients: dict[Source, Client] = {}
        self.has_clients = asyncio.Event()

    def subscribe(
        self,
        source: Source,
        link: Link,
        *,
        paths: Sequence[str] = PATHS,
        interval_ms: float = USUAL_INTERVAL_MS,
        lasts: bool = False,
    ) -> None:
        """Let a client listen; it hears all values at once.

        Parameters
        ----------
        source : tuple
            Where its messages come from.
        link : Link
            The way to it; whoever else listened there does so no longer.
        paths : sequence of str
            What it listens to.
        interval_ms : float
            Time between two packets, clipped to `INTERVAL_MS`.
        lasts : bool
            Whether it is connected.

        Raises
        ------
        ClientsError
            If there are too many.
        """
        self.unsubscribe(source)
        self.leave(link)
        if len(self.clients) == MAX_CLIENTS:
            raise ClientsError(f"{MAX_CLIENTS} clients listen, fewer are needed; let one leave with /unsubscribe")
        interval_s = min(max(interval_ms, INTERVAL_MS[0]), INTERVAL_MS[1]) / 1000
        now_s = self.now_s()
        client = Client(link, Feed(paths), interval_s, lasts, heard_s=now_s, due_s=now_s)
        self.clients[source] = client
        self.has_clients.set()
        if paths:
            self.tell_client(client, read_all(self.memory))

    def unsubscribe(self, source: Source) -> None:
        """Let a client listen no longer."""
        self.clients.pop(source, None)

    def leave(self, link: Link) -> None:
        """Let whoever listens at the end of a way do so no longer."""
        for source in [source for source, client in self.clients.items() if client.link == link]:
            del self.clients[source]

    def renew(self, source: Source) -> None:
        """Note that something came from a client."""
        if source in self.clients:
            self.clients[source].heard_s = self.now_s()

    def note(self, source: Source, path: str, values: Values | None) -> None:
        """Note what a client has set: it knows that, unless it is None and something else stands there."""
        client = self.clients.get(source)
        if client is not None and path in client.feed.told:
            client.feed.told[path] = values

    def tell(self) -> None:
        """Tell the news to every client whose time has come; forget those that were silent for long."""
        now_s = self.now_s()
        gone = [
            source for source, client in self.clients.items() if not client.lasts and now_s > client.heard_s + LIFE_S
        ]
        for source in gone:
            self.unsubscribe(source)
        due = [client for client in self.clients.values() if client.due_s <= now_s + TICK_S / 2]
        if due:
            present = read_all(self.memory)
            for client in due:
                client.due_s = now_s + client.interval_s
                self.tell_client(client, present)

    def tell_client(self, client: Client, present: dict[str, Values]) -> None:
        """Tell one client its news; what finds no room is news the next time too."""
        news = client.feed.news(present)
        for packet in write_values(news):
            if not client.link.send(packet):
                client.feed.told |= dict.fromkeys(news)
                return

    async def run(self) -> None:
        """Tell the news for ever."""
        while True:
            await self.has_clients.wait()
            self.tell()
            if not self.clients:
                self.has_clients.clear()
            await asyncio.sleep(TICK_S)
