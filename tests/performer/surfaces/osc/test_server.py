"""Packets of real sockets come in at one end; values in memory and feedback come out at the other."""

import asyncio
import contextlib
import socket
import struct
import time

import pytest

from performer.memory import Memory
from performer.surfaces.osc.schedule import NTP_EPOCH_S
from performer.surfaces.osc.server import MAX_CONNECTIONS, OscServer
from performer.surfaces.osc.stream import MAX_UNSENT, Counted, Framing, Slip
from tests.performer.surfaces.osc.osc_stage import (
    BUNDLE,
    Client,
    control,
    element,
    make_hub,
    message,
    playing,
    run,
    until,
)

HANGS = BUNDLE + struct.pack(">i", -4) + b"/x\0\0"
TWENTY = BUNDLE + struct.pack(">i", -4)


def tagged(after_s: float, *messages: bytes) -> bytes:
    tag = int((time.time() + after_s + NTP_EPOCH_S) * 2**32)
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(map(element, messages))


def sleeper() -> bytes:
    """28 bytes that make python-osc's servers sleep for an hour."""
    packet = tagged(3600, b"/a\0\0,\0\0\0")
    assert len(packet) == 28
    return packet


def test_messages_move_controls_and_are_counted(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client:
                client.send("/deck/2/level", 0.25)
                client.send("/nowhere", 1.0)
                await until(lambda: control(memory, "/deck/2/level") == 0.25)
                await until(lambda: memory.counters()["osc_refused"] == 1)
        assert memory.counters()["osc_messages"] == 1

    run(scene())


def test_a_burst_of_10_000_leaves_no_backlog(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client:

                def burst() -> None:
                    packets = [message("/deck/1/density", step / 5000 - 1) for step in range(10_000)]
                    client.socket.setblocking(True)
                    for packet in packets:
                        client.socket.send(packet)
                    client.socket.setblocking(False)

                await asyncio.to_thread(burst)
                counts = [-1, 0]
                while counts[-1] != counts[-2]:  # until all that the system has kept is obeyed
                    await asyncio.sleep(0.02)
                    counts.append(memory.counters()["osc_messages"] + memory.counters()["osc_passed_over"])
                assert len(counts) < 12
                client.send("/deck/1/density", 0.5)
                await until(lambda: control(memory, "/deck/1/density") == 0.5, patience_s=0.2)
                assert memory.counters()["osc_messages"] + memory.counters()["osc_passed_over"] == counts[-1] + 1

    run(scene())


@pytest.mark.parametrize("packet", [HANGS, TWENTY, sleeper(), b"", b"nonsense", BUNDLE * 9], ids=repr)
def test_what_hangs_python_osc_is_refused_and_the_next_message_obeyed(memory: Memory, packet: bytes) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client:
                client.socket.send(packet)
                client.send("/deck/1/level", 0.25)
                await until(lambda: control(memory, "/deck/1/level") == 0.25, patience_s=0.5)
        assert memory.counters()["osc_refused"] == 1

    run(scene())


def test_a_bundle_is_obeyed_at_its_time_and_nobody_waits_for_it(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client:
                start_s = time.monotonic()
                client.socket.send(tagged(0.3, message("/deck/1/level", 0.25), message("/deck/2/level", 0.5)))
                client.socket.send(tagged(-5, message("/deck/4/level", 0.5)))
                client.send("/deck/3/level", 0.75)
                await until(lambda: control(memory, "/deck/3/level") == 0.75, patience_s=0.2)
                assert control(memory, "/deck/4/level") == 0.5
                assert control(memory, "/deck/1/level") == 0.8
                await until(lambda: control(memory, "/deck/1/level") == 0.25)
                assert 0.29 < time.monotonic() - start_s < 3
                assert control(memory, "/deck/2/level") == 0.5

    run(scene())


def test_a_failure_inside_is_counted_and_the_next_message_heard(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with monkeypatch.context() as patch, Client(server.port) as client:
                patch.setattr(server.inbox, "obey", lambda _: 1 / 0)
                client.send("/deck/1/level", 0.1)
                await until(lambda: memory.counters()["surface_failures"] == 1)
                patch.undo()
                client.send("/deck/1/level", 0.25)
                await until(lambda: control(memory, "/deck/1/level") == 0.25)

    run(scene())
    assert "OSC failed (ZeroDivisionError" in capsys.readouterr().err


def test_a_bundle_that_is_refused_in_part_is_not_obeyed_at_all(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client:
                client.socket.send(
                    tagged(-5, message("/deck/2/level", 0.25), tagged(9999, message("/deck/3/level", 1)))
                )
                client.send("/deck/4/level", 0.75)
                await until(lambda: control(memory, "/deck/4/level") == 0.75)
            assert control(memory, "/deck/2/level") == 0
            assert memory.counters()["osc_refused"] == 1

    run(scene())


def test_a_page_elsewhere_cannot_play_with_what_stands_in_its_request(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            body = Slip().write(message("/deck/2/level", 0.25))
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            assert control(memory, "/deck/2/level") == 0
            assert memory.counters()["osc_refused"] == 1
            writer.close()

    run(scene())


@pytest.mark.parametrize("framing", [Slip(), Counted()], ids=["SLIP", "length"])
def test_a_tcp_client_plays_subscribes_and_is_forgotten_when_it_leaves(memory: Memory, framing: Framing) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for packet in (message("/deck/2/level", 0.25), message("/subscribe", 0, 10, "/deck/*/level")):
                writer.write(framing.write(packet))
            await until(lambda: control(memory, "/deck/2/level") == 0.25)
            told = framing.read(await reader.read(1000))
            assert len(told) == 1
            (client,) = server.newsroom.clients.values()
            assert client.lasts
            with Client(server.port) as other:
                other.send("/deck/3/level", 0.5)
                assert framing.read(await reader.read(1000)) == [message("/deck/3/level", 0.5)]
            writer.close()
            await writer.wait_closed()
            await until(lambda: not server.newsroom.clients and not server.links)

    run(scene())


def test_a_stream_that_cannot_be_read_is_closed(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"\0\xff\xff\xffnonsense")
            assert await reader.read(10) == b""
            await until(lambda: not server.links)
            writer.close()
        assert memory.counters()["osc_refused"] == 1

    run(scene())


def test_a_frozen_tcp_client_keeps_nobody_waiting_and_costs_little(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with socket.create_connection(("127.0.0.1", server.port)) as frozen, Client(server.port) as client:
                frozen.sendall(Slip().write(message("/subscribe", 0, 10)))
                await until(lambda: server.newsroom.clients)
                client.send("/subscribe", 0, 10, "/tempo")
                await client.heard()
                (connection,) = server.links.values()
                unsent = connection.transport.get_write_buffer_size  # type: ignore[attr-defined]
                while unsent() <= MAX_UNSENT:  # it asks for everything, and takes in nothing
                    frozen.sendall(Slip().write(message("/get")) * 10)
                    await asyncio.sleep(0)
                for _ in range(20):
                    frozen.sendall(Slip().write(message("/get")) * 10)
                await asyncio.sleep(0.2)
                assert unsent() < 2 * MAX_UNSENT
                with Client(server.port) as other:
                    other.send("/tempo", 90.0)
                    assert await client.heard() == [("/tempo", [90.0])]

    run(scene())


def test_there_is_room_for_so_many_connections(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            made = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(MAX_CONNECTIONS + 1)]
            assert await made[-1][0].read(10) == b""
            assert len(server.links) == MAX_CONNECTIONS
            for _, writer in made:
                writer.close()
            await until(lambda: not server.links)

    run(scene())


def test_where_another_program_has_the_tcp_port_udp_still_plays(
    memory: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
                receiving.setblocking(False)
                receiving.bind(("127.0.0.1", port))
                server = OscServer(make_hub(memory), receiving)
                task = asyncio.create_task(server.play())
                await asyncio.sleep(0.05)
                with Client(port) as client:
                    client.send("/deck/2/level", 0.25)
                    await until(lambda: control(memory, "/deck/2/level") == 0.25)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    run(scene())
    assert "OSC is heard over UDP alone" in capsys.readouterr().err


def test_a_server_that_ends_lets_its_connections_go(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            await until(lambda: server.links)
        assert await reader.read(10) == b""
        writer.close()

    run(scene())
