"""A set of the real instrument, recorded while processes die, and rendered anew from its log."""

import pathlib
import time

import numpy as np
import pytest
import soundfile

from performer.controls import SLOTS
from performer.recording.rerun import render_log
from performer.supervisor import Supervisor
from performer.surfaces.osc.packet import send
from tests.performer.test_supervisor import free_port, kill, options, wait_until

pytestmark = pytest.mark.slow


def test_a_set_comes_back_from_its_log(tmp_path: pathlib.Path) -> None:
    path, port = tmp_path / "set.flac", free_port()
    supervisor = Supervisor(options(osc_port=port, record=str(path)))
    memory = supervisor.memory

    def move(address: str, *values: float) -> None:
        send(address, values, host="127.0.0.1", port=port)

    def play(seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            supervisor.watch()
            time.sleep(0.02)

    try:
        memory.state["controls"][0, SLOTS["/record"]] = 1
        supervisor.start()
        play(1.0)
        for step in range(30):
            move("/deck/1/morph", step / 30, 0.2)
            play(0.05)
        move("/deck/2/level", 0.8)
        move("/deck/2/glide", 1.0)
        move("/deck/2/seed", 40)
        move("/deck/1/send", 0.6)
        play(0.7)
        move("/tempo", 123.0)
        kill(supervisor.children["worker"].process.pid)
        play(1.0)
        move("/deck/1/density", 2.0)
        began = memory.counters()["loops"]
        wait_until(lambda: play(0.1) is None and memory.counters()["loops"] > began, what="it draws again")
        play(1.0)
        kill(supervisor.children["recorder"].process.pid)
        wait_until(lambda: play(0.1) is None and path.with_name("set-2.flac").exists(), what="it records again")
        play(1.0)
    finally:
        supervisor.close()
    assert memory.counters()["unrecorded_samples"] == 0
    for name in ("set", "set-2"):
        render_log(tmp_path / f"{name}.jsonl", tmp_path / "again.flac", stems=False, progress=lambda share: None)
        recorded, _ = soundfile.read(tmp_path / f"{name}.flac", dtype="float32")
        again, _ = soundfile.read(tmp_path / "again.flac", dtype="float32")
        n = min(len(recorded), len(again))
        assert abs(len(recorded) - len(again)) < 48_000  # of a killed recorder's file, the log tells the end roughly
        assert np.abs(recorded[:n]).max() > 0.05
        print(f"{name}: {n / 48_000:.1f} s, largest difference {np.abs(recorded[:n] - again[:n]).max():g}")
        np.testing.assert_allclose(again[:n], recorded[:n], atol=1e-5, rtol=0)
