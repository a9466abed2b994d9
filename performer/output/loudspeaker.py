"""The browser as loudspeaker: PCM over a WebSocket, for machines without a sound card."""

import asyncio
import pathlib
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from performer.errors import PerformerError
from performer.output.outputs import N_CHANNELS, PacedOutput

WEB = pathlib.Path(__file__).parent / "web"
HOST = "127.0.0.1"
BLOCK_SIZE = 2048
QUEUE_BLOCKS = 24
"""About a second: a listener that is further behind misses the oldest blocks."""
LOCAL_NAMES = ("127.0.0.1", "localhost")


class BrowserOutput(PacedOutput):
    """Serve the sound to web pages on this machine.

    Parameters
    ----------
    port : int
        TCP port on loopback.
    **paced
        As of `PacedOutput`.

    Raises
    ------
    PerformerError
        If the port is taken.
    """

    def __init__(self, port: int, **paced: Any) -> None:
        super().__init__(**paced, block_size=BLOCK_SIZE)
        self.listeners: set[asyncio.Queue[bytes]] = set()
        self.loop: asyncio.AbstractEventLoop | None = None
        listening = listen(port)
        self.description = f"open http://{HOST}:{listening.getsockname()[1]}/ and press Play"
        app = Starlette(
            routes=[
                Route("/", self.page),
                Route("/loudspeaker.js", self.page),
                WebSocketRoute("/audio", self.stream),
            ]
        )
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="websockets-sansio"))
        self.server_thread = threading.Thread(target=self.serve, args=(listening,), daemon=True)

    def start(self) -> "BrowserOutput":
        """Begin to serve and to ask for blocks."""
        self.server_thread.start()
        super().start()
        return self

    def serve(self, listening: socket.socket) -> None:
        """Run the web server until it is told to leave."""

        async def answer() -> None:
            self.loop = asyncio.get_running_loop()
            await self.server.serve(sockets=[listening])

        asyncio.run(answer())
        listening.close()

    def write(self, block: np.ndarray) -> None:
        """Hand a block to every listener."""
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.hand_out, block[:, :N_CHANNELS].tobytes())

    def hand_out(self, data: bytes) -> None:
        """Queue a block for every listener, dropping the oldest for those that do not keep up."""
        for queue in self.listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(data)

    async def page(self, request: Request) -> Response:
        """Answer with the page or its script."""
        if not is_local(request):
            return PlainTextResponse("Loopmorph answers this machine only.", status_code=403)
        return FileResponse(WEB / (request.url.path.lstrip("/") or "loudspeaker.html"))

    async def stream(self, websocket: WebSocket) -> None:
        """Send blocks to one listener until it leaves."""
        if not is_local(websocket):
            await websocket.close(code=1008)
            return
        await websocket.accept()
        await websocket.send_json({"sample_rate": self.sample_rate, "channels": N_CHANNELS})
        queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_BLOCKS)
        self.listeners.add(queue)
        try:
            while True:
                await websocket.send_bytes(await queue.get())
        except (WebSocketDisconnect, OSError, RuntimeError):
            return  # the listener left
        finally:
            self.listeners.discard(queue)

    def close(self) -> None:
        """Stop asking and serving."""
        super().close()
        self.server.should_exit = True
        self.server.force_exit = True
        self.server_thread.join(timeout=2)


def listen(port: int) -> socket.socket:
    """Take a TCP port on loopback.

    Raises
    ------
    PerformerError
        If it is taken.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise PerformerError(
            f"HTTP port {port} on {HOST} cannot be taken ({error.strerror}); a free TCP port is needed for the "
            "browser loudspeaker; choose one with --http-port"
        ) from error
    return listening


def is_local(connection: HTTPConnection) -> bool:
    """Whether a request comes from a page of this very server, and not from one elsewhere on the web.

    `Host` must name this machine (no rebound DNS name does), and `Origin`, where there is one, must equal it.
    """
    host = connection.headers.get("host", "")
    origin = connection.headers.get("origin")
    try:
        return urlsplit(f"//{host}").hostname in LOCAL_NAMES and (origin is None or urlsplit(origin).netloc == host)
    except ValueError:  # no address at all
        return False
