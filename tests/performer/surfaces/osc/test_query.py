"""A real HTTP client and a real WebSocket client at the OSCQuery server."""

import asyncio
import contextlib
import dataclasses
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from directions.table import Line
from performer.controls import SLOTS
from performer.errors import PerformerError
from performer.memory import Memory
from performer.repertoire import Repertoire
from performer.surfaces.admission import Admission
from performer.surfaces.feed import PATHS
from performer.surfaces.osc import query as query_module
from performer.surfaces.osc.feedback import MAX_CLIENTS
from performer.surfaces.osc.query import MAX_WAITING, OscQuery, Socket
from performer.surfaces.osc.server import OscServer
from stylegan_audio.latent import MAX_SEED
from tests.performer.surfaces.osc.osc_stage import Client, control, make_hub, message, playing, read, run, until


@contextlib.asynccontextmanager
async def showing(memory: Memory, *, admission: Admission | None = None) -> AsyncIterator[OscQuery]:
    async with playing(make_hub(memory, admission=admission)) as server:
        query = OscQuery(server, port=0)
        task = asyncio.create_task(query.play())
        try:
            await query.is_settled.wait()
            await asyncio.sleep(0.05)
            yield query
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def get(query: OscQuery, target: str, **headers: str) -> tuple[int, Any]:
    """Status and JSON, or text, of an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", query.port)
    lines = {"Host": f"127.0.0.1:{query.port}", "Connection": "close", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    start, _, body = answer.partition(b"\r\n\r\n")
    text = body.decode()
    return int(start.split()[1]), json.loads(text) if b"application/json" in start else text


def dial(query: OscQuery, **options: Any) -> connect:
    return connect(f"ws://127.0.0.1:{query.port}/", proxy=None, **options)


def wish(command: object, data: object) -> str:
    return json.dumps({"COMMAND": command, "DATA": data})


async def next_values(client: ClientConnection) -> list[tuple[str, list[object]]]:
    async with asyncio.timeout(5):
        packet = await client.recv()
    assert isinstance(packet, bytes)
    return read(packet)


@pytest.mark.parametrize(
    ("target", "status", "answer"),
    [
        ("/deck/1/morph?VALUE", 200, {"VALUE": [0.25, 0.5]}),
        ("/deck/1/morph?TYPE", 200, {"TYPE": "ff"}),
        ("/deck/1/seed?RANGE", 200, {"RANGE": [{"MIN": 0, "MAX": MAX_SEED}]}),
        ("/deck/1/density?UNIT", 200, {"UNIT": ["sigma"]}),
        ("/deck/1/density?CLIPMODE", 200, {"CLIPMODE": ["both"]}),
        ("/deck/1/undo?ACCESS", 200, {"ACCESS": 2}),
        ("/deck/1/undo?VALUE", 204, ""),
        ("/deck/1?VALUE", 204, ""),
        ("/deck/1/level?UNIT", 204, ""),
        ("/deck/1/level?NONSENSE", 400, None),
        ("/nowhere", 404, None),
        ("/nowhere?VALUE", 404, None),
        ("/deck/1/?FULL_PATH", 200, {"FULL_PATH": "/deck/1"}),
        ("/deck%2F1/level?FULL_PATH", 200, {"FULL_PATH": "/deck/1/level"}),
    ],
)
def test_an_attribute_is_told(memory: Memory, target: str, status: int, answer: object) -> None:
    memory.state["controls"][0, SLOTS["/deck/1/morph"]] = 0.25, 0.5

    async def scene() -> None:
        async with showing(memory) as query:
            found_status, found = await get(query, target)
            assert found_status == status
            if answer is not None:
                assert found == answer

    run(scene())


def test_the_tree_is_told_from_its_root_and_says_where_osc_is_heard(memory: Memory) -> None:
    async def scene() -> None:
        async with showing(memory) as query:
            status, tree = await get(query, "/")
            assert status == 200
            assert tree["CONTENTS"]["deck"]["CONTENTS"]["4"]["CONTENTS"]["level"]["VALUE"] == [0.0]
            status, info = await get(query, "/?HOST_INFO")
            assert (info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == ("127.0.0.1", query.server.port, "UDP")
            assert (info["WS_IP"], info["WS_PORT"]) == ("127.0.0.1", query.port)
            assert info["NAME"] == "Loopmorph"
            assert info["EXTENSIONS"]["LISTEN"] is True

    run(scene())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
    ],
)
def test_pages_of_other_sites_are_kept_out(memory: Memory, headers: dict[str, str], status: int) -> None:
    async def scene() -> None:
        async with showing(memory) as query:
            assert (await get(query, "/tempo", **headers))[0] == status
            if "Origin" in headers:
                with pytest.raises(InvalidStatus, match="403"):
                    async with dial(query, additional_headers=headers):
                        pass

    run(scene())


def test_another_device_needs_to_be_let_in_or_the_token(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    admission = Admission(is_tablet=True, token="secret", names=frozenset())
    monkeypatch.setattr("performer.surfaces.admission.is_loopback", lambda peer: False)  # this client is a tablet

    async def scene() -> None:
        monkeypatch.setattr(Admission, "host", "127.0.0.1")
        async with showing(memory, admission=admission) as query:
            assert (await get(query, "/tempo"))[0] == 403
            assert (await get(query, "/tempo?token=wrong"))[0] == 403
            assert admission.admitted == set()
            assert await get(query, "/tempo?token=secret&VALUE") == (200, {"VALUE": [120.0]})
            assert admission.admitted == {"127.0.0.1"}
            assert (await get(query, "/tempo"))[0] == 200

    run(scene())


def test_a_client_listens_to_addresses_and_ignores_them_again(memory: Memory) -> None:
    async def scene() -> None:
        async with showing(memory) as query, dial(query) as client:
            with Client(query.server.port) as hand:
                await client.send(wish("LISTEN", "/tempo"))
                assert await next_values(client) == [("/tempo", [120.0])]
                hand.send("/deck/1/level", 0.25)
                hand.send("/tempo", 90.0)
                assert await next_values(client) == [("/tempo", [90.0])]
                await client.send(wish("IGNORE", "/tempo"))
                await client.send(wish("LISTEN", "/deck/1/level"))
                assert await next_values(client) == [("/deck/1/level", [0.25])]
                hand.send("/tempo", 100.0)
                hand.send("/deck/1/level", 0.5)
                assert await next_values(client) == [("/deck/1/level", [0.5])]
        assert query.server.newsroom.clients == {}

    run(scene())


def test_a_client_plays_with_binary_packets_and_may_subscribe_to_all(memory: Memory) -> None:
    async def scene() -> None:
        async with showing(memory) as query, dial(query) as client:
            await client.send(message("/deck/2/level", 0.25))
            await until(lambda: control(memory, "/deck/2/level") == 0.25)
            await client.send(message("/subscribe"))
            told = []
            while len(told) < len(PATHS):
                told += await next_values(client)
            assert {path for path, _ in told} == set(PATHS)
            assert all(listener.lasts for listener in query.server.newsroom.clients.values())

    run(scene())


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "5", "null", "{}", wish("LISTEN", "/nowhere"), wish("LISTEN", ["/tempo"]), wish(1, "/tempo"),
     wish("LISTEN", "/deck/1/undo"), "[" * 50_000],
)  # fmt: skip
def test_what_cannot_be_wished_is_refused_and_the_next_heard(memory: Memory, text: str) -> None:
    async def scene() -> None:
        async with showing(memory) as query, dial(query) as client:
            await client.send(text)
            await client.send(wish("LISTEN", "/tempo"))
            assert await next_values(client) == [("/tempo", [120.0])]
        assert memory.counters()["osc_refused"] == 1

    run(scene())


def test_a_frame_that_is_too_long_ends_its_client_alone(memory: Memory) -> None:
    async def scene() -> None:
        async with showing(memory) as query, dial(query) as other:
            async with dial(query) as client:
                await client.send(bytes(200_000))
                with pytest.raises(ConnectionClosed):
                    await client.recv()
            await other.send(wish("LISTEN", "/tempo"))
            assert await next_values(other) == [("/tempo", [120.0])]

    run(scene())


def test_there_is_room_for_so_many_clients(memory: Memory) -> None:
    async def scene() -> None:
        async with showing(memory) as query, contextlib.AsyncExitStack() as stack:
            for number in range(MAX_CLIENTS):
                query.server.newsroom.subscribe((number,), Socket(), paths=("/tempo",), lasts=True)
            client = await stack.enter_async_context(dial(query))
            with pytest.raises(ConnectionClosed, match="1013"):
                await client.recv()

    run(scene())


def test_clients_are_told_which_directions_come_and_go_with_a_model(memory: Memory) -> None:
    def repertoire(**labels: str) -> Repertoire:
        line = Line(name="", attribute="", levels=(0,), sigma=1.0, vector=np.eye(1, 8, dtype=np.float32)[0], report={})
        return Repertoire(
            directions={control: dataclasses.replace(line, name=label) for control, label in labels.items()}
        )

    async def scene() -> None:
        async with showing(memory) as query, dial(query) as client:
            models = repertoire(density="density", own1="grit"), repertoire(bass="bass", own1="dirt")
            query.hub.conductor.repertoires = models
            told = {}
            await until(lambda: "density" in query.labels().values())
            async with asyncio.timeout(5):
                while len(told) < 8:  # two directions of four decks
                    change = json.loads(await client.recv())
                    told[change["DATA"]] = change["COMMAND"]
            assert set(told.values()) == {"PATH_ADDED"}
            memory.state["controls"][0, SLOTS["/deck/2/model"]] = 1
            changes = []
            async with asyncio.timeout(5):
                while len(changes) < 3:
                    changes.append(json.loads(await client.recv()))
            assert {change["DATA"]: change["COMMAND"] for change in changes} == {
                "/deck/2/density": "PATH_REMOVED",
                "/deck/2/bass": "PATH_ADDED",
                "/deck/2/own1": "PATH_CHANGED",
            }
            assert (await get(query, "/deck/2/own1?DESCRIPTION"))[1]["DESCRIPTION"].startswith("dirt: ")

    run(scene())


def test_a_client_that_has_no_room_is_told_later_which_directions_came(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_module, "MAX_WAITING", 2)
    line = Line(name="x", attribute="", levels=(0,), sigma=1.0, vector=np.eye(1, 8, dtype=np.float32)[0], report={})

    async def scene() -> None:
        async with showing(memory) as query, dial(query) as client:
            await until(lambda: query.sockets)
            query.hub.conductor.repertoires = (Repertoire(directions={"density": line, "bass": line}),)
            told = set()
            async with asyncio.timeout(10):
                while len(told) < 8:
                    told.add(json.loads(await client.recv())["DATA"])

    run(scene())


def test_a_frozen_client_keeps_nobody_waiting_and_costs_little(memory: Memory) -> None:
    async def scene() -> None:
        async with showing(memory) as query, dial(query) as other:
            reader, writer = await asyncio.open_connection("127.0.0.1", query.port, limit=1024)
            writer.write(
                f"GET / HTTP/1.1\r\nHost: localhost:{query.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            await reader.readuntil(b"\r\n\r\n")
            source, link = next((s, link) for s, link in query.server.links.items() if s[1] != other.local_address[1])
            assert isinstance(link, Socket)
            link.send(bytes(20_000_000))  # more than the system takes for a client that reads nothing
            query.server.take([(message("/subscribe", 0, 10), source)])
            query.server.take([(message("/get"), source)] * 500)
            await until(lambda: len(link.waiting) == MAX_WAITING)
            await other.send(wish("LISTEN", "/tempo"))
            assert await next_values(other) == [("/tempo", [120.0])]
            assert len(link.waiting) <= MAX_WAITING
            writer.transport.abort()
            await until(lambda: source not in query.server.links)
            writer.close()

    run(scene())


def test_a_port_that_is_taken_is_named_and_not_advertised(memory: Memory) -> None:
    async def scene() -> None:
        with socket.socket() as taken, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            query = OscQuery(OscServer(make_hub(memory), receiving), port=taken.getsockname()[1])
            with pytest.raises(PerformerError, match=r"TCP port .* cannot be taken .* --oscquery-port"):
                await query.play()
            assert (query.is_settled.is_set(), query.port) == (True, 0)

    run(scene())
