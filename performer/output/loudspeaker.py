"""The browser as loudspeaker: PCM over a WebSocket, for machines without a sound card.

The page itself comes from the control process; its sound comes from here, and plays on when that process is gone.
"""

import asyncio
import socket
import threading
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from performer.output.outputs import N_CHANNELS, PacedOutput
from performer.ports import loudspeaker_port
from performer.surfaces.admission import COOKIE, Admission
from performer.surfaces.connections import BriefConnection
from performer.surfaces.listening import listen

BLOCK_SIZE = 2048
QUEUE_BLOCKS = 24
"""About a second: a listener that is further behind misses the oldest blocks."""


class BrowserOutput(PacedOutput):
    """Serve the sound to the page.

    Parameters
    ----------
    http_port : int
        Where the page is; the sound is on the port after it.
    admission : Admission, optional
        Who may listen; this machine alone if not given.
    **paced
        As of `PacedOutput`.

    Raises
    ------
    PerformerError
        If the port is taken.
    """

    def __init__(self, http_port: int, *, admission: Admission | None = None, **paced: Any) -> None:
        super().__init__(**paced, block_size=BLOCK_SIZE)
        self.admission = admission or Admission()
        self.http_port = http_port
        self.listeners: set[asyncio.Queue[bytes]] = set()
        self.loop: asyncio.AbstractEventLoop | None = None
        listening = listen(self.admission.host, loudspeaker_port(http_port), what="the browser as loudspeaker")
        self.port = int(listening.getsockname()[1])
        self.description = f"open http://localhost:{http_port}/ and press Play"
        app = Starlette(routes=[WebSocketRoute("/audio", self.stream)])
        config = uvicorn.Config(app, log_level="critical", lifespan="off", http=BriefConnection, ws="websockets-sansio")
        self.server = uvicorn.Server(config)
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

    async def stream(self, websocket: WebSocket) -> None:
        """Send blocks to one listener until it leaves."""
        if not self.is_admitted(websocket):
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

    def is_admitted(self, connection: HTTPConnection) -> bool:
        """Whether a request comes from the instrument's page, on a device that may play."""
        host, origin = connection.headers.get("host", ""), connection.headers.get("origin")
        name = host.rpartition(":")[0] or host
        peer = connection.client.host if connection.client else ""
        token = connection.cookies.get(COOKIE)
        page = f"{name}:{self.http_port}"
        return self.admission.allows_page(page, origin) and self.admission.allows_token(peer, token)

    def close(self) -> None:
        """Stop asking and serving."""
        super().close()
        self.server.should_exit = True
        self.server.force_exit = True
        self.server_thread.join(timeout=2)
