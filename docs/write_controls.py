"""Write `docs/controls.md` from the table of controls: `python docs/write_controls.py`."""

import pathlib

from performer.actions import ACTIONS, Action
from performer.controls import CONTROLS, Control

HEAD = """# Controls

Written from the tables in `performer/controls.py` and `actions.py` by `python docs/write_controls.py`; a test holds
it. Each row is an OSC address (UDP port 9000), a MIDI channel and controller, and an argument of `loopmorph set`.
Decks 2, 3 and 4 are as deck 1, with their own number in the address and as MIDI channel. Values beyond their range are
clipped.
"""


def table(controls: list[Control]) -> list[str]:
    """Write rows as a Markdown table."""
    lines = ["| address | values | at start | MIDI channel: CC | what it does |", "|---|---|---|---|---|"]
    for control in controls:
        start = " ".join(f"{value:g}" for value in control.default)
        values = control.describe_range() + (f", {len(control.types)} of them" if len(control.types) > 1 else "")
        lines.append(f"| `{control.path}` | {values} | {start} | {control.describe_midi()} | {control.help} |")
    return lines


def action_table(actions: list[Action]) -> list[str]:
    """Write actions as a Markdown table."""
    lines = ["| address | values | MIDI channel: notes, CC | what it does |", "|---|---|---|---|"]
    cells = [(f"`{action.path}`", action.describe_range(), action.describe_midi(), action.help) for action in actions]
    return lines + [f"| {' | '.join(row)} |" for row in cells]


def page() -> str:
    """Write the whole page."""
    deck = [control for control in CONTROLS if control.path.startswith("/deck/1/")]
    master = [control for control in CONTROLS if not control.path.startswith("/deck/")]
    return "\n".join([HEAD, "## A deck", "", *table(deck), "", "## All decks", "", *table(master), "",
                      "## Actions", "", "Done once, when a button is pressed.", "",
                      *action_table([action for action in ACTIONS if action.deck <= 1]), ""])  # fmt: skip


if __name__ == "__main__":
    pathlib.Path(__file__).with_name("controls.md").write_text(page())
