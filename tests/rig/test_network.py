"""A network that comes after the instrument has started, in a namespace of its own."""

import json
import pathlib
import subprocess
import sys

import pytest

from tests.rig.conftest import need, own_network


@pytest.mark.slow
def test_a_tablet_is_let_in_on_a_network_that_comes_later_and_on_another_one(tmp_path: pathlib.Path) -> None:
    need("ip")
    command = [*own_network(), sys.executable, "-m", "tests.rig.network_visit", str(tmp_path)]
    root = pathlib.Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["visits"] == {"192.168.77.5": [200, 403], "10.9.9.9": [200, 403]}
    assert (found["counters"]["underruns"], found["counters"]["surface_failures"]) == (0, 0)
