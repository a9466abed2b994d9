"""The page: one web server in the control process, and a WebSocket to each page that is open; see `docs/page.md`."""

import asyncio
import contextlib
import json
import pathlib
import zlib

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from performer.actions import Action, find_row
from performer.console import say
from performer.controls import SLOTS
from performer.errors import ControlError
from performer.ports import loudspeaker_port
from performer.surfaces.admission import COOKIE, Admission
from performer.surfaces.hub import Hub
from performer.surfaces.listening import listen
from performer.surfaces.web.news import Fact, Listener, News
from performer.surfaces.web.server import build_server, is_admitted, serve

STATIC = pathlib.Path(__file__).with_name("static")
MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
COOKIE_S = 30 * 24 * 3600
TURN_S = 0.033
"""Time between two readings for all pages."""
MAX_PAGES = 16
LEARN = "/midi/learn"
NUDGE = "/nudge"
"""A control that is held, and goes back when it is let go."""
MAX_UNHEARD = 6
"""Messages that a page may be behind before it is told nothing more: what it hears then is the newest."""
MAX_MESSAGE_BYTES = 1 << 16
PING_S = 5.0
"""A page that has not answered a ping for so long is given up."""


class Page:
    """What the web server answers.

    Parameters
    ----------
    hub : Hub
        Where the surfaces meet.
    folder : pathlib.Path
        Of the running instrument.
    http_port : int
        Where the page is.
    """

    def __init__(self, hub: Hub, folder: pathlib.Path, *, http_port: int) -> None:
        self.hub = hub
        self.news = News(hub, folder)
        self.http_port = http_port
        self.files = {path.name: path for path in STATIC.iterdir() if path.suffix in MEDIA_TYPES}
        self.hello = self.greet()
        self.n_pages = 0
        self.learner: Listener | None = None
        """The page that was the last to ask for the knob that moves next."""
        self.turned = asyncio.Event()
        self.app = Starlette(
            routes=[Route("/", self.answer), Route("/{name}", self.answer), WebSocketRoute("/live", self.converse)]
        )

    def greet(self) -> dict[str, Fact]:
        """Write what a page is told first, with a version of all that it is made of."""
        hello = self.news.hello()
        made_of = [json.dumps(hello).encode(), *(path.read_bytes() for _, path in sorted(self.files.items()))]
        return {"hello": {**hello, "version": zlib.crc32(b"".join(made_of))}}

    async def run(self) -> None:
        """Draw what sounds, also for pages that are opened later, and read for those that are open."""
        while True:
            self.news.draw()
            await asyncio.sleep(TURN_S / 2)
            self.news.draw()
            if self.n_pages:
                self.news.refresh()
            turned, self.turned = self.turned, asyncio.Event()
            turned.set()
            await asyncio.sleep(TURN_S / 2)

    async def answer(self, request: Request) -> Response:
        """Answer with a file of the page; the first one lets a device in that brings the token."""
        if not is_admitted(request, self.hub.admission):
            return PlainTextResponse(explain(self.hub.admission), status_code=403)
        path = self.files.get(request.path_params.get("name", "index.html"))
        if path is None:
            return PlainTextResponse("Loopmorph has no such file; the page is at /", status_code=404)
        response = Response(path.read_bytes(), media_type=MEDIA_TYPES[path.suffix], headers=self.headers(request))
        if "token" in request.query_params and self.hub.admission.is_tablet:
            self.admit(request)
            response.set_cookie(
                COOKIE, self.hub.admission.token, max_age=COOKIE_S, httponly=True, samesite="strict", path="/"
            )
        return response

    def headers(self, request: Request) -> dict[str, str]:
        """Say what the page may reach: this server, and the sound beside it."""
        name = request.url.hostname
        sockets = " ".join(f"ws://{name}:{port}" for port in (request.url.port, loudspeaker_port(self.http_port)))
        return {
            "Content-Security-Policy": f"default-src 'self'; connect-src 'self' {sockets}; img-src 'self' data:; "
            "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            "Cache-Control": "no-cache",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def admit(self, connection: HTTPConnection) -> None:
        """Let the OSC of a device play, too."""
        if connection.client is not None:
            self.hub.admission.admit(connection.client.host)

    async def converse(self, websocket: WebSocket) -> None:
        """Tell one page what is new, and do what it says, until it leaves."""
        if not is_admitted(websocket, self.hub.admission):
            await websocket.close(code=1008)
            return
        if self.n_pages >= MAX_PAGES:
            await websocket.accept()
            await websocket.close(code=1013, reason=f"{MAX_PAGES} pages are open already: close one of them")
            return
        self.admit(websocket)
        self.n_pages += 1
        try:
            await websocket.accept()
            await self.serve(websocket)
        finally:
            self.n_pages -= 1

    async def serve(self, websocket: WebSocket) -> None:
        """Tell and hear a page that was let in."""
        listener = Listener(self.news)
        telling = asyncio.create_task(self.tell(websocket, listener))
        try:
            while True:
                self.obey(await websocket.receive_text(), listener)
                await asyncio.sleep(0)  # a page that floods does not keep the others waiting
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # the page left, or sent something that is no text
        finally:
            self.let_go(listener)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    def let_go(self, listener: Listener) -> None:
        """Let go of what the hand of a page that left has held: nobody lifts that finger any more."""
        nudge = find_row(NUDGE)
        if listener.nudge and self.hub.memory.state["controls"][0, SLOTS[NUDGE].start] == listener.nudge:
            self.hub.apply(nudge, (0.0,), counter="page_messages")
        if self.learner is listener:
            self.learner = None
            self.hub.apply(find_row(LEARN), (0.0,), counter="page_messages")

    async def tell(self, websocket: WebSocket, listener: Listener) -> None:
        """Tell one page what is new, whenever it has heard what it was told before."""
        with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError):
            await websocket.send_json(self.hello)
            while True:
                await self.turned.wait()
                if listener.n_told - listener.n_heard >= MAX_UNHEARD:
                    continue
                news = listener.compose()
                if news:
                    await websocket.send_json(news)
                pictures = listener.compose_pictures()
                if pictures:
                    await websocket.send_bytes(pictures)

    def obey(self, text: str, listener: Listener) -> None:
        """Do what a page says; what cannot be done is counted, and said to that page.

        Parameters
        ----------
        text : str
            JSON: `{"set": {path: [values]}}`, `{"do": path, "values": [values]}`, `{"allow": address}` or
            `{"heard": number}`; anything else is refused.
        listener : Listener
            Whose page it is.
        """
        try:
            wish = json.loads(text)
            if not isinstance(wish, dict):
                raise ControlError(f"the page said {text!r:.60}, an object is needed; load it again")
            self.fulfil(wish, listener)
        except ControlError as error:
            self.refuse(str(error), listener)
        except (ValueError, OverflowError, RecursionError):
            self.refuse(f"the page said {text!r:.60}, JSON is needed; load it again", listener)

    def fulfil(self, wish: dict[str, object], listener: Listener) -> None:
        """Do what a message of a page asks for; raises `ControlError` where that cannot be."""
        moved, path, heard, address = (wish.get(key) for key in ("set", "do", "heard", "allow"))
        if isinstance(moved, dict):
            for name, values in moved.items():
                self.set_one(name, values, listener)
        elif isinstance(path, str):
            row = find_row(path)
            accepted = row.accept(as_list(wish.get("values", []), path))
            self.hub.apply(row, accepted, counter="page_messages")
            if path == LEARN:
                self.learner = listener if accepted[0] else None
        elif type(heard) is int:
            listener.n_heard = min(heard, listener.n_told)
        elif isinstance(address, str) and address in self.hub.admission.asking:
            self.hub.admission.admit(address)
        else:
            raise ControlError(f"the page said {wish!r:.60}, set, do, allow or heard is needed; load it again")

    def set_one(self, path: str, values: object, listener: Listener) -> None:
        """Move one control; a refused one does not keep the others of its message from moving."""
        try:
            row = find_row(path)
            if isinstance(row, Action):
                raise ControlError(f"{path} is an action, which is done and not set; send it as do")
            accepted = row.accept(as_list(values, path))
            self.hub.apply(row, accepted, counter="page_messages")
            if path == NUDGE:
                listener.nudge = float(accepted[0])
        except ControlError as error:
            self.refuse(str(error), listener)

    def refuse(self, reason: str, listener: Listener) -> None:
        """Count what cannot be done, and say it to the page that asked."""
        self.hub.memory.count("page_refused")
        listener.refusals.append(reason)


