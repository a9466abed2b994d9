"""The page as a hand plays it: fingers, moves, and what is seen."""

import os
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from performer.controls import SLOTS
from tests.rig.conftest import Instrument, wait_until

if TYPE_CHECKING:
    import playwright.sync_api as playwright

Open = Callable[..., Any]
TABLET = "iPad Pro 11 landscape"
PHONE = "iPhone 13"
LAPTOP = "Desktop Chrome"
"""1280 by 720."""
FINGER_PX = 44
"""Least size of what a finger is to hit."""
DOCS = pathlib.Path(__file__).parents[3] / "docs"
BRIGHT = """[...document.querySelectorAll('.spectrogram canvas:first-child')].map(canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((level, place) => place % 4 < 3 && level > 90).length / data.length })"""
"""How much of each deck's spectrogram is bright."""
WAITING = """(() => { const canvas = document.querySelector('#deck-4 .waiting');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((level, place) => place % 4 === 3 && level > 0).length * 4 / data.length })()"""
"""How much of the fourth deck's spectrogram is framed and dimmed."""


def wait_for_page(page: "playwright.Page") -> "playwright.Page":
    """Wait until the page is built, is told everything, and shows what sounds."""
    become(page, "!document.body.classList.contains('is-away') && window.loopmorph.instrument.values.has('alive')")
    return page


def become(page: "playwright.Page", condition: str) -> None:
    """Wait until a condition holds. (Playwright's own way is to call eval, which the page's policy forbids.)"""
    wait_until(lambda: bool(page.evaluate(condition)), what=condition)


def control(instrument: Instrument, path: str) -> list[float]:
    return [float(value) for value in instrument.memory.state["controls"][0, SLOTS[path]]]


def tell(page: "playwright.Page", **moves: list[float]) -> None:
    page.evaluate("moves => { for (const path in moves) window.loopmorph.instrument.set(path, moves[path]) }", moves)


def take_picture(page: "playwright.Page", name: str) -> None:
    """Write a picture of the README, if that is wanted: LOOPMORPH_SCREENSHOTS=1."""
    if os.environ.get("LOOPMORPH_SCREENSHOTS"):
        page.screenshot(path=DOCS / f"page-{name}.png", scale="css")


def middle(page: "playwright.Page", selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


class Fingers:
    """Real touches, several at once."""

    def __init__(self, page: "playwright.Page") -> None:
        self.devtools = page.context.new_cdp_session(page)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        numbered = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": numbered})


def alikeness(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.mean(axis=1), second.mean(axis=1))[0, 1])


def play_all(page: "playwright.Page") -> None:
    """Bring in all four decks, each somewhere else."""
    for deck, (right, up) in enumerate([(0.35, 0.6), (0.7, 0.3), (0.2, 0.8), (0.55, 0.5)], start=1):
        start = f"/deck/{deck}"
        tell(page, **{f"{start}/level": [0.6 + 0.05 * deck], f"{start}/morph": [right, up]})
        tell(page, **{f"{start}/density": [deck - 2.5], f"{start}/balance": [up, right]})
    tell(page, **{"/deck/2/low": [0], "/deck/3/filter": [-0.4], "/deck/1/bass": [1.2], "/crossfader": [-0.3]})
    tell(page, **{"/deck/4/flip": [3], "/deck/4/assign": [1], "/deck/2/assign": [-1], "/deck/3/cue": [1]})
