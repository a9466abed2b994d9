"""The .tosc file, re-read: by the standard library, and by py2tosc, which knows what the editor writes."""

import pathlib
import xml.etree.ElementTree as ET
import zlib

import pytest

from performer.actions import find_row
from performer.controls import CONTROLS_BY_PATH
from performer.ports import TABLET_PORT
from performer.readouts import READOUTS_BY_PATH
from performer.surfaces.layouts.pages import make_pages
from performer.surfaces.layouts.touchosc import CONNECTIONS, write_touchosc
from performer.surfaces.layouts.widget import HEIGHT, WIDTH, Kind

PAGES = make_pages()
DATA = write_touchosc(PAGES)
ROOT = ET.fromstring(zlib.decompress(DATA))
MESSAGES = ROOT.findall(".//osc")
FLAGS = ("enabled", "send", "receive", "feedback", "connections")


def property_of(node: ET.Element, key: str) -> ET.Element:
    found = [entry.find("value") for entry in node.findall("properties/property") if entry.findtext("key") == key]
    assert len(found) == 1
    assert found[0] is not None
    return found[0]


def name_of(node: ET.Element) -> str:
    return property_of(node, "name").text or ""


NODES = {name_of(node): node for node in ROOT.iter("node")}


def arguments(node: ET.Element) -> list[tuple[str | None, ...]]:
    tags = ("type", "conversion", "value", "scaleMin", "scaleMax")
    return [tuple(part.findtext(tag) for tag in tags) for part in node.findall("messages/osc/arguments/partial")]


def test_is_the_same_file_each_time() -> None:
    assert write_touchosc(make_pages()) == DATA


def test_root_is_a_group_of_the_ipads_size_with_a_pager_of_groups() -> None:
    assert ROOT.tag == "lexml"
    assert ROOT.get("version") == "3"
    (canvas,) = ROOT
    assert canvas.get("type") == "GROUP"
    frame = property_of(canvas, "frame")
    assert [frame.findtext(side) for side in "xywh"] == ["0", "0", str(WIDTH), str(HEIGHT)]
    (pager,) = canvas.findall("children/node")
    assert pager.get("type") == "PAGER"
    tabs = pager.findall("children/node")
    assert [tab.get("type") for tab in tabs] == ["GROUP"] * len(PAGES)
    assert [property_of(tab, "tabLabel").text for tab in tabs] == [page.name for page in PAGES]


def test_names_and_identities_are_unique() -> None:
    nodes = list(ROOT.iter("node"))
    assert len(NODES) == len(nodes)
    assert len({node.get("ID") for node in nodes}) == len(nodes)


def test_every_frame_lies_on_its_page() -> None:
    for tab in ROOT.findall("node/children/node/children/node"):
        page = property_of(tab, "frame")
        for node in tab.findall("children/node"):
            x, y, w, h = (float(property_of(node, "frame").findtext(side) or "nan") for side in "xywh")
            assert x >= 0 <= y
            assert x + w <= float(page.findtext("w") or "nan")
            assert y + h <= float(page.findtext("h") or "nan")


def test_no_message_is_sent_back_when_it_was_received() -> None:
    assert {message.findtext("feedback") for message in MESSAGES} == {"0"}
    assert {message.findtext("enabled") for message in MESSAGES} == {"1"}
    assert {message.findtext("connections") for message in MESSAGES} == {CONNECTIONS}
    for message in MESSAGES:
        assert [child.tag for child in message][:5] == list(FLAGS)


def test_every_address_is_in_the_tables_and_each_argument_has_its_type() -> None:
    conversions = {"i": "INTEGER", "f": "FLOAT"}
    for message in MESSAGES:
        address = message.findtext("path/partial/value") or ""
        if message.findtext("send") == "1":
            types = find_row(address).types
            got = [part.findtext("conversion") for part in message.findall("arguments/partial")]
            assert got == [conversions[kind] for kind in types], address
        else:
            row = READOUTS_BY_PATH.get(address) or CONTROLS_BY_PATH[address]
            assert len(message.findall("arguments/partial")) == len(row.types)
            assert message.findtext("receive") == "1"
            assert message.find("triggers") is None


def test_a_fader_is_scaled_to_its_range() -> None:
    assert arguments(NODES["Deck 2 density"]) == [("VALUE", "FLOAT", "x", "-3", "3")]
    assert arguments(NODES["Perform tempo"]) == [("VALUE", "FLOAT", "x", "60", "200")]
    assert arguments(NODES["Deck 1 rotate"]) == [("VALUE", "INTEGER", "x", "-16", "16")]
    assert property_of(NODES["Deck 1 rotate"], "gridSteps").text == "33"
    assert property_of(NODES["Deck 1 rotate"], "centered").text == "1"


