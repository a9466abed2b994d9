"""Connections that say nothing, to a real server; requests of other pages."""

import asyncio
import socket

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from performer.surfaces.web import server as web_server
from performer.surfaces.web.server import build_server


async def answer(_request: object) -> PlainTextResponse:
    return PlainTextResponse("here")


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "SILENT_S", 0.2)
    monkeypatch.setattr(web_server, "MAX_CONNECTIONS", 3)


def serve(scene: object) -> None:
    async def run() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        app = Starlette(routes=[Route("/", answer), WebSocketRoute("/echo", echo)])
        serving = asyncio.create_task(web_server.serve(build_server(app), listening))
        try:
            await asyncio.wait_for(scene(listening.getsockname()[1]), 10)  # type: ignore[operator]
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(run())


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answered = await reader.read()
    writer.close()
    return answered


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET / HT"])
def test_who_asks_for_nothing_has_to_go(said: bytes) -> None:
    async def scene(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        assert await ended(reader)
        assert b"here" in await ask(port)
        writer.close()

    serve(scene)


def test_a_crowd_that_is_silent_goes_and_others_are_answered_then() -> None:
    async def scene(port: int) -> None:
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        assert all(await asyncio.gather(*(ended(reader) for reader, _ in crowd)))
        assert b"here" in await ask(port)
        for _, writer in crowd:
            writer.close()

    serve(scene)


def test_one_stranger_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "MAX_CONNECTIONS", 100)
    monkeypatch.setattr(web_server, "MAX_OF_ONE", 2)
    monkeypatch.setattr(web_server, "SILENT_S", 5.0)
    monkeypatch.setattr(web_server, "is_loopback", lambda host: host != "127.0.0.2")

    async def scene(port: int) -> None:
        crowd = [await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0)) for _ in range(5)]
        gone = await asyncio.gather(
            *(asyncio.wait_for(reader.read(), 1) for reader, _ in crowd), return_exceptions=True
        )
        assert sum(isinstance(each, TimeoutError) for each in gone) == 2  # the others were turned away
        assert b"here" in await ask(port)
        for _, writer in crowd:
            writer.close()

    serve(scene)


def test_a_silent_websocket_stays() -> None:
    async def scene(port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/echo") as websocket:
            await asyncio.sleep(0.6)
            await websocket.send("still here")
            assert await websocket.recv() == "still here"

    serve(scene)
