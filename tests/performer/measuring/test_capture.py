import io
import types
from collections.abc import Callable

import numpy as np
import pytest

from performer.errors import PerformerError
from performer.measuring import capture as capturing
from performer.measuring.capture import CHUNK_FRAMES, CHUNKS_TIMED, KEPT, RATE, Capture

Begin = Callable[..., Capture]


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Begin:
    """A capture of a monitor that has given some bytes, and gives no more."""

    def start(data: bytes = b"") -> Capture:
        process = types.SimpleNamespace(stdout=io.BytesIO(data), terminate=lambda: None, wait=lambda: 0)
        monkeypatch.setattr(capturing.shutil, "which", lambda _name: "/usr/bin/parec")
        monkeypatch.setattr(capturing.subprocess, "Popen", lambda *_arguments, **_options: process)
        capture = Capture("rig.monitor")
        capture.thread.join()
        return capture

    return start


def test_the_left_channel_is_heard(begin: Begin) -> None:
    left = np.arange(2 * CHUNK_FRAMES + 7, dtype=np.float32)
    capture = begin(np.stack([left, -left], axis=1).tobytes())
    np.testing.assert_array_equal(capture.read(5, len(left) - 5), left[5:])
    first, newest = capture.newest(3)
    assert first == len(left) - 3
    np.testing.assert_array_equal(newest, left[-3:])
    capture.close()


def test_the_newest_samples_are_kept(begin: Begin) -> None:
    capture = begin()
    sound = np.arange(KEPT + 500, dtype=np.float32)
    for first in range(0, len(sound), 1000):
        capture.take(sound[first : first + 1000], 0.0)
    np.testing.assert_array_equal(capture.read(500, KEPT), sound[500:])


def test_samples_are_placed_by_those_that_waited_least(begin: Begin) -> None:
    capture = begin()
    for number, late_s in enumerate([0.004, 0.0, 0.009]):
        capture.take(np.zeros(480, np.float32), 100.0 + 0.01 * (number + 1) + late_s)
    assert capture.begun_s == pytest.approx(100.0)
    assert capture.index_at(100.02) == 960


def test_after_samples_were_lost_the_new_ones_are_placed_anew(begin: Begin) -> None:
    capture = begin()
    capture.take(np.zeros(480, np.float32), 100.01)
    for number in range(CHUNKS_TIMED):  # half a second was lost before them
        capture.take(np.zeros(480, np.float32), 100.52 + 0.01 * number)
    assert capture.begun_s == pytest.approx(100.5)
    assert capture.index_at(101.0) == RATE // 2


def test_a_monitor_that_gives_nothing_is_told_of(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "SILENT_S", 0.02)
    with pytest.raises(PerformerError, match="gives nothing back; a monitor"):
        begin().read(0, 1)


def test_parec_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing.shutil, "which", lambda _name: None)
    with pytest.raises(PerformerError, match=r"parec is not installed.*apt install pulseaudio-utils"):
        Capture("rig.monitor")


def test_a_sound_server_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PerformerError, match="no PulseAudio or PipeWire server answers"):
        capturing.default_monitor()
