"""Pages -> a TouchOSC layout: a tree of nodes as XML, compressed with zlib.

Nothing is sent back that was received (`feedback` is 0), so that instrument and tablet do not echo each other for ever.

References
----------
Hexler, TouchOSC manual: Editor, Messages, OSC; Script, Properties and Values, Global Functions, Callback Functions
(hexler.net/touchosc/manual).
py2tosc, docs/guide/format.md, on the `.tosc` file. This is version 3 of it, which every TouchOSC since 1.0 reads.
"""

import uuid
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterable

from performer.actions import ACTIONS_BY_PATH
from performer.controls import CONTROLS_BY_PATH
from performer.ports import TABLET_PORT
from performer.surfaces.layouts.widget import HEIGHT, TABS, WIDTH, Frame, Kind, Page, Widget, colour_shares

VERSION = "3"
CONNECTIONS = "00001"
"""One character a connection; the last is the first connection."""
NODE_IDS = uuid.UUID("3f0a4bd2-7d3c-5f5e-9f43-0b5b3d0c6c1a")
"""The same widget has the same identity in every layout written."""
NODES = {
    Kind.PAD: "XY", Kind.FADER: "FADER", Kind.TOGGLE: "BUTTON", Kind.PRESS: "BUTTON", Kind.METER: "FADER",
    Kind.SHOW: "LABEL", Kind.LABEL: "LABEL",
}  # fmt: skip
EAST = 1
"""Orientation of what lies."""
MOMENTARY, TOGGLE_PRESS = 0, 2
FULL_PULL = 100
CONVERSIONS = {"i": "INTEGER", "f": "FLOAT"}
INK, PAPER = (0.93, 0.94, 0.97), (0.06, 0.07, 0.09)
MAX_TEXT, MIN_TEXT = 16, 9
"""Points of letters."""
SCRIPT = f"""\
-- Asks the instrument for feedback: every twenty seconds, for it forgets after sixty who says nothing, and when it has
-- been silent for three, for it may have been started anew.
local asked = -20000
local heard = -3000
function update()
  local now = getMillis()
  if now - asked >= 20000 or (now - heard >= 3000 and now - asked >= 3000) then
    asked = now
    sendOSC({{ '/subscribe', {{ {{ tag = 'i', value = {TABLET_PORT} }} }} }})
  end
end
function onReceiveOSC(message, connections)
  heard = getMillis()
end
"""
"""Lua of the whole layout."""

Property = str | bool | int | float | Frame | tuple[float, float, float]


def write_touchosc(pages: tuple[Page, ...]) -> bytes:
    """Write a `.tosc` file.

    Parameters
    ----------
    pages : tuple of Page
        From `pages.make_pages`.

    Returns
    -------
    bytes
        Its content.
    """
    pager = node(
        "PAGER",
        "pages",
        {"frame": Frame(0, 0, WIDTH, HEIGHT), "color": PAPER, "tabbar": True, "tabbarSize": TABS, "tabLabels": True},
        children=[page_node(page) for page in pages],
    )
    canvas: dict[str, Property] = {
        "frame": Frame(0, 0, WIDTH, HEIGHT),
        "color": PAPER,
        "background": True,
        "interactive": True,
        "script": SCRIPT,
    }
    root = ET.Element("lexml", version=VERSION)
    root.append(node("GROUP", "loopmorph", canvas, children=[pager]))
    return zlib.compress(ET.tostring(root, encoding="UTF-8", xml_declaration=True), level=9)


def page_node(page: Page) -> ET.Element:
    """Make a page: a group in the pager."""
    colour = colour_shares(page.colour)
    faded = tuple(0.35 * share for share in colour)
    children = [element for widget in page.widgets for element in widget_nodes(widget)]
    properties: dict[str, Property] = {
        "frame": Frame(0, TABS, WIDTH, HEIGHT - TABS), "color": PAPER, "interactive": True, "tabLabel": page.name,
        "tabColorOn": colour, "tabColorOff": (faded[0], faded[1], faded[2]),
    }  # fmt: skip
    return node("GROUP", page.name, properties, children=children)


def widget_nodes(widget: Widget) -> list[ET.Element]:
    """Make the node of a widget, and after it that of its caption: drawn on top, it lets touches through."""
    if widget.kind is Kind.LABEL:
        return [label(widget.name, widget.frame, widget.text, colour_shares(widget.colour))]
    if widget.kind is Kind.SHOW:
        own = label(widget.name, widget.body, "", INK, messages=[message(widget)], colour=colour_shares(widget.colour))
    else:
        own = node(
            NODES[widget.kind],
            widget.name,
            {"frame": widget.body, "color": colour_shares(widget.colour), **appearance(widget)},
            values=values(widget),
            messages=[message(widget)],
            pull=FULL_PULL if widget.springs else 0,
        )
    if widget.caption is None:
        return [own]
    return [own, label(f"{widget.name} caption", widget.caption, widget.text, INK)]


def appearance(widget: Widget) -> dict[str, Property]:
    """Properties that belong to a kind of widget."""
    if widget.kind in (Kind.TOGGLE, Kind.PRESS):
        return {"buttonType": TOGGLE_PRESS if widget.kind is Kind.TOGGLE else MOMENTARY}
    if widget.kind is Kind.PAD:
        return {"gridX": True, "gridY": True, "gridStepsX": 4, "gridStepsY": 4}
    low, high = widget.limits
    is_stepped, is_moved = widget.types.endswith("i") and high - low <= 64, widget.kind is Kind.FADER
    shown: dict[str, Property] = {
        "cursor": is_moved, "interactive": is_moved, "centered": widget.is_centered, "grid": is_stepped,
    }  # fmt: skip
    if is_stepped:
        shown["gridSteps"] = round(high - low) + 1
    if widget.is_horizontal:
        shown["orientation"] = EAST
    return shown


