"""A machine without a sound device plays through the browser; the page itself is in `test_page.py`."""

import os
import pathlib
import subprocess
import sys

import pytest

from tests.rig.conftest import Pulse, Start


@pytest.fixture
def deaf(tmp_path: pathlib.Path) -> dict[str, str]:
    """Environment without any sound server."""
    return Pulse(tmp_path).environment


@pytest.mark.slow
def test_a_machine_without_sound_device_says_so_in_one_line_and_serves_the_browser(
    start: Start, deaf: dict[str, str]
) -> None:
    code = "from performer.output.sound_device import list_devices; print(len(list_devices()))"
    count = subprocess.run([sys.executable, "-c", code], env={**os.environ, **deaf}, capture_output=True, text=True)
    if count.stdout.strip() != "0":
        pytest.skip("this machine has a sound device")
    instrument = start("--http-port", "18801", environment=deaf)
    instrument.wait_for("playing drums")
    assert "open http://localhost:18801/ and press Play" in instrument.log.read_text()
    lines = [line for line in instrument.log.read_text().splitlines() if "sound device" in line]
    assert len(lines) == 1
    assert lines[0].endswith("this machine has no sound device; the browser is the loudspeaker instead")
    instrument.stop()
