"""The tables of controls, actions and readouts -> pages for an iPad: to perform on, for each deck, for the master."""

import dataclasses

from performer.actions import ACTIONS, Action
from performer.controls import CONTROLS, N_DECKS, Control
from performer.direction_names import COMPONENTS, FINE, NAMED, OWN
from performer.readouts import ALARMS
from performer.surfaces.layouts.widget import HEIGHT, TABS, WIDTH, Frame, Kind, Page, Widget, check_pages

DECK_COLOURS = ("#ff8a3d", "#3dc8ff", "#b98aff", "#7ddc5a")
MASTER_COLOUR, QUIET_COLOUR, ALARM_COLOUR = "#d8dce6", "#7c8496", "#ff5468"
PAGE_HEIGHT = HEIGHT - TABS
EDGE, GAP = 6.0, 6.0
DIRECTION_HEIGHT = 44.0
"""Points of a row of directions."""
A_ROW = 4
"""Directions in a row."""
N_SCENE_BUTTONS, N_SCENE_MORPHS, N_PRESET_BUTTONS = 16, 4, 8
FLIPS, REPEATS, SIDES, BARS = (
    ("now", "beat", "bar", "loop"),
    ("off", "1/4", "1/8", "1/16", "1/32"),
    ("L", "off", "R"),
    ("1", "2"),
)
TOGGLES = ("mute", "cue", "freeze")
READOUTS = ("pending", "loops", "margin")
EQUALIZER = ("low", "mid", "high", "filter")
PERFORMED = (*NAMED, *OWN)
"""Directions on the page to perform on."""


@dataclasses.dataclass
class Sheet:
    """A page that is being filled, or a part of one."""

    name: str
    """Of the page, and what its widgets' names begin with."""
    colour: str
    """Of what is put on it, if no other is given."""
    prefix: str = ""
    """What addresses that do not begin with `/` begin with."""
    widgets: list[Widget] = dataclasses.field(default_factory=list)
    """What stands on it."""

    def put(
        self, kind: Kind, path: str, frame: Frame, *, text: str | None = None, name: str = "", colour: str = "",
        sent: tuple[float, ...] = (), index: int = 0,
    ) -> None:  # fmt: skip
        """Put a widget in a frame; without a text its address is its text."""
        words = path.strip("/").replace("/", " ")
        self.widgets.append(
            Widget(
                kind=kind,
                name=f"{self.name} {name or words}",
                frame=frame,
                colour=colour or self.colour,
                text=words if text is None else text,
                path=path if path.startswith("/") else f"{self.prefix}{path}",
                sent=sent,
                index=index,
            )
        )

    def say(self, text: str, frame: Frame) -> None:
        """Write words in a frame."""
        widget = Widget(kind=Kind.LABEL, name=f"{self.name} {text}", frame=frame, colour=self.colour, text=text)
        self.widgets.append(widget)

    def meters(self, path: str, frame: Frame) -> None:
        """Put the meters of both channels beside each other."""
        for side, cell in enumerate(frame.cells(2, across=True, gap=2)):
            self.put(Kind.METER, path, cell, text="", name=f"meter {'LR'[side]}", index=side)

    def faders(self, paths: tuple[str, ...], frame: Frame, *, upright: bool = False) -> None:
        """Put faders below each other; or upright, beside each other."""
        for path, cell in zip(paths, frame.cells(len(paths), across=upright), strict=True):
            self.put(Kind.FADER, path, cell)

    def grid(self, paths: tuple[str, ...], frame: Frame) -> None:
        """Put faders in rows of `A_ROW`."""
        cells = [cell for row in frame.cells(rows_of(paths), across=False) for cell in row.cells(A_ROW, across=True)]
        for path, cell in zip(paths, cells, strict=False):
            self.put(Kind.FADER, path, cell)

    def choose(self, path: str, words: tuple[str, ...], frame: Frame, *, first: int = 0, rows: int = 1) -> None:
        """Put a button a choice in rows, and above them the present one."""
        head = Frame(frame.x, frame.y, frame.width, 36)
        self.put(Kind.SHOW, path, head, name=f"{path} shown", colour=QUIET_COLOUR)
        rest = Frame(frame.x, frame.y + 38, frame.width, frame.height - 38)
        a_row = len(words) // rows
        cells = [cell for row in rest.cells(rows, across=False, gap=4) for cell in row.cells(a_row, across=True, gap=4)]
        for number, (word, cell) in enumerate(zip(words, cells, strict=True), start=first):
            self.put(Kind.PRESS, path, cell, text=word, name=f"{path} {word}", sent=(float(number),))

    def page(self) -> Page:
        """Give the page as it is now."""
        return Page(name=self.name, colour=self.colour, widgets=tuple(self.widgets))


