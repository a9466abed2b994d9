"""The real instrument, ended and resumed: the same loops, bit for bit."""

import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest

from performer.actions import find_row
from performer.controls import SLOTS
from performer.memory import N_CELLS, N_SLOTS, Memory, running_instruments
from performer.surfaces.osc.packet import send

pytestmark = pytest.mark.slow
PATIENCE_S = 90.0


def wait_until(condition: Callable[[], bool], *, what: str) -> float:
    start_s = time.monotonic()
    while not condition():
        assert time.monotonic() - start_s < PATIENCE_S, what
        time.sleep(0.02)
    return time.monotonic() - start_s


class Instrument:
    """A running `loopmorph perform`, with a session file of its own."""

    def __init__(self, session: pathlib.Path, *arguments: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        options = ["--device", "null", "--models", "drums", "--osc-port", str(self.port), "--session", str(session)]
        command = [sys.executable, "-m", "performer.cli", "perform", *options, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.found: list[Memory] = []
        wait_until(self.is_there, what="the instrument plays")

    def is_there(self) -> bool:
        assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
        self.found = [
            memory for _, memory in running_instruments() if memory.state["supervisor_pid"][0] == self.process.pid
        ]
        return bool(self.found) and bool((self.memory.state["sounding"][0] > 0).all())

    @property
    def memory(self) -> Memory:
        return self.found[0]

    def fire(self, path: str, *values: float) -> None:
        send(path, find_row(path).accept(values), host="127.0.0.1", port=self.port)

    def wait_for_rest(self, deck: int, seed: int) -> np.ndarray:
        """Wait until a deck rests at a seed; its sound."""
        state = self.memory.state

        def rests() -> bool:
            revisions = state["published"][0, deck - 1] // N_SLOTS
            return state["rendered"][0, deck - 1, 0] == seed and bool((revisions == state["rested"][0, deck - 1]).all())

        wait_until(rests, what=f"deck {deck} rests at seed {seed}")
        slots = state["published"][0, deck - 1] % N_SLOTS
        return np.stack([self.memory.clips[deck - 1, cell, slots[cell]] for cell in range(N_CELLS)])

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, err
        return err


def test_a_set_is_gone_on_with_as_it_was(tmp_path: pathlib.Path) -> None:
    session = tmp_path / "set.json"
    first = Instrument(session)
    try:
        before = first.wait_for_rest(2, 13)
        first.fire("/scene/save", 1)
        first.fire("/deck/2/seed", 777)
        moved = first.wait_for_rest(2, 777)
        first.fire("/deck/1/level", 0.25)
    finally:
        assert "session" not in first.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".set.json.lock", "set-history.jsonl", "set.json"]

    began_s = time.monotonic()
    second = Instrument(session, "--resume")
    try:
        np.testing.assert_array_equal(second.wait_for_rest(2, 777), moved)
        print(f"resumed after {time.monotonic() - began_s:.1f} s")
        assert second.memory.state["controls"][0, SLOTS["/deck/1/level"]] == 0.25
        second.fire("/deck/2/undo")
        np.testing.assert_array_equal(second.wait_for_rest(2, 13), before)
        second.fire("/deck/2/redo")
        np.testing.assert_array_equal(second.wait_for_rest(2, 777), moved)
        second.fire("/scene/recall", 1)
        np.testing.assert_array_equal(second.wait_for_rest(2, 13), before)
        assert second.memory.counters()["osc_refused"] == second.memory.counters()["session_failures"] == 0
    finally:
        second.stop()
