"""The tree that OSCQuery shows: every control, action and readout, with type, range, unit and description."""

import functools
import math
from collections.abc import Mapping
from typing import Any

from performer.actions import ACTIONS, Action
from performer.controls import CONTROLS, Control
from performer.readouts import READOUTS, Readout

Node = dict[str, Any]
ROWS: tuple[Control | Action | Readout, ...] = (*CONTROLS, *ACTIONS, *READOUTS)
READ, WRITE, BOTH = 1, 2, 3
"""What may be done with a value; a branch has none."""
BRANCHES = {
    "/": "Loopmorph",
    "/deck": "Decks, counted from 1.",
    "/master": "Behind the decks.",
    "/scene": "Everything, saved and set at once.",
    "/count": "What was counted since the start.",
}
ATTRIBUTES = frozenset({"FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE"})
"""What can be asked of an address."""


def describe(row: Control | Action | Readout) -> Node:
    """Describe an address, all but its present value.

    Parameters
    ----------
    row : Control or Action or Readout
        Its row of the table.

    Returns
    -------
    dict
        Its attributes; those that hold a value for each argument are lists.

    References
    ----------
    OSCQuery proposal, https://github.com/Vidvox/OSCQueryProposal, "Attributes".
    """
    limits = row.limits if isinstance(row, Action) else ((row.minimum, row.maximum),) * len(row.types)
    numbers = [
        [int(limit) if kind == "i" else limit for limit in pair] for kind, pair in zip(row.types, limits, strict=True)
    ]
    node: Node = {
        "FULL_PATH": row.path,
        "TYPE": row.types,
        "ACCESS": WRITE if isinstance(row, Action) else READ if isinstance(row, Readout) else BOTH,
        "DESCRIPTION": row.help,
        "RANGE": [{"MIN": low, "MAX": high} for low, high in numbers],
    }
    if row.unit:
        node["UNIT"] = [row.unit] * len(row.types)
    if isinstance(row, Control):
        node["CLIPMODE"] = ["both"] * len(row.types)
    return node


@functools.cache
def nodes() -> Mapping[str, Node]:
    """Make all nodes of the tree, by address; those that lead to others hold them in `CONTENTS`."""
    made: dict[str, Node] = {"/": {"FULL_PATH": "/", "ACCESS": 0, "CONTENTS": {}, "DESCRIPTION": BRANCHES["/"]}}
    for row in ROWS:
        above = made["/"]
        names = row.path.strip("/").split("/")
        for depth, name in enumerate(names, start=1):
            path = "/" + "/".join(names[:depth])
            if path not in made:
                text = BRANCHES.get(path, " ".join(names[:depth]).capitalize() + ".")
                made[path] = {"FULL_PATH": path, "ACCESS": 0, "CONTENTS": {}, "DESCRIPTION": text}
            above.setdefault("CONTENTS", {})[name] = made[path]
            above = made[path]
        del above["CONTENTS"]
        above.update(describe(row))
    return made


def as_json(kind: str, value: float) -> float | None:
    """Give a value as JSON can hold it; None for what is no number."""
    if not math.isfinite(value):
        return None
    return int(value) if kind == "i" else value


def show(path: str, present: Mapping[str, tuple[float, ...]], *, labels: Mapping[str, str]) -> Node | None:
    """Show an address and all below it, with present values.

    Parameters
    ----------
    path : str
        Where.
    present : mapping
        From `feed.read_all`.
    labels : mapping
        From `repertoire.direction_labels`: directions that do nothing now are left out of what lies above them.

    Returns
    -------
    dict or None
        Attributes; None if there is no such address.
    """

    def fill(node: Node) -> Node:
        filled, label = dict(node), labels.get(node["FULL_PATH"])
        if "CONTENTS" in node:
            below = node["CONTENTS"].items()
            filled["CONTENTS"] = {name: fill(found) for name, found in below if labels.get(found["FULL_PATH"]) != ""}
        if label and not node["FULL_PATH"].endswith(f"/{label}"):
            filled["DESCRIPTION"] = f"{label}: {node['DESCRIPTION']}"
        if node["FULL_PATH"] in present:
            pairs = zip(node["TYPE"], present[node["FULL_PATH"]], strict=True)
            filled["VALUE"] = [as_json(kind, value) for kind, value in pairs]
        return filled

    node = nodes().get(path)
    return None if node is None else fill(node)
