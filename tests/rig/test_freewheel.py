"""Long sets in little time: JACK lets its clock run free, as fast as the instrument can play."""

import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from performer.controls import SLOTS
from performer.desk.clips import publish
from performer.desk.playback import Playback
from performer.measuring.soak import ExactCount
from performer.memory import N_LOOPS, Memory, running_instruments
from tests.performer.conftest import loop_clips
from tests.rig.conftest import RATE, Start, need

LOOP = 4 * RATE
HOUR = 3600 * RATE
LONGEST_S = 100.0
"""Wall clock time: 33 minutes of music on two cores with a load of 3, 12 with one of 10."""
LEAST = 120 * RATE
"""Samples that any machine must have played in it."""


class Ear:
    """`jack_ear.py` at the instrument's left channel."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__).with_name("jack_ear.py")), "PortAudio:out_0"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.answer() == "ready"

    def answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self, *words: object) -> int:
        """Samples heard so far."""
        assert self.process.stdin
        print(*words, file=self.process.stdin, flush=True)
        return int(self.answer())

    def hear_loop(self, path: pathlib.Path) -> tuple[np.ndarray, int]:
        """The newest turn of a loop, and the count of samples at its end."""
        end = self.ask("save", path)
        return np.load(path)[-LOOP:], end

    def close(self) -> None:
        self.process.communicate(timeout=10)


@pytest.fixture
def environment(jack: dict[str, str]) -> dict[str, str]:
    need("jackd")
    return {**os.environ, **jack}


@pytest.mark.slow
def test_a_long_set_does_not_drift_by_a_sample(
    environment: dict[str, str], start: Start, tmp_path: pathlib.Path
) -> None:
    instrument = start("--device", "system", environment=environment)
    instrument.wait_for("playing drums")
    instrument.wait_until_rendered()
    memory = next(
        memory for _, memory in running_instruments() if memory.state["supervisor_pid"][0] == instrument.process.pid
    )
    count, ear = ExactCount(memory), Ear(environment)
    try:
        ear.ask("freewheel", 1)  # no cycle is late from now on: JACK waits for all of its clients
        time.sleep(5)
        first, begin = ear.hear_loop(tmp_path / "first.npy")
        begin_position, begun_s = int(memory.state["position"][0]), time.monotonic()
        position, took_s = begin_position, 0.0
        while position < begin_position + 3 * HOUR and took_s < LONGEST_S:
            time.sleep(0.2)
            count.follow()
            position, took_s = int(memory.state["position"][0]), time.monotonic() - begun_s
        last, end = ear.hear_loop(tmp_path / "last.npy")
        position = int(memory.state["position"][0])
        ear.ask("freewheel", 0)
    finally:
        ear.close()
    played = end - begin
    print(f"{played / RATE / 60:.1f} minutes in {took_s:.0f} s, {played / RATE / took_s:.1f} times as fast as heard")
    assert played > LEAST
    assert np.std(first) > 0.001
    np.testing.assert_array_equal(
        last, np.roll(first, -(played % LOOP))
    )  # the same loop, at the same place, to the bit
    assert abs(position - begin_position - played) < RATE  # nor was a whole turn lost
    assert abs(count.drift_samples()) < 1e-6
    assert instrument.stop()["counters"]["underruns"] == 0


@pytest.fixture
def loops(rng: np.random.Generator) -> np.ndarray:
    return (0.1 * rng.standard_normal((N_LOOPS, LOOP))).astype(np.float32)


def played_at(memory: Memory, position: int, n: int) -> Iterator[np.ndarray]:
    """Blocks from a sample on, two seconds after the start there: gains have settled by then."""
    playback = Playback(memory)
    playback.position = position - 2 * RATE
    for first in range(-2 * RATE, n, 1000):
        block = np.zeros((1000, 2), np.float32)
        playback.render(block)
        if first >= 0:
            yield block


@pytest.mark.parametrize("hours", [3, 24, 1000])
def test_after_any_number_of_hours_the_loop_is_the_same_to_the_bit(loops: np.ndarray, hours: int) -> None:
    memory = Memory.private()
    for cell, clip in enumerate(loop_clips(loops, revision=1)):
        assert publish(memory, 0, cell, clip)
    memory.state["controls"][0, SLOTS["/deck/1/level"]] = 0.5
    begin = np.concatenate(list(played_at(memory, LOOP, LOOP)))
    later = np.concatenate(list(played_at(memory, hours * HOUR, LOOP)))
    assert np.std(begin) > 0.001
    np.testing.assert_array_equal(later, begin)
