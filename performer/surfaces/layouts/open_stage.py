"""Pages -> an Open Stage Control session: widgets in tabs, as JSON.

References
----------
Open Stage Control documentation: Widgets, Properties reference; Advanced property syntax; Scripting
(openstagecontrol.ammd.net).
"""

import json
from typing import Any

from performer.ports import TABLET_PORT
from performer.surfaces.layouts.widget import Frame, Kind, Page, Widget

VERSION = "1.29.5"
"""Of the Open Stage Control whose properties these are."""
PAPER = "#0f1217"
DECIMALS = 4
SCRIPT = """\
if (event.type === "start" && Date.now() - (locals.asked || 0) > 60000) {{
  locals.asked = Date.now()
  send("{target}", "/subscribe", {{type: "i", value: {port}}})
}}
"""
"""JavaScript of each touch: asks the instrument for feedback, and a minute later again, as it may have been started
anew. (Scripts may send nothing before a touch.)"""


def write_open_stage(pages: tuple[Page, ...], *, target: str) -> bytes:
    """Write a session file.

    Parameters
    ----------
    pages : tuple of Page
        From `pages.make_pages`.
    target : str
        Where its widgets send, such as `127.0.0.1:9000`.

    Returns
    -------
    bytes
        Its content.
    """
    root = {
        "type": "root", "id": "root", "colorBg": PAPER, "tabs": [tab(page, target=target) for page in pages],
        "onTouch": SCRIPT.format(target=target, port=TABLET_PORT),
    }  # fmt: skip
    session = {"createdWith": "Open Stage Control", "version": VERSION, "type": "session", "content": root}
    return json.dumps(session, indent=1).encode()


def tab(page: Page, *, target: str) -> dict[str, Any]:
    """Make a page."""
    widgets = [entry for widget in page.widgets for entry in widget_entries(widget, target=target)]
    return {
        "type": "tab", "id": page.name, "label": page.name, "colorWidget": page.colour, "colorBg": PAPER,
        "scroll": False, "widgets": widgets,
    }  # fmt: skip


def place(frame: Frame) -> dict[str, float]:
    """Say where a widget stands."""
    return {"left": frame.x, "top": frame.y, "width": frame.width, "height": frame.height}


def widget_entries(widget: Widget, *, target: str) -> list[dict[str, Any]]:
    """Make a widget, and its caption if that stands above it."""
    words = {"type": "text", "colorText": widget.colour, "interaction": False, "bypass": True}
    if widget.kind is Kind.LABEL:
        return [{**words, "id": widget.name, **place(widget.frame), "value": widget.text}]
    own = {"id": widget.name, **place(widget.body), "colorWidget": widget.colour, **behaviour(widget)}
    if widget.kind in (Kind.METER, Kind.SHOW):
        entry = {**own, "interaction": False, "bypass": True, **shown(widget)}
    else:
        entry = {**own, "address": widget.path, "typeTags": widget.types, "decimals": DECIMALS, "target": target}
    if widget.caption is None or widget.caption == widget.frame:
        return [entry]
    return [entry, {**words, "id": f"{widget.name} caption", **place(widget.caption), "value": widget.text}]


def shown(widget: Widget) -> dict[str, Any]:
    """Say what a widget that nobody moves shows: what arrives at its address, or one value of it."""
    if len(widget.types) == 1:
        return {"address": widget.path, "typeTags": widget.types}
    start = json.dumps([widget.limits[0]] * len(widget.types))
    return {"value": f"JS{{{{ return (OSC{{{widget.path}}} || {start})[{widget.index}] }}}}"}


def behaviour(widget: Widget) -> dict[str, Any]:
    """Properties that belong to a kind of widget."""
    low, high = widget.limits
    whole = {"min": low, "max": high}
    if widget.kind is Kind.PAD:
        return {"type": "xy", "rangeX": whole, "rangeY": whole, "snap": True, "default": list(widget.default)}
    if widget.kind is Kind.TOGGLE:
        return {"type": "button", "mode": "toggle", "on": 1, "off": 0, "label": widget.text}
    if widget.kind is Kind.PRESS:
        numbers = [int(value) if kind == "i" else value for value, kind in zip(widget.sent, widget.types, strict=True)]
        return {"type": "button", "mode": "tap", "on": numbers[-1], "preArgs": numbers[:-1], "label": widget.text}
    if widget.kind is Kind.SHOW:
        return {"type": "text", "colorText": widget.colour}
    fader = {"type": "fader", "range": whole, "horizontal": widget.is_horizontal, "default": widget.default[-1]}
    if widget.kind is Kind.METER:
        return {**fader, "design": "compact", "default": low}
    steps = {"steps": round(high - low)} if widget.types.endswith("i") else {}
    origin = {"origin": 0} if widget.is_centered else {}
    return {
        **fader, **steps, **origin, "design": "compact", "snap": True, "spring": widget.springs,
        "preArgs": [int(value) for value in widget.sent],
    }  # fmt: skip
