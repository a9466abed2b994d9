"""The Open Stage Control session, re-read."""

import json
from typing import Any

from performer.actions import find_row
from performer.controls import CONTROLS_BY_PATH
from performer.readouts import READOUTS_BY_PATH
from performer.surfaces.layouts.open_stage import write_open_stage
from performer.surfaces.layouts.pages import make_pages
from performer.surfaces.layouts.widget import HEIGHT, TABS, WIDTH

PAGES = make_pages()
SESSION = json.loads(write_open_stage(PAGES, target="127.0.0.1:9007"))
WIDGETS = {widget["id"]: widget for tab in SESSION["content"]["tabs"] for widget in tab["widgets"]}
SENDING = [widget for widget in WIDGETS.values() if "target" in widget]


def test_is_a_session_of_a_root_with_a_tab_a_page() -> None:
    assert (SESSION["createdWith"], SESSION["type"]) == ("Open Stage Control", "session")
    assert SESSION["content"]["type"] == "root"
    assert [tab["label"] for tab in SESSION["content"]["tabs"]] == [page.name for page in PAGES]


def test_ids_are_unique_and_types_are_known() -> None:
    assert len(WIDGETS) == sum(len(tab["widgets"]) for tab in SESSION["content"]["tabs"])
    assert {widget["type"] for widget in WIDGETS.values()} == {"xy", "fader", "button", "text"}


def test_frames_lie_on_the_canvas() -> None:
    for widget in WIDGETS.values():
        assert 0 <= widget["left"] <= widget["left"] + widget["width"] <= WIDTH
        assert 0 <= widget["top"] <= widget["top"] + widget["height"] <= HEIGHT - TABS


def sent_values(widget: dict[str, Any], end: str) -> list[float]:
    if widget["type"] == "xy":
        return [widget["rangeX"][end], widget["rangeY"][end]]
    before = list(widget.get("preArgs", []))
    return [*before, widget["range"][end] if widget["type"] == "fader" else widget["on"]]


def test_what_is_sent_its_row_accepts() -> None:
    assert len(SENDING) > 200
    for widget in SENDING:
        assert widget["target"] == "127.0.0.1:9007"
        row = find_row(widget["address"])
        assert widget["typeTags"] == row.types
        for end in ("min", "max"):
            values = sent_values(widget, end)
            assert row.accept(values) == tuple(values), widget["id"]


def test_integer_faders_go_in_steps_and_the_nudge_springs_back() -> None:
    assert WIDGETS["Deck 1 rotate"]["steps"] == 32
    assert "steps" not in WIDGETS["Deck 1 density"]
    assert WIDGETS["Perform nudge"]["spring"] is True
    assert WIDGETS["Deck 1 density"]["origin"] == 0


def test_what_is_shown_sends_nothing() -> None:
    shown = [widget for widget in WIDGETS.values() if widget.get("bypass")]
    assert all("target" not in widget for widget in shown)
    for widget in shown:
        if "address" in widget:
            assert widget["address"] in READOUTS_BY_PATH or widget["address"] in CONTROLS_BY_PATH
    assert WIDGETS["Deck 2 meter R"]["value"] == "JS{{ return (OSC{/deck/2/meter} || [-90.0, -90.0])[1] }}"
    assert WIDGETS["Deck 1 seed now"]["address"] == "/deck/1/seed"


def test_a_tap_sends_its_values_in_one_message() -> None:
    assert (WIDGETS["Deck 1 unpin"]["preArgs"], WIDGETS["Deck 1 unpin"]["on"]) == ([-1, -1, -1], -1)
    assert (WIDGETS["Master save 5"]["mode"], WIDGETS["Master save 5"]["on"]) == ("tap", 5)


def test_a_touch_asks_for_feedback() -> None:
    assert 'send("127.0.0.1:9007", "/subscribe", {type: "i", value: 9001})' in SESSION["content"]["onTouch"]
