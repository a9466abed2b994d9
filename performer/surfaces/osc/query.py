"""OSCQuery: the tree of all addresses over HTTP, and what changes over WebSocket, for programs that read it."""

import asyncio
import collections
import contextlib
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from performer.console import say
from performer.errors import PerformerError
from performer.repertoire import direction_labels
from performer.surfaces.admission import own_addresses
from performer.surfaces.feed import PATHS, read_all
from performer.surfaces.listening import listen
from performer.surfaces.osc.feedback import ClientsError
from performer.surfaces.osc.inbox import Source
from performer.surfaces.osc.packet import MAX_PACKET
from performer.surfaces.osc.server import OscServer
from performer.surfaces.osc.tree import ATTRIBUTES, show
from performer.surfaces.web.server import build_server, is_own_page, read_peer, read_token, serve

NAME = "Loopmorph"
CHANGES = ("PATH_ADDED", "PATH_REMOVED", "PATH_CHANGED")
EXTENSIONS = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE", "LISTEN", *CHANGES)
WATCH_S = 0.25
"""Time between two looks at what directions the decks have."""
MAX_REQUESTS = 64
"""Connections that are answered at once; more are told to come again."""
MAX_WAITING = 64
"""Packets that may wait for a client; while they do, it is told nothing."""


class Socket:
    """The way to a client of the WebSocket."""

    def __init__(self) -> None:
        self.waiting: collections.deque[bytes | str] = collections.deque()
        self.news = asyncio.Event()
        self.is_closed = False

    def send(self, packet: bytes | str) -> bool:
        """Send a packet of OSC, or a text of OSCQuery; False if the client has not taken in what was sent before."""
        if len(self.waiting) >= MAX_WAITING:
            return False
        self.waiting.append(packet)
        self.news.set()
        return True

    def close(self) -> None:
        """End it."""
        self.is_closed = True
        self.news.set()

    async def pass_on(self, websocket: WebSocket) -> None:
        """Pass packets on until it is closed; a client that takes nothing in keeps nobody else waiting."""
        while not self.is_closed:
            await self.news.wait()
            self.news.clear()
            while self.waiting:
                packet = self.waiting.popleft()
                await (websocket.send_text(packet) if isinstance(packet, str) else websocket.send_bytes(packet))
        await websocket.close()


