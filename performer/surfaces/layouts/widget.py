"""What a layout is made of: widgets in frames on pages, each for a row of one of the three tables."""

import dataclasses
import enum

from performer.actions import ACTIONS_BY_PATH
from performer.controls import CONTROLS_BY_PATH, SLOTS, default_values
from performer.errors import PerformerError
from performer.readouts import READOUTS_BY_PATH

WIDTH, HEIGHT = 1194, 834
"""Points of an 11-inch iPad held sideways."""
TABS = 40
"""Points that the tabs take at the top."""
CAPTION = 16
"""Points of a caption above a widget."""

LIMITS: dict[str, tuple[float, float]] = {"seed": (0.0, 999.0), "walk": (0.0, 32.0)}
"""What a fader covers of a control whose whole range is too wide for a finger, by its name."""


class LayoutError(PerformerError):
    """A layout that cannot be made."""


class Kind(enum.Enum):
    """What a widget is."""

    PAD = "pad"
    """Two values by one finger."""
    FADER = "fader"
    TOGGLE = "toggle"
    """On or off."""
    PRESS = "press"
    """Sends its values when it is pressed."""
    METER = "meter"
    """A bar that nobody moves."""
    SHOW = "show"
    """A value as text."""
    LABEL = "label"
    """Words."""


CAPTIONED = (Kind.PAD, Kind.FADER, Kind.SHOW)
"""Widgets whose text stands above them, and not on them."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """A rectangle of a page, in points from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Frame") -> bool:
        """Whether two frames have more than an edge in common."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def within(self, width: float, height: float) -> bool:
        """Whether the frame lies on a page of that size."""
        return self.x >= 0 and self.y >= 0 and self.x + self.width <= width and self.y + self.height <= height

    def cells(self, n: int, *, across: bool, gap: float = 6.0) -> list["Frame"]:
        """Divide into `n` equal frames beside (`across`) or below each other."""
        if across:
            width = (self.width - gap * (n - 1)) / n
            return [Frame(self.x + i * (width + gap), self.y, width, self.height) for i in range(n)]
        height = (self.height - gap * (n - 1)) / n
        return [Frame(self.x, self.y + i * (height + gap), self.width, height) for i in range(n)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Widget:
    """One thing to touch or to see."""

    kind: Kind
    """What it is."""
    name: str
    """Its name, which no other of the layout has."""
    frame: Frame
    """Where it stands, its caption included."""
    colour: str
    """`#rrggbb`."""
    text: str = ""
    """What is written on it or above it."""
    path: str = ""
    """The OSC address of its row; none for words."""
    sent: tuple[float, ...] = ()
    """Values that it sends as they are: all of them (PRESS), or those before the one that it moves (FADER)."""
    index: int = 0
    """Which of the row's values it shows (METER, SHOW)."""

    @property
    def springs(self) -> bool:
        """Whether it goes back to its default when it is let go."""
        return self.path in CONTROLS_BY_PATH and CONTROLS_BY_PATH[self.path].springs

    @property
    def types(self) -> str:
        """OSC types of its row's values."""
        rows = CONTROLS_BY_PATH.get(self.path) or ACTIONS_BY_PATH.get(self.path) or READOUTS_BY_PATH[self.path]
        return rows.types

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest value that it moves through or shows."""
        if self.path in ACTIONS_BY_PATH:
            limits = ACTIONS_BY_PATH[self.path].limits
            return limits[min(len(self.sent), len(limits) - 1)]
        row = CONTROLS_BY_PATH.get(self.path) or READOUTS_BY_PATH[self.path]
        return LIMITS.get(self.path.rpartition("/")[2], (row.minimum, row.maximum))

    @property
    def default(self) -> tuple[float, ...]:
        """What it stands at before the instrument has said anything: its row's values at start, or nothing."""
        if self.path in SLOTS:
            return tuple(default_values()[SLOTS[self.path]].tolist())
        return (self.limits[0],) * len(self.types)

    @property
    def shares(self) -> tuple[float, ...]:
        """The default as shares of the range, 0 to 1."""
        low, high = self.limits
        return tuple(min(max((value - low) / (high - low), 0.0), 1.0) for value in self.default)

    @property
    def is_centered(self) -> bool:
        """Whether it moves to both sides of 0."""
        low, high = self.limits
        return low == -high

    @property
    def is_horizontal(self) -> bool:
        """Whether it lies."""
        return self.body.width > self.body.height

    @property
    def caption(self) -> Frame | None:
        """Where its text stands: above it or on it; None if it has none."""
        if not self.text:
            return None
        return dataclasses.replace(self.frame, height=CAPTION) if self.kind in CAPTIONED else self.frame

    @property
    def body(self) -> Frame:
        """What of its frame is itself."""
        frame = self.frame
        if not self.text or self.kind not in CAPTIONED:
            return frame
        return Frame(frame.x, frame.y + CAPTION, frame.width, frame.height - CAPTION)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """A screenful."""

    name: str
    """On its tab."""
    colour: str
    """Of its tab, `#rrggbb`."""
    widgets: tuple[Widget, ...]
    """What stands on it."""


def colour_shares(colour: str) -> tuple[float, float, float]:
    """Give red, green and blue of `#rrggbb`, 0 to 1."""
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


def check_pages(pages: tuple[Page, ...]) -> None:
    """Refuse widgets that share a name or a place, or lie outside their page.

    Raises
    ------
    LayoutError
        If there are any: the tables have more than the pages have room for.
    """
    names = [widget.name for page in pages for widget in page.widgets]
    for name in names:
        if names.count(name) > 1:
            raise LayoutError(f"layout has two widgets named {name!r}; each needs its own name; rename one in pages.py")
    for page in pages:
        for at, widget in enumerate(page.widgets):
            if not widget.frame.within(WIDTH, HEIGHT - TABS):
                raise LayoutError(f"{widget.name!r} does not lie on page {page.name!r}; make room in pages.py")
            for other in page.widgets[:at]:
                if widget.frame.overlaps(other.frame):
                    raise LayoutError(
                        f"{widget.name!r} lies on {other.name!r} on page {page.name!r}; make room in pages.py"
                    )
