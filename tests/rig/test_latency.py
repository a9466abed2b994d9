"""From hand to sound on a real sound server: that everything is found there, not how long it takes."""

import json
import subprocess
import sys

import pytest

from performer.measuring.latency import LOUD_DB, SCENARIOS
from tests.rig.conftest import Pulse

MOVES = 4


@pytest.mark.slow
def test_every_move_is_heard_and_agrees_with_what_the_instrument_says(pulse: Pulse) -> None:
    command = ["bench", "latency", "--moves", f"{MOVES}", "--osc-port", "19129", "--latency-ms", "40", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "performer.cli", *command],
        env=pulse.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    print(measured)
    assert [row["name"] for row in measured["latency"]] == [scenario.name for scenario in SCENARIOS]
    for row in measured["latency"]:
        assert (row["moves"], row["missed"]) == (MOVES, 0)
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert row["played_p50_ms"] <= row["played_p95_ms"] <= row["played_p99_ms"]
        assert row["threshold_db"] == LOUD_DB  # drawing the same anew makes no difference that could hide a move
        assert 1 < row["sink_ms"] < 200
    assert measured["summary"]["counters"]["render_failures"] == 0
    assert measured["summary"]["counters"]["osc_refused"] == 0
