"""HTTP connections: not too many at once, and each asks for something soon, or it goes."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 128
"""Of one server; a page opens six, and one WebSocket."""
SILENT_S = 5.0
"""A connection that has asked for nothing after this time goes: uvicorn's own limit begins with the first answer."""


class BriefConnection(H11Protocol):
    """A connection that is held open for nothing by nobody; the `http` of a `uvicorn.Config`."""

    silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
            return
        self.silence = self.loop.call_later(SILENT_S, self.leave_if_silent)

    def leave_if_silent(self) -> None:
        """Go if no whole request has come."""
        if getattr(self, "cycle", None) is None:  # uvicorn says that there always is one
            self.transport.abort()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """Become a WebSocket, which may be silent."""
        self.keep()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.keep()
        super().connection_lost(exc)

    def keep(self) -> None:
        """Mind its silence no longer."""
        if self.silence is not None:
            self.silence.cancel()
