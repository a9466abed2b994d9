"""Ableton Link between two processes, in a network namespace of their own: what applies of Link's TEST-PLAN."""

import importlib.util
import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tests.rig.conftest import need, own_network

NEAR_MS = 3.0


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a peer and the instrument played; see `link_peer.py`."""
    need("ip", "oscsend")
    if importlib.util.find_spec("link") is None:
        pytest.skip("LinkPython-extern not installed; pip install 'loopmorph[link]'")
    folder = tmp_path_factory.mktemp("link")
    command = [*own_network(), sys.executable, "-m", "tests.rig.link_peer", str(folder)]
    root = pathlib.Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(done.stdout))
    print("\nLink:", json.dumps({name: step for name, step in found.items() if name != "summary"}))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "tempi"),
    [
        ("joined", [126, 126]),
        ("peer set 140", [140, 140]),
        ("hand set 101.5", [101.5, 101.5]),
        ("third joined", [101.5, 101.5, 101.5]),
        ("peer set 300", [150, 300]),
        ("joined by another", [97, 97]),
    ],
)
def test_one_tempo_and_one_beat(report: dict[str, Any], step: str, tempi: list[float]) -> None:
    assert report[step]["tempi"] == tempi
    assert abs(report[step]["behind_ms"]["median"]) < NEAR_MS, report[step]


@pytest.mark.slow
def test_the_music_never_stopped(report: dict[str, Any]) -> None:
    counters = report["summary"]["counters"]
    assert counters["surface_failures"] == counters["control_restarts"] == counters["audio_restarts"] == 0
