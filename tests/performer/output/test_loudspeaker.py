import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest
import websockets

from performer.errors import PerformerError
from performer.output.loudspeaker import BrowserOutput


def render(block: np.ndarray, latency_s: float) -> None:
    block[:, 0], block[:, 1] = 0.25, -0.25


@pytest.fixture
def output() -> Iterator[BrowserOutput]:
    output = BrowserOutput(0, render=render, underrun=lambda: None, sample_rate=48_000)
    yield output.start()
    output.close()


def url(output: BrowserOutput) -> str:
    return output.description.split()[1]


def fetch(address: str, **headers: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_the_page_and_its_script_are_served(output: BrowserOutput) -> None:
    status, page = fetch(url(output))
    assert status == 200
    assert b"loudspeaker.js" in page
    status, script = fetch(url(output) + "loudspeaker.js")
    assert status == 200
    assert b"WebSocket" in script
    assert fetch(url(output) + "memory.py")[0] == 404


def test_other_hosts_and_origins_are_turned_away(output: BrowserOutput) -> None:
    assert fetch(url(output), Host="evil.example")[0] == 403
    assert fetch(url(output), Origin="http://evil.example")[0] == 403
    assert fetch(url(output), Origin=url(output).rstrip("/"))[0] == 200


async def listen(address: str, *, blocks: int, origin: str | None = None) -> tuple[dict[str, int], list[np.ndarray]]:
    async with websockets.connect(address.replace("http", "ws") + "audio", origin=origin) as socket:  # type: ignore[arg-type]
        head = json.loads(await socket.recv())
        data = [await socket.recv() for _ in range(blocks)]
    return head, [np.frombuffer(block, np.float32).reshape(-1, 2) for block in data]


def test_a_listener_gets_every_sample(output: BrowserOutput) -> None:
    head, blocks = asyncio.run(listen(url(output), blocks=5))
    assert head == {"sample_rate": 48_000, "channels": 2}
    for block in blocks:
        assert np.all(block == [0.25, -0.25])


def test_a_page_from_elsewhere_cannot_listen(output: BrowserOutput) -> None:
    with pytest.raises(websockets.exceptions.InvalidStatus):
        asyncio.run(listen(url(output), blocks=1, origin="http://evil.example"))


def test_a_taken_port_is_named(output: BrowserOutput) -> None:
    port = int(url(output).rsplit(":", 1)[1].strip("/"))
    with pytest.raises(PerformerError, match=rf"HTTP port {port} on 127.0.0.1 cannot be taken .*--http-port"):
        BrowserOutput(port, render=render, underrun=lambda: None, sample_rate=48_000)