def rows_of(paths: tuple[str, ...]) -> int:
    """Tell how many rows `Sheet.grid` has."""
    return -(-len(paths) // A_ROW)


def make_pages() -> tuple[Page, ...]:
    """Make all pages.

    Returns
    -------
    tuple of Page
        To perform on, one a deck, and the master's.

    Raises
    ------
    LayoutError
        If the tables have more than there is room for.
    """
    pages = (perform_page(), *(deck_page(deck) for deck in range(1, N_DECKS + 1)), master_page())
    check_pages(pages)
    return pages


def perform_page() -> Page:
    """Make the page to perform on: a column a deck, and the master below."""
    sheet = Sheet("Perform", MASTER_COLOUR)
    columns = Frame(EDGE, EDGE, WIDTH - 2 * EDGE, 706).cells(N_DECKS, across=True, gap=10)
    for deck, column in enumerate(columns, start=1):
        perform_column(sheet, deck, column)
    below = [("/crossfader", 330.0), ("/tempo", 250.0), ("/nudge", 150.0), ("/master/level", 150.0)]
    x, y = EDGE, 722.0
    for path, width in below:
        sheet.put(Kind.FADER, path, Frame(x, y, width, 66))
        x += width + GAP
    rest = Frame(x, y, WIDTH - EDGE - x, 66).cells(3, across=True)
    sheet.put(Kind.SHOW, "/tempo", rest[0], text="BPM", name="tempo now")
    sheet.put(Kind.PRESS, "/tap", rest[1], sent=(1.0,))
    sheet.put(Kind.TOGGLE, "/panic", rest[2], colour=ALARM_COLOUR)
    return sheet.page()


def perform_column(sheet: Sheet, deck: int, column: Frame) -> None:
    """Put pad, directions and strip of a deck."""
    own = Sheet(f"{sheet.name} {deck}", DECK_COLOURS[deck - 1], f"/deck/{deck}/", sheet.widgets)
    x, width = column.x, column.width
    own.say(f"Deck {deck}", Frame(x, column.y, 110, 24))
    own.put(Kind.METER, "playhead", Frame(x + 116, column.y, width - 116, 24), text="")
    below = DIRECTION_HEIGHT * rows_of(PERFORMED)
    own.put(Kind.PAD, "morph", Frame(x, column.y + 30, width, 360 - below))
    own.grid(PERFORMED, Frame(x, column.y + 396 - below, width, below))
    strip = Frame(x, column.y + 402, width, 246)
    own.put(Kind.FADER, "level", Frame(x, strip.y, 70, strip.height))
    own.meters("meter", Frame(x + 76, strip.y + 16, 34, strip.height - 16))
    own.faders(EQUALIZER, Frame(x + 116, strip.y, width - 116, strip.height), upright=True)
    buttons = Frame(x, column.y + 654, width, 52).cells(len(TOGGLES) + 1, across=True)
    for name, cell in zip(TOGGLES, buttons, strict=False):
        own.put(Kind.TOGGLE, name, cell)
    own.put(Kind.PRESS, "undo", buttons[-1], sent=(1.0,))


def deck_page(deck: int) -> Page:
    """Make the page of everything of one deck."""
    sheet = Sheet(f"Deck {deck}", DECK_COLOURS[deck - 1], f"/deck/{deck}/")
    sheet.say(f"Deck {deck} playhead", Frame(EDGE, EDGE, 150, 30))
    sheet.put(Kind.METER, "playhead", Frame(162, EDGE, WIDTH - EDGE - 162, 30), text="")
    left, middle, right = Frame(EDGE, 42, 400, 746), Frame(418, 42, 384, 746), Frame(814, 42, 374, 746)
    deck_latent(sheet, left)
    deck_shape(sheet, middle)
    deck_strip(sheet, right)
    for name, cell in zip(READOUTS, Frame(right.x, 670, right.width, 40).cells(3, across=True), strict=True):
        sheet.put(Kind.SHOW, name, cell, colour=QUIET_COLOUR)
    controls = tuple(row for row in CONTROLS if row.path.startswith(sheet.prefix))
    actions = tuple(row for row in ACTIONS if row.deck == deck)
    put_others(sheet, controls, actions, Frame(right.x, 716, right.width, 72))
    return sheet.page()


def deck_latent(sheet: Sheet, area: Frame) -> None:
    """Put what says where the deck is in its model."""
    pads = Frame(area.x, area.y, area.width, 294).cells(2, across=True)
    for name, cell in zip(("morph", "timbre"), pads, strict=True):
        sheet.put(Kind.PAD, name, cell)
    sheet.put(Kind.FADER, "split", Frame(area.x, area.y + 300, area.width - 110, 46))
    sheet.put(Kind.TOGGLE, "hold", Frame(area.x + area.width - 104, area.y + 300, 104, 46))
    row = Frame(area.x, area.y + 352, area.width, 44).cells(5, across=True)
    for corner, cell in enumerate(row[:4]):
        sheet.put(Kind.PRESS, "pin", cell, text=f"pin {corner + 1}", name=f"pin {corner + 1}", sent=(corner + 1.0,))
    sheet.put(Kind.PRESS, "corners", row[4], text="unpin", name="unpin", sent=(-1.0,) * 4)
    for corner, cell in enumerate(Frame(area.x, area.y + 402, area.width, 22).cells(5, across=True)[:4]):
        sheet.put(Kind.SHOW, "corners", cell, text="", name=f"corner {corner + 1}", index=corner, colour=QUIET_COLOUR)
    shown = Frame(area.x + area.width - 76, area.y + 430, 76, 60)
    sheet.put(Kind.FADER, "seed", Frame(area.x, shown.y, area.width - 82, shown.height))
    sheet.put(Kind.SHOW, "seed", shown, text="now", name="seed now", colour=QUIET_COLOUR)
    sheet.faders(("walk", "drift", "glide", "psi"), Frame(area.x, area.y + 496, area.width, 196))
    presets = Frame(area.x, area.y + 698, area.width, 48).cells(N_PRESET_BUTTONS, across=True)
    for number, cell in enumerate(presets, start=1):
        name, sent = f"preset {number}", (float(number),)
        sheet.put(Kind.PRESS, "preset", cell, text=f"P{number}", name=name, sent=sent)


def deck_shape(sheet: Sheet, area: Frame) -> None:
    """Put directions, places in the stereo image, and what is chosen."""
    sheet.grid((*PERFORMED, *FINE, *COMPONENTS, "spread", "width"), Frame(area.x, area.y, area.width, 264))
    sheet.put(Kind.PAD, "balance", Frame(area.x, area.y + 270, 184, 162))
    sheet.faders(("transpose", "rotate", "trim"), Frame(area.x + 190, area.y + 270, area.width - 190, 162))
    models = tuple(str(number) for number in range(16))
    sheet.choose("model", models, Frame(area.x, area.y + 438, area.width, 120), rows=2)
    flips, repeats = Frame(area.x, area.y + 564, area.width, 96).cells(2, across=True)
    sheet.choose("flip", FLIPS, flips)
    sheet.choose("repeat", REPEATS, repeats)
    actions = ("undo", "redo", "star", "cancel")
    for name, cell in zip(actions, Frame(area.x, area.y + 666, area.width, 80).cells(4, across=True), strict=True):
        sheet.put(Kind.PRESS, name, cell, sent=(1.0,))


def deck_strip(sheet: Sheet, area: Frame) -> None:
    """Put the strip of the mixer, and what it is switched to."""
    height = 470.0
    sheet.put(Kind.FADER, "level", Frame(area.x, area.y, 84, height))
    sheet.meters("meter", Frame(area.x + 90, area.y + 16, 44, height - 16))
    rest = Frame(area.x + 140, area.y, area.width - 140, height)
    sheet.faders((*EQUALIZER, "send"), rest, upright=True)
    for name, cell in zip(TOGGLES, Frame(area.x, area.y + 476, area.width, 60).cells(3, across=True), strict=True):
        sheet.put(Kind.TOGGLE, name, cell)
    sides, bars = Frame(area.x, area.y + 542, area.width, 80).cells(2, across=True)
    sheet.choose("assign", SIDES, sides, first=-1)
    sheet.choose("bars", BARS, bars, first=1)


def put_others(sheet: Sheet, controls: tuple[Control, ...], actions: tuple[Action, ...], area: Frame) -> None:
    """Put faders, switches and buttons for what the tables have and no other place is for."""
    placed = {widget.path for widget in sheet.widgets if widget.kind not in (Kind.SHOW, Kind.METER)}
    buttons = [row for row in actions if row.is_button and row.path not in placed]
    others: list[Control | Action] = [*(row for row in controls if row.path not in placed), *buttons]
    lines = area.cells(max(-(-len(others) // 3), 1), across=False)
    cells = [cell for line in lines for cell in line.cells(3, across=True)]
    for row, cell in zip(others, cells, strict=False):
        kind = Kind.PRESS if isinstance(row, Action) else Kind.TOGGLE if row.is_switch else Kind.FADER
        sent = (1.0,) if kind is Kind.PRESS else ()
        sheet.put(
            kind, row.path, cell, text=row.path.removeprefix(sheet.prefix).strip("/").replace("/", " "), sent=sent
        )


def master_page() -> Page:
    """Make the page of what is behind the decks: master, echo, headphones, recorder, scenes, and what was counted."""
    sheet = Sheet("Master", MASTER_COLOUR)
    left, right = Frame(EDGE, EDGE, 586, PAGE_HEIGHT - 2 * EDGE), Frame(602, EDGE, 586, PAGE_HEIGHT - 2 * EDGE)
    sheet.faders(("/crossfader", "/tempo"), Frame(left.x, left.y, left.width, 132))
    sheet.put(Kind.FADER, "/nudge", Frame(left.x, left.y + 138, 380, 62))
    sheet.put(Kind.SHOW, "/tempo", Frame(left.x + 386, left.y + 138, 97, 62), text="BPM", name="tempo now")
    sheet.put(Kind.PRESS, "/tap", Frame(left.x + 489, left.y + 138, 97, 62), sent=(1.0,))
    upright = ("/master/level", "/cue/level", "/echo/time", "/echo/feedback", "/echo/level")
    sheet.faders(upright, Frame(left.x, left.y + 206, 470, 338), upright=True)
    sheet.meters("/master/meter", Frame(left.x + 476, left.y + 222, 110, 322))
    sheet.put(Kind.TOGGLE, "/record", Frame(left.x, left.y + 656, 290, 60), colour=ALARM_COLOUR)
    sheet.put(Kind.TOGGLE, "/panic", Frame(left.x + 296, left.y + 656, 290, 60), colour=ALARM_COLOUR)
    shown = Frame(left.x, left.y + 722, left.width, 60).cells(3, across=True)
    for path, cell in zip(("/beat", "/master/loudness", "/recorded"), shown, strict=True):
        sheet.put(Kind.SHOW, path, cell, colour=QUIET_COLOUR)
    controls = tuple(row for row in CONTROLS if not row.path.startswith("/deck/"))
    actions = tuple(row for row in ACTIONS if not row.deck)
    put_others(sheet, controls, actions, Frame(left.x, left.y + 550, left.width, 100))
    put_scenes(sheet, right)
    alarms = Frame(right.x, right.y + 656, right.width, 126).cells(2, across=False)
    cells = [cell for row in alarms for cell in row.cells((len(ALARMS) + 1) // 2, across=True)]
    for name, cell in zip(ALARMS, cells, strict=False):
        sheet.put(Kind.SHOW, f"/count/{name}", cell, text=name.replace("_", " "), colour=QUIET_COLOUR)
    return sheet.page()


def put_scenes(sheet: Sheet, area: Frame) -> None:
    """Buttons to recall and to save the first scenes, and faders to morph to them."""
    tops = {"recall": 0.0, "save": 242.0}
    for verb, top in tops.items():
        sheet.say(f"{verb} a scene", Frame(area.x, area.y + top, area.width, 20))
        rows = Frame(area.x, area.y + top + 24, area.width, 206).cells(2, across=False)
        cells = [cell for row in rows for cell in row.cells(N_SCENE_BUTTONS // 2, across=True)]
        colour = ALARM_COLOUR if verb == "save" else sheet.colour
        for scene, cell in enumerate(cells, start=1):
            name, sent = f"{verb} {scene}", (float(scene),)
            sheet.put(Kind.PRESS, f"/scene/{verb}", cell, text=f"{scene}", name=name, sent=sent, colour=colour)
    rows = Frame(area.x, area.y + 484, area.width, 166).cells(2, across=False)
    cells = [cell for row in rows for cell in row.cells(N_SCENE_MORPHS // 2, across=True)]
    for scene, cell in enumerate(cells, start=1):
        text = f"morph to scene {scene}"
        sheet.put(Kind.FADER, "/scene/morph", cell, text=text, name=f"morph {scene}", sent=(float(scene),))
