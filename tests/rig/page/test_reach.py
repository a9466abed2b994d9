"""Everything that the page has is in reach of a finger, on a tablet and on phones, however they are held."""

from typing import TYPE_CHECKING

import pytest

from performer.controls import CONTROLS
from tests.rig.conftest import Start
from tests.rig.page.played_page import (
    FINGER_PX,
    LAPTOP,
    PHONE,
    TABLET,
    Open,
    wait_for_page,
)

if TYPE_CHECKING:
    import playwright.sync_api as playwright

pytest.importorskip("playwright.sync_api")


@pytest.mark.slow
def test_every_control_has_its_place_and_every_target_its_size(
    start: Start, deaf: dict[str, str], open_page: Open, quiet: tuple[str, ...]
) -> None:
    instrument = start(*quiet, environment=deaf)
    instrument.wait_for("playing drums")
    page = wait_for_page(open_page())
    placed = set(page.evaluate("[...document.querySelectorAll('[data-path]')].map(element => element.dataset.path)"))
    assert {row.path for row in CONTROLS} <= placed
    measure = """[...document.querySelectorAll('button, .slider, .pad, .tempo')].filter(element => element.offsetParent)
        .map(element => [element.className || element.id, element.offsetWidth, element.offsetHeight])"""
    for device in (TABLET, PHONE):
        page = page if device == TABLET else wait_for_page(open_page(device))
        page.locator("#deck-1").get_by_text("MORE").click()
        for _ in range(2):
            small = [entry for entry in page.evaluate(measure) if min(entry[1:]) < FINGER_PX - 0.5]
            assert not small, device
            page.locator("#deck-1 .turn").click()  # to what is behind it, and back
        width, seen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= seen
        page.locator("#deck-1").get_by_text("LESS").click()
    instrument.stop()


@pytest.mark.slow
@pytest.mark.parametrize("device", ["iPhone 13 landscape", "iPhone SE landscape", PHONE, TABLET, LAPTOP])
def test_everything_is_in_reach(
    start: Start, deaf: dict[str, str], open_page: Open, quiet: tuple[str, ...], device: str
) -> None:
    instrument = start(*quiet, environment=deaf)
    instrument.wait_for("playing drums")
    page = wait_for_page(open_page(device))
    if device == LAPTOP:
        page.set_viewport_size({"width": 1280, "height": 620})  # with the browser's bars
    inside = """[...document.querySelectorAll('#top > *, #tabs > *')].filter(element => element.offsetParent)
        .every(element => { const box = element.getBoundingClientRect();
            return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight })"""
    assert page.evaluate(inside)
    assert page.evaluate("document.querySelector('#deck-1').scrollTop") == 0  # it opens at its top
    for name in ("PANIC", "REC"):
        assert page.locator("#top").get_by_text(name).is_visible()
    assert page.locator("#top .setup").is_visible()
    for path in ("/deck/1/filter", "/deck/1/mute", "/deck/1/morph", "/deck/1/density"):
        assert hit(page, f"#deck-1 [data-path='{path}']") == path
    if page.locator("#tabs").is_visible():
        page.locator("#tabs").get_by_text("MIX").tap()
    for path in ("/scene/recall", "/crossfader", "/master/level"):
        assert hit(page, f"#dock [data-path='{path}']") == path
    instrument.stop()


def hit(page: "playwright.Page", selector: str) -> str | None:
    """Which control a finger meets in the middle of the first that is selected."""
    found = page.locator(selector).first
    found.scroll_into_view_if_needed()
    box = found.bounding_box()
    assert box
    place = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    path = page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.closest('[data-path]')?.dataset.path", place)
    return path if path is None else str(path)


@pytest.mark.slow
def test_devices_that_ask_can_be_sent_away(
    start: Start, deaf: dict[str, str], open_page: Open, quiet: tuple[str, ...]
) -> None:
    instrument = start(*quiet, environment=deaf)
    instrument.wait_for("playing drums")
    page = wait_for_page(open_page())
    addresses = [f"192.168.1.{number}" for number in range(1, 6)]
    page.evaluate("addresses => window.loopmorph.instrument.tell('asking', addresses)", addresses)
    asking = page.locator(".asking .notice span")
    assert asking.all_inner_texts() == [f"{address} wants to play by OSC" for address in addresses[3:]]
    page.locator(".asking").get_by_text("NOT NOW").first.click()
    page.evaluate("window.loopmorph.instrument.tell('lines', ['one', 'two', 'three', 'four'])")
    assert asking.all_inner_texts() == [f"192.168.1.{number} wants to play by OSC" for number in (3, 5)]
    instrument.stop()
