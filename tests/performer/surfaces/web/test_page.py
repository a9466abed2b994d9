"""The page's server: who is let in, what is obeyed, and that no page can hold up the others."""

import asyncio
import json
import pathlib
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import websockets

from performer.actions import find_row
from performer.controls import CONTROLS, SLOTS
from performer.memory import Memory
from performer.repertoire import Repertoire, read_repertoire
from performer.settings import DeckSettings
from performer.surfaces.admission import Admission, own_addresses
from performer.surfaces.web.news import THUMBNAIL, Listener
from performer.surfaces.web.page import MAX_PAGES, STATIC, Page, play_page
from tests.performer.conftest import HandOver, tone
from tests.performer.surfaces.conftest import Site, build_hub, told, write_options
from tests.performer.taught_model import PRESETS, teach_drums

SECRET = "a-secret-token"
Serve = Callable[..., Site]


def value(site: Site, path: str) -> float:
    return float(site.hub.memory.state["controls"][0, SLOTS[path].start])


def test_the_page_and_all_that_it_names_are_served(site: Site) -> None:
    status, headers, page = site.fetch()
    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    wanted = set(re.findall(r'(?:src|href)="([^"]+)"', page.decode()))
    for path in STATIC.glob("*.js"):
        wanted |= set(re.findall(r'from "\./([^"]+)"', path.read_text()))
    assert len(wanted) > 10
    for name in wanted:
        assert site.fetch(f"/{name}")[0] == 200, name
    assert site.fetch("/page.py")[0] == 404
    assert site.fetch("/..%2fpage.py")[0] == 404


