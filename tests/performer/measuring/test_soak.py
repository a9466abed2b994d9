import math
import pathlib
import subprocess
import sys
import time
from typing import cast

import numpy as np
import pytest

from performer.clock import TICKS_A_BEAT
from performer.controls import N_DECKS, SLOTS, find_control
from performer.desk.playback import Playback
from performer.measuring.soak import AROUND_S, STEP_S, Blame, ExactCount, moves, resident_mb, slope_an_hour, slopes
from performer.measuring.standstill import StandstillWatch
from performer.memory import Memory

TWENTY_MINUTES = round(20 * 60 / STEP_S)


def test_the_hand_stays_within_the_range_of_every_control_for_twenty_minutes() -> None:
    for step in range(TWENTY_MINUTES):
        for path, values in moves(step):
            assert find_control(path).accept(values) == values, (step, path)


def test_the_hand_moves_the_latents_of_every_deck() -> None:
    moved = {path: 0 for step in range(TWENTY_MINUTES) for path, _ in moves(step)}
    for name in ("level", "morph", "density", "filter", "send", "seed", "repeat"):
        assert {f"/deck/{deck}/{name}" for deck in range(1, N_DECKS + 1)} <= set(moved), name
    assert "/tempo" in moved


def test_the_hand_lets_go_of_every_beat_repeat() -> None:
    held = dict.fromkeys(range(1, N_DECKS + 1), 0.0)
    longest = run = 0
    for step in range(TWENTY_MINUTES):
        for path, values in moves(step):
            if path.endswith("/repeat"):
                held[int(path.split("/")[2])] = values[0]
        run = run + 1 if any(held.values()) else 0
        longest = max(longest, run)
    assert 0 < longest * STEP_S < 5


def grown_mb(code: str, *arguments: object) -> float:
    """By how much a fresh process grows while it runs some code: one that has freed memory before would use that."""
    lines = ["import os, sys", "import numpy as np", "from performer.measuring.soak import resident_mb",
             "before = resident_mb(os.getpid())", code, "print(resident_mb(os.getpid()) - before)"]  # fmt: skip
    command = [sys.executable, "-c", "\n".join(lines), *map(str, arguments)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_a_process_holds_memory_and_one_that_is_gone_none() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert resident_mb(gone.pid) == 0.0
    assert grown_mb("held = np.ones(4_000_000)") == pytest.approx(32, abs=4)


def test_memory_that_is_shared_or_only_asked_for_does_not_count(tmp_path: pathlib.Path) -> None:
    code = (
        "shared = np.memmap(sys.argv[1], np.uint8, mode='w+', shape=(32_000_000,))\n"
        "shared[:] = 1\n"
        "asked_for = np.empty(4_000_000)"
    )
    assert grown_mb(code, tmp_path / "shared") < 4


def test_the_slope_is_that_of_the_second_half() -> None:
    at_s = np.arange(0.0, 400, 10)
    grown = np.where(at_s < 200, 50.0, 100 + at_s / 3600)
    assert slope_an_hour(at_s.tolist(), grown.tolist()) == pytest.approx(1.0)
    assert slope_an_hour([0, 10, 20, 30], [1, 2, 3, 4]) is None


def test_the_slope_of_a_process_that_came_later_is_left_out() -> None:
    memories = [{"audio": 50.0, "worker": 400.0 + number} for number in range(8)] + [{"audio": 50.0}]
    assert slopes(list(range(0, 90, 10)), memories) == {"audio": 0.0}


class FakeWatch:
    is_still_at_s = math.inf

    def stood_still(self, since_s: float, until_s: float) -> bool:
        return since_s < self.is_still_at_s < until_s


def blame_of(*looks: tuple[float, int, float], still_at_s: float = math.inf) -> tuple[int, int]:
    """Underruns, and those of the machine, after looks: seconds from now, underruns counted, time stolen."""
    watch = FakeWatch()
    blame = Blame(cast(StandstillWatch, watch), underruns=3)
    blame.looked_s = now_s = time.monotonic()
    watch.is_still_at_s = now_s + still_at_s
    for at_s, counted, stolen_s in looks:
        blame.look(counted, now_s=now_s + at_s, stolen_s=stolen_s)
    return blame.underruns, blame.of_the_machine


def test_an_underrun_is_ours_unless_the_machine_stood_still_or_was_stolen_from_just_then() -> None:
    assert blame_of((0.05, 3, 7.0), (0.1, 3, 7.0)) == (0, 0)
    assert blame_of((0.05, 3, 7.0), (0.1, 5, 7.0)) == (2, 0)
    assert blame_of((0.05, 3, 7.0), (0.1, 5, 7.0), still_at_s=0.07) == (2, 2)
    assert blame_of((0.05, 3, 7.0), (0.1, 5, 7.01)) == (2, 2)
    late_s = 0.1 + 2 * AROUND_S
    assert blame_of((0.05, 3, 7.0), (0.1, 3, 7.01), (late_s, 3, 7.01), (late_s + 0.05, 4, 7.01)) == (1, 0)
    assert blame_of((0.05, 3, 7.0), (late_s, 3, 7.0), (late_s + 0.05, 4, 7.0), still_at_s=0.05) == (1, 0)


def play(memory: Memory) -> ExactCount:
    """A second and a half with changes of tempo and a nudge, counted twice."""
    playback, count = Playback(memory), ExactCount(memory)
    playback.position = 0
    block = np.zeros((256, 2), np.float32)
    for number in range(280):
        if number == 31:
            memory.state["controls"][0, SLOTS["/tempo"]] = 133.7
        if number == 99:
            memory.state["controls"][0, SLOTS["/nudge"]] = 0.3
        playback.render(block)
        count.follow()
    return count


def test_the_clock_does_not_drift_from_an_exact_count(memory: Memory) -> None:
    assert abs(play(memory).drift_samples()) < 1e-6


def test_a_clock_that_is_ahead_is_found(memory: Memory) -> None:
    count = play(memory)
    samples_a_tick = 48_000 * 60 / (133.7 * (1 + 0.04 * 0.3) * TICKS_A_BEAT)
    memory.state["clock_tick"][0] += 5 / samples_a_tick
    assert count.drift_samples() == pytest.approx(5, abs=1e-6)


def test_a_clock_that_does_not_run_has_no_drift(memory: Memory) -> None:
    assert ExactCount(memory).drift_samples() == 0.0