def values(widget: Widget) -> dict[str, float]:
    """Values that a widget has, with what they are at first."""
    if widget.kind is Kind.PAD:
        return dict(zip("xy", widget.shares, strict=True))
    if widget.kind is Kind.PRESS:
        return {"x": 0.0}
    return {"x": widget.shares[0] if widget.path in CONTROLS_BY_PATH else 0.0}


def message(widget: Widget) -> ET.Element:
    """Make the OSC message of a widget."""
    is_sent = widget.kind not in (Kind.METER, Kind.SHOW)
    is_received = widget.kind is not Kind.PRESS and widget.path not in ACTIONS_BY_PATH
    found = ET.Element("osc")
    flags = {"enabled": "1", "send": str(int(is_sent)), "receive": str(int(is_received)), "feedback": "0"}
    for tag, text in {**flags, "connections": CONNECTIONS}.items():
        ET.SubElement(found, tag).text = text
    if is_sent:
        triggers = ET.SubElement(found, "triggers")
        condition = "RISE" if widget.kind is Kind.PRESS else "ANY"
        for name in "xy" if widget.kind is Kind.PAD else "x":
            trigger = ET.SubElement(triggers, "trigger")
            ET.SubElement(trigger, "var").text = name
            ET.SubElement(trigger, "condition").text = condition
    ET.SubElement(found, "path").append(partial("CONSTANT", "STRING", widget.path))
    arguments = ET.SubElement(found, "arguments")
    arguments.extend(argument(widget, at, kind) for at, kind in enumerate(widget.types))
    return found


def argument(widget: Widget, at: int, kind: str) -> ET.Element:
    """Make one argument: a fixed number, a value of the widget, or one that it passes over."""
    if at < len(widget.sent):
        return partial("CONSTANT", CONVERSIONS[kind], f"{widget.sent[at]:g}")
    if widget.kind is Kind.PAD:
        return partial("VALUE", CONVERSIONS[kind], "xy"[at], limits=widget.limits)
    if widget.kind in (Kind.METER, Kind.SHOW) and at != widget.index:
        return partial("PROPERTY", "STRING", "tag")  # received into where nobody looks
    if widget.kind is Kind.SHOW:
        return partial("VALUE", "STRING", "text")
    return partial("VALUE", CONVERSIONS[kind], "x", limits=widget.limits)


def partial(source: str, conversion: str, value: str, *, limits: tuple[float, float] = (0.0, 1.0)) -> ET.Element:
    """Make a part of an address or an argument."""
    found = ET.Element("partial")
    parts = {"type": source, "conversion": conversion, "value": value}
    scale = {"scaleMin": f"{limits[0]:.10g}", "scaleMax": f"{limits[1]:.10g}"}
    for tag, text in {**parts, **scale}.items():
        ET.SubElement(found, tag).text = text
    return found


def label(
    name: str, frame: Frame, text: str, ink: tuple[float, float, float], *, messages: Iterable[ET.Element] = (),
    colour: tuple[float, float, float] = PAPER,
) -> ET.Element:  # fmt: skip
    """Make words, which let touches through."""
    size = min(max(round(min(frame.height * 0.6, 1.8 * frame.width / max(len(text), 4))), MIN_TEXT), MAX_TEXT)
    properties: dict[str, Property] = {
        "frame": frame, "color": colour, "background": False, "outline": bool(messages), "interactive": False,
        "textColor": ink, "textSize": size,
    }  # fmt: skip
    return node("LABEL", name, properties, values={"text": text}, messages=messages)


def node(
    kind: str, name: str, properties: dict[str, Property], *, values: dict[str, float] | dict[str, str] | None = None,
    messages: Iterable[ET.Element] = (), children: Iterable[ET.Element] = (), pull: int = 0,
) -> ET.Element:  # fmt: skip
    """Make a node of the tree; `pull` draws its values back to their defaults when it is let go."""
    found = ET.Element("node", ID=str(uuid.uuid5(NODE_IDS, name)), type=kind)
    held = ET.SubElement(found, "properties")
    for key, value in sorted({**properties, "name": name}.items()):
        held.append(property_element(key, value))
    holder = ET.SubElement(found, "values")
    for key, start in {**(values or {}), "touch": "false"}.items():
        entry = ET.SubElement(holder, "value")
        ET.SubElement(entry, "key").text = key
        ET.SubElement(entry, "locked").text = "0"
        ET.SubElement(entry, "lockedDefaultCurrent").text = "0"
        ET.SubElement(entry, "default").text = start if isinstance(start, str) else f"{start:.6g}"
        ET.SubElement(entry, "defaultPull").text = "0" if isinstance(start, str) else str(pull)
    for tag, elements in (("messages", list(messages)), ("children", list(children))):
        if elements:
            ET.SubElement(found, tag).extend(elements)
    return found


def property_element(key: str, value: Property) -> ET.Element:
    """Make a property with the letter of its type."""
    letters = {bool: "b", int: "i", float: "f", str: "s", Frame: "r", tuple: "c"}
    found = ET.Element("property", type=letters[type(value)])
    ET.SubElement(found, "key").text = key
    holder = ET.SubElement(found, "value")
    parts: dict[str, float] = {}
    if isinstance(value, Frame):
        parts = dict(zip("xywh", (value.x, value.y, value.width, value.height), strict=True))
    elif isinstance(value, tuple):
        parts = dict(zip("rgba", (*value, 1.0), strict=True))
    else:
        holder.text = str(int(value)) if isinstance(value, bool) else str(value)
    for tag, number in parts.items():
        ET.SubElement(holder, tag).text = f"{number:.6g}"
    return found
