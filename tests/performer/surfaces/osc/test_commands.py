"""What clients ask of the OSC server itself: feedback, present values, a sign of life, to let in another device."""

import contextlib
import json
import pathlib
import socket

import pytest

from performer.controls import SLOTS
from performer.memory import Memory
from performer.surfaces.admission import Admission
from performer.surfaces.feed import PATHS
from performer.surfaces.osc.feedback import LIFE_S, MAX_CLIENTS
from performer.surfaces.osc.server import ASK_AGAIN_S, OscServer
from tests.performer.surfaces.osc.osc_stage import Client, control, make_hub, message, playing, run, until


def test_a_client_subscribes_hears_what_changes_and_leaves(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client, Client(server.port) as other:
                client.send("/subscribe")
                assert {path for path, _ in await client.heard()} == set(PATHS)
                other.send("/deck/2/level", 0.5)
                client.send("/deck/3/level", 0.25)  # its own is not sent back
                client.send("/deck/4/level", 2.0)  # but this is clipped
                assert sorted(await client.heard()) == [("/deck/2/level", [0.5]), ("/deck/4/level", [1.0])]
                client.send("/unsubscribe")
                other.send("/deck/2/level", 0.75)
                assert await client.heard() == []
                assert await other.heard() == []

    run(scene())


def test_any_packet_of_a_client_lets_it_listen_on(memory: Memory) -> None:
    async def scene() -> None:
        hub = make_hub(memory)
        async with playing(hub) as server:
            with Client(server.port) as client:
                client.send("/subscribe", 0, 10, "/tempo")
                await until(lambda: server.newsroom.clients)
                (listener,) = server.newsroom.clients.values()
                listener.heard_s -= LIFE_S - 0.05
                client.send("/ping")
                await client.heard()
                assert list(server.newsroom.clients.values()) == [listener]
                listener.heard_s -= LIFE_S
                await until(lambda: not server.newsroom.clients)

    run(scene())


def test_a_client_names_port_interval_and_pattern(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as asking, Client(server.port) as hearing:
                asking.send("/subscribe", hearing.port, 100.0, "/deck/*/level")
                values = [("/deck/1/level", 0.8), *((f"/deck/{deck}/level", 0.0) for deck in (2, 3, 4))]
                assert await hearing.heard() == [(path, [pytest.approx(value)]) for path, value in values]
                (client,) = server.newsroom.clients.values()
                assert client.interval_s == 0.1
                assert await asking.heard() == []
                with Client(server.port) as again:
                    again.send("/unsubscribe", hearing.port)
                    await until(lambda: not server.newsroom.clients)

    run(scene())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("/deck/1/morph",), [("/deck/1/morph", [0.0, 0.0])]),
        (("/deck/[12]/mute",), [("/deck/1/mute", [0]), ("/deck/2/mute", [0])]),
        (("/beat",), [("/beat", [0.0])]),
    ],
)
def test_present_values_are_told_on_request(
    memory: Memory, arguments: tuple[object, ...], told: list[tuple[str, list[object]]]
) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client, Client(server.port) as other:
                client.send("/get", *arguments)
                assert await client.heard() == told
                client.send("/get", *arguments, other.port)
                assert await other.heard() == told
                client.send("/get")
                assert len(await client.heard()) == len(PATHS)

    run(scene())