class OscQuery:
    """Shows the tree, and lets clients of the WebSocket listen.

    Parameters
    ----------
    server : OscServer
        What the addresses are of.
    port : int
        TCP port; 0 for any that is free. Once `is_settled` it is the one that it has, or 0 if that was taken.
    """

    def __init__(self, server: OscServer, *, port: int) -> None:
        self.server = server
        self.port = port
        self.is_settled = asyncio.Event()
        self.hub = server.hub
        self.sockets: dict[Socket, dict[str, str]] = {}
        """The ways to clients, and what directions each was told of."""
        self.app = Starlette(
            routes=[WebSocketRoute("/{path:path}", self.converse), Route("/{path:path}", self.answer)],
        )

    async def play(self) -> None:
        """Serve for ever.

        Raises
        ------
        PerformerError
            If the port is taken.
        """
        try:
            listening = listen(self.hub.admission.host, self.port, what="OSCQuery", option="--oscquery-port")
            host, self.port = listening.getsockname()
        except PerformerError:
            self.port = 0
            raise
        finally:
            self.is_settled.set()
        web = build_server(
            self.app, ws_max_size=MAX_PACKET, limit_concurrency=MAX_REQUESTS, timeout_graceful_shutdown=1
        )
        there = next(iter(own_addresses()), host) if self.hub.admission.is_tablet else host
        say(f"OSCQuery: http://{there}:{self.port}/")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watch())
            tasks.create_task(serve(web, listening))

    async def watch(self) -> None:
        """Tell clients of the WebSocket which directions come and go when a deck changes its model."""
        added, removed, changed = CHANGES
        while True:
            await asyncio.sleep(WATCH_S)
            labels = self.labels()
            for client, told in self.sockets.items():
                for path in [path for path, label in labels.items() if label != told[path]]:
                    change = removed if not labels[path] else changed if told[path] else added
                    if client.send(json.dumps({"COMMAND": change, "DATA": path})):
                        told[path] = labels[path]

    def labels(self) -> dict[str, str]:
        """Tell what directions are called on the models that the decks play now; nothing of those that do nothing."""
        return direction_labels(self.hub.conductor.repertoires, self.hub.memory.state["controls"][0])

    async def answer(self, request: Request) -> Response:
        """Answer with the attributes of an address, or with the one that the query names."""
        if not self.is_admitted(request):
            return PlainTextResponse("Loopmorph does not know this device or page.", status_code=403)
        attribute = next((name for name in request.url.query.split("&") if not name.startswith("token=")), "")
        if attribute == "HOST_INFO":
            return JSONResponse(self.host_info(request))
        node = show(request.scope["path"].rstrip("/") or "/", read_all(self.hub.memory), labels=self.labels())
        if node is None:
            return PlainTextResponse("Loopmorph has no such address; all of them are at /", status_code=404)
        if not attribute:
            return JSONResponse(node)
        if attribute not in ATTRIBUTES:
            return PlainTextResponse(f"{', '.join(sorted(ATTRIBUTES))} can be asked", status_code=400)
        return JSONResponse({attribute: node[attribute]}) if attribute in node else Response(status_code=204)

    def host_info(self, connection: HTTPConnection) -> dict[str, Any]:
        """Tell where OSC is heard, and what is supported."""
        host, port = connection.scope["server"]
        return {
            "NAME": NAME,
            "EXTENSIONS": dict.fromkeys(EXTENSIONS, True),
            "OSC_IP": host,
            "OSC_PORT": self.server.port,
            "OSC_TRANSPORT": "UDP",
            "WS_IP": host,
            "WS_PORT": port,
        }

    def is_admitted(self, connection: HTTPConnection) -> bool:
        """Whether a client may ask: no page of another site, and a device that was let in or brings the token."""
        admission, peer, token = self.hub.admission, read_peer(connection), read_token(connection)
        if not is_own_page(connection, admission):
            return False
        if token is not None and admission.is_tablet and admission.allows_token("", token):
            admission.admit(peer)
        return self.server.lets_in(peer)

    async def converse(self, websocket: WebSocket) -> None:
        """Obey one client of the WebSocket until it leaves."""
        client = websocket.client
        source: Source = (client.host if client else "", client.port if client else 0, "WebSocket")
        link = Socket()
        if not self.is_admitted(websocket) or not self.server.enter(source, link):
            await websocket.close(code=1008)
            return
        passing = None
        try:
            await websocket.accept()
            self.server.newsroom.subscribe(source, link, paths=(), lasts=True)
            self.sockets[link] = self.labels()
            passing = asyncio.create_task(link.pass_on(websocket))
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if message.get("bytes") is not None:
                    self.server.take([(message["bytes"], source)])
                else:
                    self.obey(message.get("text") or "", source)
                await asyncio.sleep(0)  # a client that floods does not keep the others waiting
        except ClientsError as error:
            self.server.refuse(f"OSCQuery from {source[0]} refused: {error}")
            await websocket.close(code=1013)
        finally:
            self.server.leave(source)
            self.sockets.pop(link, None)
            if passing is not None:
                passing.cancel()
                with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, OSError, RuntimeError):
                    await passing

    def obey(self, text: str, source: Source) -> None:
        """Let a client listen to an address, or no longer.

        Parameters
        ----------
        text : str
            JSON: `{"COMMAND": "LISTEN" or "IGNORE", "DATA": address}`; anything else is refused.
        source : tuple
            Which client.
        """
        try:
            wish = json.loads(text)
            command, path = wish["COMMAND"], wish["DATA"]
        except (ValueError, TypeError, KeyError, RecursionError):
            command, path = None, None
        client = self.server.newsroom.clients.get(source)
        if client is None or command not in ("LISTEN", "IGNORE") or path not in PATHS:
            self.server.refuse(
                f"OSCQuery from {source[0]} refused: {text!r:.60}; LISTEN or IGNORE of a value is needed"
            )
        elif command == "LISTEN":
            client.feed.listen(path)
        else:
            client.feed.ignore(path)
