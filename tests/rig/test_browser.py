"""The browser as loudspeaker: a real Chromium plays what the instrument sends."""

import pathlib
import re
import shutil
from collections.abc import Iterator

import pytest

from tests.rig.conftest import Instrument, Pulse, Start, need

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture
def deaf(tmp_path: pathlib.Path) -> dict[str, str]:
    """Environment without any sound server."""
    return Pulse(tmp_path).environment


@pytest.fixture
def page() -> Iterator["playwright.Page"]:
    need("chromium")
    with playwright.sync_playwright() as session:
        browser = session.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser.new_page()
        browser.close()


def address(instrument: Instrument) -> str:
    instrument.wait_for("playing drums")
    found = re.search(r"open (http://127\.0\.0\.1:\d+/) and press Play", instrument.log.read_text())
    assert found, instrument.log.read_text()
    return found[1]


@pytest.mark.slow
def test_chromium_plays_without_a_gap_and_goes_on_after_a_restart(
    start: Start, deaf: dict[str, str], page: "playwright.Page", tmp_path: pathlib.Path
) -> None:
    instrument = start("--device", "browser", "--http-port", "18800", environment=deaf)
    page.goto(address(instrument))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("window.loudspeaker.blocks > 100 && window.loudspeaker.peak > 0.01")
    figures = page.evaluate("window.loudspeaker")
    print(figures)
    assert figures["gaps"] <= 1  # headless Chromium's clock may stumble once as it starts
    assert "ahead" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").click()
    page.screenshot(path=tmp_path / "loudspeaker.png")
    assert instrument.stop()["counters"]["underruns"] == 0


@pytest.mark.slow
def test_a_machine_without_sound_device_says_so_in_one_line_and_serves_the_browser(
    start: Start, deaf: dict[str, str]
) -> None:
    import os
    import subprocess
    import sys

    code = "from performer.output.sound_device import list_devices; print(len(list_devices()))"
    count = subprocess.run([sys.executable, "-c", code], env={**os.environ, **deaf}, capture_output=True, text=True)
    if count.stdout.strip() != "0":
        pytest.skip("this machine has a sound device")
    instrument = start("--http-port", "18801", environment=deaf)
    address(instrument)
    lines = [line for line in instrument.log.read_text().splitlines() if "sound device" in line]
    assert len(lines) == 1
    assert lines[0].endswith("this machine has no sound device; the browser is the loudspeaker instead")
    instrument.stop()