def test_the_page_reaches_nothing_but_the_instrument(site: Site) -> None:
    policy = site.fetch()[1]["Content-Security-Policy"]
    port = site.port
    assert f"connect-src 'self' ws://127.0.0.1:{port} ws://127.0.0.1:{port + 1};" in policy
    assert "default-src 'self'" in policy
    for path in STATIC.iterdir():
        addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text())) - {"http://www.w3.org/2000/svg"}
        assert not addresses, path.name


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:{port}"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
    ],
)
def test_pages_of_other_sites_are_turned_away(site: Site, headers: dict[str, str], status: int) -> None:
    ready = {name: text.format(port=site.port) for name, text in headers.items()}
    for path in ("/", "/main.js"):
        assert site.fetch(path, **ready)[0] == status
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    answer = site.fetch("/live", **upgrade, **{"Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}, **ready)
    assert answer[0] == (101 if status == 200 else 403)


@pytest.fixture
def outside() -> str:
    """An address of this machine from which it is another device to itself."""
    addresses = own_addresses()
    if not addresses:
        pytest.skip("this machine is on no network")
    return addresses[0]


def test_another_device_needs_the_token_and_keeps_it_in_a_cookie(serve: Serve, outside: str) -> None:
    admission = Admission(is_tablet=True, token=SECRET)
    site = serve(admission=admission)
    assert site.fetch()[0] == 200  # this machine does not
    status, _, text = site.fetch(at=outside)
    assert status == 403
    assert b"printed" in text
    assert site.fetch("/main.js", at=outside)[0] == 403
    assert site.fetch("/?token=wrong", at=outside)[0] == 403
    assert outside not in admission.admitted
    status, headers, _ = site.fetch(f"/?token={SECRET}", at=outside)
    assert status == 200
    assert outside in admission.admitted
    assert headers["Referrer-Policy"] == "no-referrer"
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    kept = cookie.split(";")[0]
    assert site.fetch("/main.js", at=outside, Cookie=kept)[0] == 200
    assert site.fetch("/main.js", at=outside, Cookie="loopmorph=wrong")[0] == 403
    heard = site.talk(until=lambda heard: bool(heard), at=outside, additional_headers={"Cookie": kept})
    assert "hello" in heard[0]
    for bad in ({}, {"Cookie": "loopmorph=wrong"}, {"Cookie": kept, "Origin": "http://evil.example"}):
        with pytest.raises(websockets.exceptions.InvalidStatus, match="403"):
            site.talk(until=lambda heard: bool(heard), at=outside, additional_headers=bad)


def test_without_tablet_nothing_listens_on_the_network(site: Site, outside: str) -> None:
    with socket.socket() as probe:
        assert probe.connect_ex((outside, site.port)) != 0


def test_a_page_moves_controls_and_presses_buttons(site: Site) -> None:
    wishes = [
        {"set": {"/deck/1/density": [1.5], "/deck/2/morph": [0.25, 0.75], "/deck/3/level": [9]}},
        {"do": "/scene/save", "values": [4]},
        {"set": {"/deck/1/density": [0]}},
        {"do": "/scene/recall", "values": [4]},
    ]
    heard = site.talk(*wishes, until=lambda heard: [4] in told(heard, "scenes"))
    site.wait_until(lambda: site.hub.memory.counters()["page_messages"] == 6)
    assert value(site, "/deck/1/density") == 1.5
    assert value(site, "/deck/3/level") == 1  # clipped
    assert any(values.get("/deck/2/morph") == [0.25, 0.75] for values in told(heard, "values"))


NONSENSE = [
    "{",
    "[]",
    "1",
    "[" * 10_000,
    "{}",
    {"set": 3},
    {"set": {"/deck/1/density": 3}},
    {"set": {"/deck/1/density": [True]}},
    {"set": {"/deck/1/density": ["x"]}},
    {"set": {"/deck/1/density": [1, 2]}},
    {"set": {"/deck/9/density": [1]}},
    {"set": {"/tap": [1]}},
    '{"set": {"/tempo": [NaN]}}',
    {"do": "/scene/recall", "values": [63]},
    {"do": "/scene/recall", "values": "all"},
    {"do": "/nothing"},
    {"do": {}},
    {"heard": "x"},
    {"allow": "10.0.0.1"},
    {"allow": {}},
]


def test_nonsense_is_refused_with_a_reason_and_the_page_plays_on(site: Site) -> None:
    for nonsense in NONSENSE:
        heard = site.talk(nonsense, until=lambda heard: bool(told(heard, "refused")))
        reason = told(heard, "refused")[0][0]
        assert len(reason) > 20, nonsense
    assert site.hub.memory.counters()["page_refused"] == len(NONSENSE)
    assert site.hub.memory.counters()["page_messages"] == 0


def test_a_refused_control_does_not_keep_the_others_of_its_message(site: Site) -> None:
    site.talk({"set": {"/deck/7/density": [1], "/deck/1/bass": [2]}}, until=lambda heard: bool(told(heard, "refused")))
    assert value(site, "/deck/1/bass") == 2


def test_bytes_and_huge_messages_end_that_page_alone(site: Site) -> None:
    for thing in (b"\0\1", "x" * 100_000):
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            site.talk(thing, until=lambda heard: False)
    assert site.talk(until=lambda heard: bool(told(heard, "hello")))


def test_every_row_is_told_at_connect_with_its_value(site: Site) -> None:
    heard = site.talk(until=lambda heard: bool(told(heard, "values") and told(heard, "clock")))
    rows = {row["path"]: row for row in told(heard, "hello")[0]["rows"]}
    values = told(heard, "values")[0]
    for control in CONTROLS:
        assert rows[control.path]["help"] == control.help
        assert rows[control.path]["kind"] == "control"
        assert len(values[control.path]) == len(rows[control.path]["limits"]) == len(control.types)
    assert rows["/tap"]["kind"] == "action"
    assert rows["/count/underruns"]["kind"] == "readout"


def test_the_page_is_told_what_each_model_has(site: Site, memory: Memory, tmp_path: pathlib.Path) -> None:
    site.hub.conductor.repertoires = (read_repertoire(teach_drums(tmp_path / "drums.safetensors")), Repertoire())
    hello = Page(site.hub, tmp_path, http_port=1).greet()["hello"]
    taught, empty = hello["repertoires"]
    assert (taught["labels"]["own1"], taught["labels"]["hats"], "kick" in taught["labels"]) == ("grit", "hats", False)
    assert taught["presets"] == PRESETS
    assert empty == {"labels": {}, "presets": ()}
    assert set(hello["drawer"]) < set(hello["directions"])


def test_a_loop_that_is_drawn_while_no_page_is_open_has_its_thumbnail(
    memory: Memory, hand_over: HandOver, tmp_path: pathlib.Path
) -> None:
    hub = build_hub(memory)
    page, chronicle = Page(hub, write_options(tmp_path), http_port=1), hub.conductor.chronicle
    memory.state["drawn"][0, 0] = DeckSettings.from_controls(memory.state["controls"][0], deck=1).to_array()
    hand_over(tone(500))
    memory.state["seen"][0, 0] = memory.state["published"][0, 0]
    memory.state["playing"][0, 0] = memory.state["published"][0, 0] % 3 + 1
    chronicle.histories[0].note(*chronicle.present(0), time_s=0.0)

    async def wait_for_it() -> None:
        running = asyncio.create_task(page.run())
        while not page.news.thumbnails.taken[0]:
            await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(asyncio.wait_for(wait_for_it(), 60))
    listener, records = Listener(page.news), b""
    while told_now := listener.compose_pictures():
        records += told_now
    (taken,) = page.news.thumbnails.taken[0].items()
    assert np.frombuffer(taken[1], np.uint8).any()
    assert bytes((THUMBNAIL, 0, 0, 0)) + taken[0].to_bytes(4, "little") + taken[1] in records


def test_what_a_page_is_made_of_has_a_version(site: Site, memory: Memory, tmp_path: pathlib.Path) -> None:
    versions = [told(site.talk(until=bool), "hello")[0]["version"] for _ in range(2)]
    assert versions[0] == versions[1]
    other = Page(build_hub(memory), tmp_path, http_port=1)
    assert other.greet()["hello"]["version"] == versions[0]
    del other.files["main.js"]
    assert other.greet()["hello"]["version"] != versions[0]


@pytest.mark.parametrize(("there", "left"), [(None, 0.0), (-0.5, -0.5)])
def test_a_nudge_that_a_page_holds_ends_with_it_and_nobody_elses_does(
    site: Site, there: float | None, left: float
) -> None:
    site.talk({"set": {"/nudge": [1]}}, until=lambda heard: value(site, "/nudge") == 1)
    if there is None:
        site.wait_until(lambda: value(site, "/nudge") == left)
    else:
        site.hub.apply(find_row("/nudge"), (there,))
        site.talk(until=bool)
        assert value(site, "/nudge") == left


def test_a_control_can_be_named_to_be_learned(site: Site) -> None:
    learned: list[tuple[float, ...]] = []
    site.hub.deeds["/midi/learn"] = learned.append
    site.talk(
        {"do": "/midi/learn", "values": ["/deck/1/morph", 1]}, {"do": "/x"}, until=lambda h: bool(told(h, "refused"))
    )
    site.wait_until(lambda: len(learned) == 2)
    nothing = (0.0,)  # once the page is left
    assert learned == [find_row("/midi/learn").accept(["/deck/1/morph", 1]), nothing]


def test_a_page_that_leaves_ends_no_learning_of_another(site: Site) -> None:
    learned: list[tuple[float, ...]] = []
    site.hub.deeds["/midi/learn"] = learned.append
    ask = json.dumps({"do": "/midi/learn", "values": ["/deck/1/morph", 1]})

    async def play() -> None:
        address = f"ws://127.0.0.1:{site.port}/live"
        async with websockets.connect(address) as other:
            async with websockets.connect(address) as first:
                await first.send(ask)
                await asyncio.to_thread(site.wait_until, lambda: len(learned) == 1)
                await other.send(ask)
                await asyncio.to_thread(site.wait_until, lambda: len(learned) == 2)
            await asyncio.sleep(0.3)  # the first has left
            assert len(learned) == 2
        await asyncio.to_thread(site.wait_until, lambda: len(learned) == 3)

    asyncio.run(asyncio.wait_for(play(), 20))
    assert learned[-1] == (0.0,)


def test_a_frozen_page_holds_up_nobody_and_hears_the_newest_once_it_wakes(site: Site) -> None:
    async def play() -> tuple[int, list[Any]]:
        address = f"ws://127.0.0.1:{site.port}/live"
        async with websockets.connect(address) as frozen, websockets.connect(address) as awake:
            until_s, n_awake, x = time.monotonic() + 2, 0, 0.0
            while time.monotonic() < until_s:  # both are told; one says that it has heard, the other says nothing
                site.hub.memory.state["controls"][0, SLOTS["/deck/1/width"]] = x = (x + 0.01) % 1
                message = await awake.recv()
                if isinstance(message, str) and "n" in json.loads(message):
                    n_awake += 1
                    await awake.send(json.dumps({"heard": json.loads(message)["n"]}))
            site.hub.memory.state["controls"][0, SLOTS["/deck/1/width"]] = 0.123
            late: list[Any] = []
            while not late or "/deck/1/width" not in late[-1].get("values", {}) or late[-1]["n"] < 7:
                late.append(json.loads(await frozen.recv()))
                if "n" in late[-1] and late[-1]["n"] == 6:
                    await frozen.send(json.dumps({"heard": 6}))
            return n_awake, late

    n_awake, late = asyncio.run(asyncio.wait_for(play(), 20))
    assert n_awake > 20
    assert len(late) <= 8  # the rest was never told: hello, what came before it stopped saying so, and the newest
    assert late[-1]["values"]["/deck/1/width"] == [0.123]


def test_a_crowd_of_pages_is_turned_away_and_the_next_one_let_in_again(site: Site) -> None:
    async def crowd() -> None:
        address = f"ws://127.0.0.1:{site.port}/live"
        pages = [await websockets.connect(address) for _ in range(MAX_PAGES)]
        late = await websockets.connect(address)
        with pytest.raises(
            websockets.exceptions.ConnectionClosed, match="16 pages are open already: close one of them"
        ):
            await late.recv()
        for page in pages:
            await page.close()

    asyncio.run(crowd())
    assert site.talk(until=lambda heard: bool(told(heard, "hello")))


def test_a_device_that_asks_is_shown_and_let_in_by_a_page(serve: Serve) -> None:
    admission = Admission(is_tablet=True, token=SECRET)
    site = serve(admission=admission)
    assert not admission.allows_osc("10.0.0.9")
    heard = site.talk({"allow": "10.0.0.9"}, until=lambda heard: [] in told(heard, "asking"))
    assert told(heard, "asking")[-1] == []
    assert admission.allows_osc("10.0.0.9")


def test_a_taken_port_is_told_in_one_line_and_is_not_fatal(
    site: Site, memory: Memory, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = build_hub(memory)
    asyncio.run(hub.keep("the page", lambda hub: play_page(hub, tmp_path, http_port=site.port)))
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.search(rf"TCP port {site.port} on 127.0.0.1 cannot be taken .*--http-port; the other surfaces", line)
    assert memory.counters()["surface_failures"] == 0
