"""The browser as loudspeaker: PCM over a WebSocket, for machines without a sound card.

The page itself comes from the control process; its sound comes from here, and plays on when that process is gone.
"""

import asyncio
import socket
import threading
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from performer.output.outputs import N_CHANNELS, PacedOutput
from performer.ports import loudspeaker_port
from performer.surfaces.admission import Admission
from performer.surfaces.listening import listen
from performer.surfaces.web.server import build_server, is_admitted

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
        self.server = build_server(app)
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
        if not is_admitted(websocket, self.admission, port=self.http_port):
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