def test_a_ping_is_answered_with_the_version(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client:
                client.send("/ping")
                ((path, (version,)),) = await client.heard()
                assert path == "/pong"
                assert str(version).count(".") == 2

    run(scene())


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (("/subscribe", "x"), "port 'x', a whole number from 0 to 65535 is needed"),
        (("/subscribe", 70_000), "port 70000"),
        (("/subscribe", float("nan")), "port nan"),
        (("/subscribe", 0, -1), "interval in milliseconds -1"),
        (("/subscribe", 0, 30, "/nowhere/*"), "'/nowhere/*' fits no value"),
        (("/subscribe", 0, 30, "/deck/[1"), "close it"),
        (("/get", 5), "5 fits no value"),
        (("/get", "/deck/1/undo"), "'/deck/1/undo' fits no value"),
        (("/ping", -1), "port -1"),
        (("/admit", "192.168.1.7"), "perform --tablet"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_the_client_told_why(
    memory: Memory, sent: tuple[str, object], reason: str
) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client:
                client.send(*sent)
                ((path, (told,)),) = await client.heard()
                assert path == "/refused"
                assert reason in str(told)
                assert server.newsroom.clients == {}
        assert memory.counters()["osc_refused"] == 1

    run(scene())


def test_who_listens_does_so_after_the_control_process_started_again(memory: Memory, tmp_path: pathlib.Path) -> None:
    kept = tmp_path / "listeners.json"

    async def scene() -> None:
        with contextlib.ExitStack() as clients:
            async with playing(make_hub(memory), kept=kept) as server:
                port = server.port
                client, other = (clients.enter_context(Client(port)) for _ in range(2))
                client.send("/subscribe", 0, 20, "/deck/*/level")
                other.send("/subscribe")
                assert len(await client.heard()) == 4
                await until(lambda: kept.exists() and len(json.loads(kept.read_text())) == 2)
                other.send("/unsubscribe")
                await until(lambda: len(json.loads(kept.read_text())) == 1)
                await other.heard()
            async with playing(make_hub(memory), port=port, kept=kept):
                assert len(await client.heard()) == 4
                memory.state["controls"][0, SLOTS["/deck/2/level"]] = 0.25
                assert await client.heard() == [("/deck/2/level", [0.25])]
                assert await other.heard() == []

    run(scene())


def test_where_too_many_listen_the_next_is_told_so_and_everybody_plays(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server, contextlib.AsyncExitStack() as others:
            for _ in range(MAX_CLIENTS):
                others.enter_context(Client(server.port)).send("/subscribe", 0, 100, "/deck/1/level")
            with Client(server.port) as client:
                await until(lambda: len(server.newsroom.clients) == MAX_CLIENTS)
                client.send("/subscribe")
                client.send("/deck/1/level", 0.25)
                ((path, (told,)),) = await client.heard()
                assert (path, "32 clients listen" in str(told)) == ("/refused", True)
                await until(lambda: control(memory, "/deck/1/level") == 0.25)
        assert memory.counters()["surface_failures"] == 0

    run(scene())


def test_the_instrument_does_not_listen_to_itself(memory: Memory) -> None:
    async def scene() -> None:
        async with playing(make_hub(memory)) as server:
            with Client(server.port) as client:
                for sent in (("/subscribe", server.port), ("/get", "/tempo", server.port), ("/ping", server.port)):
                    client.send(*sent)
                    ((path, (told,)),) = await client.heard()
                    assert path == "/refused"
                    assert "is the instrument's own" in str(told)

    run(scene())


def test_who_was_let_in_is_so_after_the_control_process_started_again(tmp_path: pathlib.Path) -> None:
    options, kept = {"tablet": True, "token": "secret"}, tmp_path / "admitted.json"
    before = Admission.from_options(options, kept=kept)
    for peer in ("192.168.1.7", "192.168.1.7", "192.168.1.9"):
        before.admit(peer)
    assert Admission.from_options(options, kept=kept).admitted == {"192.168.1.7", "192.168.1.9"}
    kept.write_text("broken")
    assert Admission.from_options(options, kept=kept).admitted == set()


def tablet(**fields: object) -> Admission:
    return Admission(is_tablet=True, token="secret", names=frozenset(), **fields)  # type: ignore[arg-type]


def test_this_machine_lets_others_in(memory: Memory) -> None:
    async def scene() -> None:
        admission = tablet()
        async with playing(make_hub(memory, admission=admission)) as server:
            with Client(server.port) as client:
                for argument in ("nonsense", 5, "192.168.1"):
                    client.send("/admit", argument)
                    ((path, _),) = await client.heard(after_s=0.03)
                    assert path == "/refused"
                client.send("/admit", "192.168.1.7")
                assert await client.heard() == [("/admitted", ["192.168.1.7"])]
        assert admission.admitted == {"192.168.1.7"}

    run(scene())


def test_a_foreign_address_is_refused_told_of_once_in_a_while_and_heard_once_let_in(
    memory: Memory, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "performer.surfaces.osc.server.page_addresses", lambda token, http_port: [f"http://stage:{http_port}/?{token}"]
    )
    admission, now_s = tablet(), [100.0]
    hub = make_hub(memory, admission=admission)
    hub.now_s = lambda: now_s[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        server = OscServer(hub, receiving, http_port=8765)
        for _ in range(5):
            server.take([(message("/deck/1/level", 0.25), ("192.168.1.7", 5000))] * 3)
            server.take([(message("/admit", "192.168.1.7"), ("192.168.1.7", 5000))])
        assert control(memory, "/deck/1/level") == 0.8
        assert memory.counters()["osc_refused"] == 20
        asks = "192.168.1.7 asks to play over OSC: open http://stage:8765/?secret there"
        assert capsys.readouterr().err.count(asks) == 1
        now_s[0] += ASK_AGAIN_S
        server.take([(message("/deck/1/level", 0.25), ("192.168.1.7", 5000))])
        assert capsys.readouterr().err.count(asks) == 1
        admission.admit("192.168.1.7")
        server.take([(message("/deck/1/level", 0.25), ("192.168.1.7", 5000))])
        assert control(memory, "/deck/1/level") == 0.25


def test_a_device_that_was_let_in_cannot_let_in_others(memory: Memory) -> None:
    admission = tablet(admitted={"192.168.1.7"})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        server = OscServer(make_hub(memory, admission=admission), receiving)
        server.take([(message("/admit", "192.168.1.8"), ("192.168.1.7", 5000))])
    assert admission.admitted == {"192.168.1.7"}
    assert memory.counters()["osc_refused"] == 1