def test_a_pad_sends_both_values_and_takes_both() -> None:
    pad = NODES["Perform 3 morph"]
    assert pad.get("type") == "XY"
    assert arguments(pad) == [("VALUE", "FLOAT", "x", "0", "1"), ("VALUE", "FLOAT", "y", "0", "1")]
    assert [trigger.findtext("var") for trigger in pad.findall("messages/osc/triggers/trigger")] == ["x", "y"]


def test_buttons_send_once_and_switches_stay() -> None:
    undo, mute, unpin = NODES["Deck 1 undo"], NODES["Deck 1 mute"], NODES["Deck 1 unpin"]
    assert undo.findtext("messages/osc/triggers/trigger/condition") == "RISE"
    assert undo.findtext("messages/osc/receive") == "0"
    assert arguments(undo) == [("CONSTANT", "INTEGER", "1", "0", "1")]
    assert property_of(undo, "buttonType").text == "0"
    assert property_of(mute, "buttonType").text == "2"
    assert mute.findtext("messages/osc/receive") == "1"
    assert [part[2] for part in arguments(unpin)] == ["-1"] * 4
    assert [part[2] for part in arguments(NODES["Master morph 2"])] == ["2", "x"]
    assert NODES["Master morph 2"].findtext("messages/osc/receive") == "0"


def test_what_is_shown_is_not_sent_and_cannot_be_touched() -> None:
    for name in ("Deck 1 playhead", "Deck 1 meter R", "Deck 1 seed now", "Deck 1 corner 3"):
        assert NODES[name].findtext("messages/osc/send") == "0"
        assert property_of(NODES[name], "interactive").text == "0"
    left, right = arguments(NODES["Deck 1 meter R"])
    assert left[:3] == ("PROPERTY", "STRING", "tag")
    assert right == ("VALUE", "FLOAT", "x", "-90", "12")
    assert arguments(NODES["Deck 1 corner 3"])[2][:3] == ("VALUE", "STRING", "text")


def test_the_nudge_is_pulled_back_to_its_middle() -> None:
    (value, _) = NODES["Perform nudge"].findall("values/value")
    assert value.findtext("default") == "0.5"
    assert value.findtext("defaultPull") == "100"


def test_words_stand_above_what_they_name_and_let_touches_through() -> None:
    page = NODES["Perform"].findall("children/node")
    at = [name_of(node) for node in page].index("Perform 1 undo")
    caption = page[at + 1]
    assert caption.get("type") == "LABEL"
    assert property_of(caption, "interactive").text == "0"
    assert caption.findtext("values/value/default") == "undo"


def test_py2tosc_reads_it_and_finds_nothing_wrong(tmp_path: pathlib.Path) -> None:
    py2tosc = pytest.importorskip("py2tosc", reason="py2tosc not installed")
    path = tmp_path / "loopmorph.tosc"
    path.write_bytes(DATA)
    document = py2tosc.load(path)
    assert [str(issue) for issue in document.validate()] == []
    document.save(tmp_path / "again.tosc")
    again = py2tosc.load(tmp_path / "again.tosc")
    assert [vars(control) for control in again.root.walk() if not control.children] == [
        vars(control) for control in document.root.walk() if not control.children
    ]
    widgets = sum(widget.kind is not Kind.LABEL for page in PAGES for widget in page.widgets)
    assert sum(bool(control.messages) for control in document.root.walk()) == widgets


def test_its_script_asks_for_feedback_again_whenever_the_instrument_is_silent() -> None:
    lua51 = pytest.importorskip("lupa.lua51", reason="lupa not installed")
    sent = []
    runtime = lua51.LuaRuntime()
    names = runtime.globals()
    names.getMillis = lambda: now_ms
    names.sendOSC = lambda message: sent.append((now_ms, message[1], message[2][1]["tag"], message[2][1]["value"]))
    (script,) = [entry for entry in ROOT.iter("property") if entry.findtext("key") == "script"]
    runtime.execute(script.findtext("value"))
    for now_ms in range(0, 70_000, 16):
        names.update()
        if 5000 < now_ms < 10_000 or now_ms > 20_000:
            names.onReceiveOSC(None, None)
    assert {message[1:] for message in sent} == {("/subscribe", "i", TABLET_PORT)}
    assert [round(at_ms / 1000) for at_ms, *_ in sent] == [0, 3, 13, 16, 19, 39, 59]