def as_list(values: object, path: str) -> list[object]:
    """Take the values of a message, which must be a list."""
    if not isinstance(values, list):
        raise ControlError(f"{path} got {values!r:.60}, a list of values is needed; send one")
    return values


def explain(admission: Admission) -> str:
    """Say why a request was turned away."""
    if not admission.is_tablet:
        return "Loopmorph answers this machine only; start it with --tablet to play it from another device."
    return "Loopmorph does not know this device; open the address, or the QR code, that it printed when it started."


async def play_page(hub: Hub, folder: pathlib.Path, *, http_port: int) -> None:
    """Serve the page until the instrument stops.

    Parameters
    ----------
    hub : Hub
        Where the surfaces meet.
    folder : pathlib.Path
        Of the running instrument.
    http_port : int
        TCP port, on loopback or, with `--tablet`, on the local network.

    Raises
    ------
    PerformerError
        If the port is taken.
    """
    listening = listen(hub.admission.host, http_port, what="the page")
    port = int(listening.getsockname()[1])
    page = Page(hub, folder, http_port=port)
    server = build_server(page.app, ws_max_size=MAX_MESSAGE_BYTES, ws_ping_interval=PING_S, ws_ping_timeout=PING_S)
    say(f"page: http://localhost:{port}/")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(page.run())
        tasks.create_task(serve(server, listening))
