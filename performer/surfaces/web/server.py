"""The web server of page, sound and OSCQuery: who it answers, and how many at once."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from uvicorn.protocols.http.h11_impl import H11Protocol

from performer.surfaces.admission import COOKIE, Admission, is_loopback

MAX_CONNECTIONS = 128
"""Of one server; a page opens six, and one WebSocket."""
MAX_OF_ONE = 48
"""From one address of the network: a stranger's leave room for the performer's tablet."""
SILENT_S = 5.0
"""A connection that has asked for nothing after this time goes: uvicorn's own limit begins with the first answer."""


class BriefConnection(H11Protocol):
    """A connection that is held open for nothing by nobody: it asks for something soon, or it goes."""

    silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin, unless there are too many."""
        super().connection_made(transport)
        host = host_of(self)
        others = sum(host_of(other) == host for other in self.connections)
        if len(self.connections) > MAX_CONNECTIONS or (others > MAX_OF_ONE and not is_loopback(host)):
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


def host_of(connection: Any) -> str:
    """Tell the address at the other end of a connection; nothing if that has gone."""
    return str(connection.client[0]) if connection.client else ""


class QuietServer(uvicorn.Server):
    """A web server that leaves the signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def build_server(app: Starlette, **limits: int | float) -> QuietServer:
    """Make a server that says nothing.

    Parameters
    ----------
    app : Starlette
        What it answers.
    **limits
        As of `uvicorn.Config`.
    """
    return QuietServer(
        uvicorn.Config(
            app, log_level="critical", lifespan="off", http=BriefConnection, ws="websockets-sansio",
            server_header=False, **limits,  # type: ignore[arg-type]
        )
    )  # fmt: skip


async def serve(server: uvicorn.Server, listening: socket.socket) -> None:
    """Serve until it is cancelled, and leave no connection open then.

    Parameters
    ----------
    server : uvicorn.Server
        From `build_server`.
    listening : socket.socket
        From `listening.listen`; closed at the end.
    """
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listening.close()


def read_peer(connection: HTTPConnection) -> str:
    """Read the address that a request comes from."""
    return connection.client.host if connection.client else ""


def read_token(connection: HTTPConnection) -> str | None:
    """Read the token that a request brings, in its address or from the cookie of an earlier one."""
    return connection.query_params.get("token") or connection.cookies.get(COOKIE)


def is_own_page(connection: HTTPConnection, admission: Admission, *, port: int | None = None) -> bool:
    """Whether a request comes from no page, or from the instrument's own.

    Parameters
    ----------
    connection : HTTPConnection
        The request.
    admission : Admission
        Who may play.
    port : int, optional
        Of the page, where it is another than that of this server.

    Notes
    -----
    A browser sends no `Origin` with the requests of pictures and scripts, but tells all the same whether another page
    asks: `Sec-Fetch-Site`. A link on another page may lead here.
    """
    headers = connection.headers
    host = headers.get("host", "")
    asks_from = headers.get("sec-fetch-site", "none")
    if port is None and asks_from not in ("same-origin", "none") and headers.get("sec-fetch-mode") != "navigate":
        return False
    page = host if port is None else f"{host.rpartition(':')[0] or host}:{port}"
    return admission.allows_page(page, headers.get("origin"))


def is_admitted(connection: HTTPConnection, admission: Admission, *, port: int | None = None) -> bool:
    """Whether a request comes from the instrument's page, on a device that may play; see `is_own_page`."""
    return is_own_page(connection, admission, port=port) and admission.allows_token(
        read_peer(connection), read_token(connection)
    )
