"""An instrument that plays to nobody, and a browser on its page."""

import importlib
import pathlib
import shutil
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.rig.conftest import Pulse, need
from tests.rig.page.played_page import TABLET, Open

if TYPE_CHECKING:
    import playwright.sync_api as playwright


@pytest.fixture
def deaf(tmp_path: pathlib.Path) -> dict[str, str]:
    """Environment without any sound server."""
    return Pulse(tmp_path).environment


@pytest.fixture
def http_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def quiet(http_port: int, tmp_path: pathlib.Path) -> tuple[str, ...]:
    """What an instrument is started with that plays to nobody."""
    return "--device", "null", "--http-port", f"{http_port}", "--session", str(tmp_path / "set.json")


@pytest.fixture
def open_page(http_port: int) -> Iterator[Open]:
    """Open the page on a device; an error of its scripts fails the test."""
    need("chromium")
    errors: list[str] = []
    with importlib.import_module("playwright.sync_api").sync_playwright() as session:
        browser = session.chromium.launch(executable_path=shutil.which("chromium"))

        def begin(device: str = TABLET, *, at: str = "localhost", path: str = "/") -> "playwright.Page":
            look = {name: value for name, value in session.devices[device].items() if name != "default_browser_type"}
            page = browser.new_context(**look).new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(f"http://{at}:{http_port}{path}")
            return page

        yield begin
        browser.close()
    assert not errors
