"""The hub with nothing around it, and a web server of its own for it."""

import asyncio
import contextlib
import http.client
import json
import pathlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import websockets

from performer.console import Warnings
from performer.memory import Memory
from performer.session.conductor import Conductor
from performer.session.stamp import ModelStamp
from performer.surfaces.admission import Admission
from performer.surfaces.hub import Hub
from performer.surfaces.web.page import play_page

PATIENCE_S = 20.0


def build_hub(memory: Memory, *, admission: Admission | None = None, **clock: Any) -> Hub:
    warnings = Warnings(**clock)
    conductor = Conductor(memory, None, (ModelStamp(name="drums", sha256=""),), warnings=warnings, **clock)
    return Hub(memory, conductor, admission=admission, warnings=warnings, **clock)


def write_options(folder: pathlib.Path, **options: object) -> pathlib.Path:
    (folder / "options.json").write_text(json.dumps({"device": "null", "http_port": 8765, **options}))
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """A page that is served."""

    def __init__(self, hub: Hub, folder: pathlib.Path) -> None:
        self.hub, self.port = hub, free_port()
        self.loop = asyncio.new_event_loop()
        self.serving = self.loop.create_task(play_page(hub, folder, http_port=self.port))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.wait_until(self.answers)

    def run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self.serving)
        self.loop.close()

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.serving.cancel)
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < until_s, "it does not come true"
            time.sleep(0.01)

    def fetch(self, path: str = "/", *, at: str = "127.0.0.1", **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body."""
        connection = http.client.HTTPConnection(at, self.port, timeout=PATIENCE_S)
        connection.putrequest("GET", path, skip_host=True)
        for name, value in {"Host": f"{at}:{self.port}", **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def talk(self, *said: object, until: Callable[[list[Any]], bool], **options: Any) -> list[Any]:
        """Open the page's WebSocket, say things, and hear until a condition holds; JSON is read, bytes are kept."""
        return asyncio.run(self.converse(list(said), until, **options))

    async def converse(
        self, said: list[object], until: Callable[[list[Any]], bool], *, at: str = "127.0.0.1", **options: Any
    ) -> list[Any]:
        heard: list[Any] = []
        async with asyncio.timeout(PATIENCE_S):
            async with websockets.connect(f"ws://{at}:{self.port}/live", max_size=None, **options) as websocket:
                for thing in said:
                    await websocket.send(thing if isinstance(thing, str | bytes) else json.dumps(thing))
                while not until(heard):
                    message = await websocket.recv()
                    heard.append(message if isinstance(message, bytes) else json.loads(message))
                    if isinstance(heard[-1], dict) and "n" in heard[-1]:
                        await websocket.send(json.dumps({"heard": heard[-1]["n"]}))
        return heard


@pytest.fixture
def serve(memory: Memory, tmp_path: pathlib.Path) -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def begin(*, admission: Admission | None = None, **options: object) -> Site:
        sites.append(Site(build_hub(memory, admission=admission), write_options(tmp_path, **options)))
        return sites[-1]

    yield begin
    for site in sites:
        site.close()


@pytest.fixture
def site(serve: Callable[..., Site]) -> Site:
    return serve()


def told(heard: list[Any], key: str) -> list[Any]:
    """All that was told of one thing."""
    return [message[key] for message in heard if isinstance(message, dict) and key in message]
