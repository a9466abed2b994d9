from types import SimpleNamespace

import pytest

from performer.errors import PerformerError
from performer.output.sound_device import NoDeviceError, find_device, require_channels


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
