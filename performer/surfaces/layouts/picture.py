"""Pages -> a picture of them, to judge a layout by."""

import io
import math
from typing import TYPE_CHECKING

from performer.errors import PerformerError
from performer.surfaces.layouts.widget import HEIGHT, TABS, WIDTH, Frame, Kind, Page, Widget

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, PAPER = "#e8eaf0", "#101216"
COLUMNS = 2
POINTS_AN_INCH = 110.0


def write_picture(pages: tuple[Page, ...]) -> bytes:
    """Draw the pages beside each other.

    Parameters
    ----------
    pages : tuple of Page
        From `pages.make_pages`.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    PerformerError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - a tool of developers
    except ImportError as error:
        raise PerformerError(
            "matplotlib is not installed; it is needed to draw a layout; pip install matplotlib, or write a .tosc file"
        ) from error
    rows = math.ceil(len(pages) / COLUMNS)
    size = (COLUMNS * WIDTH / POINTS_AN_INCH, rows * HEIGHT / POINTS_AN_INCH)
    figure = Figure(figsize=size, facecolor=PAPER, layout="constrained")
    axes = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    for axis in axes:
        axis.set_axis_off()
    for axis, page in zip(axes, pages, strict=False):
        draw_page(axis, page)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=90)
    return file.getvalue()


def draw_page(axis: "Axes", page: Page) -> None:
    """Draw one page, upright as it is held."""
    axis.set_xlim(-4, WIDTH + 4)
    axis.set_ylim(HEIGHT - TABS + 4, -TABS)
    axis.set_aspect("equal")
    fill(axis, Frame(0, 0, WIDTH, HEIGHT - TABS), INK, alpha=0.04)
    axis.text(2, -10, page.name, color=page.colour, fontsize=11, weight="bold")
    for widget in page.widgets:
        draw_widget(axis, widget)


def fill(axis: "Axes", frame: Frame, colour: str, *, alpha: float) -> None:
    """Draw a rectangle."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - as above

    shape = Rectangle((frame.x, frame.y), frame.width, frame.height, facecolor=colour, alpha=alpha, linewidth=0)
    axis.add_patch(shape)


def draw_widget(axis: "Axes", widget: Widget) -> None:
    """Draw one widget, standing at its default."""
    body = widget.body
    if widget.kind is not Kind.LABEL:
        fill(axis, body, widget.colour, alpha=0.55 if widget.kind is Kind.PRESS else 0.2)
    if widget.kind is Kind.PAD:
        right, up = widget.shares
        place = (body.x + right * body.width, body.y + (1 - up) * body.height)
        axis.plot(*place, "o", color=widget.colour, markersize=7)
    if widget.kind is Kind.FADER:
        draw_bar(axis, widget, widget.shares[-1])
    if widget.kind is Kind.METER:
        draw_bar(axis, widget, 0.6)
    if widget.caption is not None:
        middle = (widget.caption.x + widget.caption.width / 2, widget.caption.y + widget.caption.height / 2)
        size = min(7.0, 1.25 * widget.caption.width / max(len(widget.text), 3))
        axis.text(*middle, widget.text, color=INK, fontsize=size, ha="center", va="center")


def draw_bar(axis: "Axes", widget: Widget, share: float) -> None:
    """Fill a fader as far as it stands, from its middle if it moves to both sides."""
    body, origin = widget.body, 0.5 if widget.is_centered else 0.0
    low, high = min(share, origin) - 0.006, max(share, origin) + 0.006
    if widget.is_horizontal:
        bar = Frame(body.x + low * body.width, body.y, (high - low) * body.width, body.height)
    else:
        bar = Frame(body.x, body.y + (1 - high) * body.height, body.width, (high - low) * body.height)
    fill(axis, bar, widget.colour, alpha=0.8)
