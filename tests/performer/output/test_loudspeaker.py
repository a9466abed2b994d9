import asyncio
import json
import socket
from collections.abc import Iterator

import numpy as np
import pytest
import websockets

from performer.errors import PerformerError
from performer.output.loudspeaker import BrowserOutput
from performer.ports import loudspeaker_port
from performer.surfaces.admission import Admission, own_addresses


def render(block: np.ndarray, latency_s: float) -> None:
    block[:, 0], block[:, 1] = 0.25, -0.25


@pytest.fixture
def output() -> Iterator[BrowserOutput]:
    output = BrowserOutput(0, render=render, underrun=lambda: None, sample_rate=48_000)
    yield output.start()
    output.close()


def url(output: BrowserOutput) -> str:
    return f"ws://127.0.0.1:{output.port}/audio"


def test_the_port_is_beside_that_of_the_page() -> None:
    assert loudspeaker_port(8765) == 8766


async def listen(
    address: str, *, blocks: int, origin: str | None = None, headers: dict[str, str] | None = None
) -> tuple[dict[str, int], list[np.ndarray]]:
    async with websockets.connect(address, origin=origin, additional_headers=headers) as listening:  # type: ignore[arg-type]
        head = json.loads(await listening.recv())
        data = [await listening.recv() for _ in range(blocks)]
    return head, [np.frombuffer(block, np.float32).reshape(-1, 2) for block in data]


def test_a_listener_gets_every_sample(output: BrowserOutput) -> None:
    head, blocks = asyncio.run(listen(url(output), blocks=5))
    assert head == {"sample_rate": 48_000, "channels": 2}
    for block in blocks:
        assert np.all(block == [0.25, -0.25])


def test_the_page_of_the_instrument_may_listen_and_one_from_elsewhere_not(output: BrowserOutput) -> None:
    own = f"http://127.0.0.1:{output.http_port}"
    assert asyncio.run(listen(url(output), blocks=1, origin=own))
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{output.port}"):
        with pytest.raises(websockets.exceptions.InvalidStatus, match="403"):
            asyncio.run(listen(url(output), blocks=1, origin=origin))


def test_another_device_needs_the_token() -> None:
    addresses = own_addresses()
    if not addresses:
        pytest.skip("this machine is on no network")
    admission = Admission(is_tablet=True, token="a-secret-token")
    output = BrowserOutput(0, admission=admission, render=render, underrun=lambda: None, sample_rate=48_000).start()
    try:
        address = f"ws://{addresses[0]}:{output.port}/audio"
        assert asyncio.run(listen(address, blocks=1, headers={"Cookie": "loopmorph=a-secret-token"}))
        with pytest.raises(websockets.exceptions.InvalidStatus, match="403"):
            asyncio.run(listen(address, blocks=1))
    finally:
        output.close()


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(PerformerError, match=rf"TCP port {port} on 127.0.0.1 cannot be taken .*--http-port"):
            BrowserOutput(port - 1, render=render, underrun=lambda: None, sample_rate=48_000)
