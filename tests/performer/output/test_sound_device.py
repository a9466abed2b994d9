import time
from types import SimpleNamespace

import pytest

from performer.errors import PerformerError
from performer.output.sound_device import NoDeviceError, PortAudioOutput, find_device, require_channels


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


def test_a_device_of_too_few_channels_is_one_line() -> None:
    device = {"name": "USB Audio", "max_output_channels": 2}
    require_channels(device, 2)
    with pytest.raises(
        PerformerError, match=r"'USB Audio' has 2 output channels, 8 are needed; choose another with --device, or fewer"
    ):
        require_channels(device, 8)


@pytest.mark.parametrize(
    ("asked_s", "silent_s", "is_lost"),
    [(0.0, 2.9, False), (0.0, 3.1, True), (0.1, 2.0, False), (0.1, 3.1, True), (9.0, 0.7, False), (9.0, 0.9, True)],
)
def test_a_device_that_has_just_been_opened_may_take_its_time(
    monkeypatch: pytest.MonkeyPatch, asked_s: float, silent_s: float, is_lost: bool
) -> None:
    """An idle PulseAudio null sink fills its buffer at once, and then asks for nothing for two seconds."""
    output = object.__new__(PortAudioOutput)
    output.finished, output.opened_s, output.asked_s = False, 100.0, 100.0 + asked_s
    monkeypatch.setattr(time, "monotonic", lambda: 100.0 + asked_s + silent_s)
    failure = output.failure()
    assert failure == (f"the sound device has asked for nothing for {silent_s:.1f} s" if is_lost else None)
