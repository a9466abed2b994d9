import pathlib
import threading
import time
import wave
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from performer.errors import PerformerError
from performer.outputs import FileOutput, NoDeviceError, PacedOutput, find_device, pcm24, unused_path

RATE = 48_000


class Ramp:
    """Renders 0, 1/1000, 2/1000 ... on the left and its negative on the right, and counts."""

    def __init__(self) -> None:
        self.at = 0
        self.enough = threading.Event()

    def __call__(self, block: np.ndarray) -> None:
        values = (np.arange(self.at, self.at + len(block)) % 1000) / 1000
        block[:, 0], block[:, 1] = values, -values
        self.at += len(block)
        if self.at > 12_000:
            self.enough.set()


def underrun() -> None:
    raise RuntimeError("a block was given up")


def test_a_paced_output_keeps_the_system_clock_s_pace() -> None:
    ramp = Ramp()
    output = PacedOutput(render=ramp, underrun=underrun, sample_rate=RATE).start()
    start_s = time.monotonic()
    assert ramp.enough.wait(10)
    expected = (time.monotonic() - start_s) * RATE
    output.close()
    assert ramp.at == pytest.approx(expected, abs=0.5 * RATE)
    assert output.failure() is None


def test_a_file_is_whole_at_every_moment_and_holds_every_sample(tmp_path: pathlib.Path) -> None:
    ramp, path = Ramp(), tmp_path / "set.wav"
    output = FileOutput(path, render=ramp, underrun=underrun, sample_rate=RATE).start()
    assert ramp.enough.wait(10)
    while_open, _ = soundfile.read(path)  # as after kill -9
    output.close()
    audio, rate = soundfile.read(path)
    assert rate == RATE
    assert len(while_open) >= 8192
    assert len(audio) == ramp.at
    np.testing.assert_allclose(audio[:, 0], (np.arange(len(audio)) % 1000) / 1000, atol=1e-6)
    np.testing.assert_allclose(audio[:, 1], -audio[:, 0])


def test_a_file_is_never_overwritten(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "set.wav"
    path.write_bytes(b"a set of last year")
    with pytest.raises(PerformerError, match=r"set.wav: the file exists, a new one is needed"):
        FileOutput(path, render=Ramp(), underrun=underrun, sample_rate=RATE)
    assert path.read_bytes() == b"a set of last year"
    assert unused_path(path) == tmp_path / "set-2.wav"
    assert unused_path(tmp_path / "new.wav") == tmp_path / "new.wav"


def test_a_folder_that_is_not_there_is_one_line(tmp_path: pathlib.Path) -> None:
    with pytest.raises(PerformerError, match=r"nowhere/set.wav: No such file or directory; .* choose another path"):
        FileOutput(tmp_path / "nowhere" / "set.wav", render=Ramp(), underrun=underrun, sample_rate=RATE)


def test_a_full_disk_is_a_failure_and_not_an_end(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = FileOutput(tmp_path / "set.wav", render=Ramp(), underrun=underrun, sample_rate=RATE)

    def full(_: bytes) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(output.file, "writeframes", full)
    output.start()
    output.thread.join(10)
    failure = output.failure()
    assert failure is not None
    assert failure.endswith("set.wav: No space left on device")
    output.close()


def test_pcm24_hits_full_scale_and_clips(tmp_path: pathlib.Path) -> None:
    block = np.array([[0, 1], [-1, 2], [-0.5, 1 / (2**23 - 1)]], np.float32)
    path = tmp_path / "x.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 3, RATE, 0, "NONE", ""))
        file.writeframes(pcm24(block))
    integers, _ = soundfile.read(path, dtype="int32")
    top = 2**23 - 1
    np.testing.assert_array_equal(integers >> 8, [[0, top], [-top, top], [-(2**22), 1]])


def fake_sounddevice(*names: str, default: int = 0) -> SimpleNamespace:
    devices = [{"name": name, "index": index, "max_output_channels": 2} for index, name in enumerate(names)]
    return SimpleNamespace(query_devices=lambda: devices, default=SimpleNamespace(device=(0, default)))


def test_devices_are_found_by_name_or_a_part_of_it() -> None:
    fake = fake_sounddevice("HDMI", "USB Audio", "USB Audio Pro", default=2)
    assert find_device(fake, None) == 2
    assert find_device(fake, "USB Audio") == 1  # the whole name wins over a part of another
    assert find_device(fake, "pro") == 2
    with pytest.raises(PerformerError, match=r"'usb' fits several: found 'USB Audio', 'USB Audio Pro'"):
        find_device(fake, "usb")
    with pytest.raises(PerformerError, match=r"'moon' is not there: found 'HDMI', 'USB Audio', .* 'loopmorph devices'"):
        find_device(fake, "moon")


def test_no_device_at_all_is_its_own_error() -> None:
    with pytest.raises(NoDeviceError, match="this machine has no sound device"):
        find_device(fake_sounddevice(default=-1), None)
