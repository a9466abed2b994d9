import sys
from types import SimpleNamespace
from typing import Any, ClassVar

import mido
import pytest

from performer.errors import PerformerError
from performer.surfaces.midi.driver import RtDriver, list_ports


class FakeRt:
    """One client of rtmidi."""

    made: ClassVar[list["FakeRt"]] = []

    def __init__(self, _api: int, name: str) -> None:
        self.name, self.is_open, self.is_deleted = name, False, False
        self.sent: list[list[int]] = []
        FakeRt.made.append(self)

    def get_ports(self) -> list[str]:
        return ["Knobs 20:0", "Loopmorph-01:in", "Keys 24:0", "Keys 24:0"]

    def open_port(self, number: int, name: str) -> None:
        assert (number, name) in ((0, "in"), (0, "out"))
        self.is_open = True

    def ignore_types(self, **ignored: bool) -> None:
        assert not ignored["timing"]

    def set_callback(self, callback: Any) -> None:
        self.callback = callback

    def send_message(self, data: list[int]) -> None:
        assert self.is_open
        self.sent.append(data)

    def close_port(self) -> None:
        self.is_open = False

    def delete(self) -> None:
        assert not self.is_deleted
        self.is_deleted = True


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> RtDriver:
    FakeRt.made = []
    module = SimpleNamespace(API_UNSPECIFIED=0, API_UNIX_JACK=3, MidiIn=FakeRt, MidiOut=FakeRt)
    monkeypatch.setitem(sys.modules, "rtmidi", module)
    return RtDriver()


def test_ports_are_listed_once_each_and_ours_are_not(driver: RtDriver) -> None:
    assert driver.list_ports() == (["Knobs 20:0", "Keys 24:0"],) * 2
    assert len(FakeRt.made) == 2


def test_messages_are_heard_and_noise_is_not(driver: RtDriver) -> None:
    heard: list[Any] = []
    driver.open_input("Knobs 20:0", heard.append)
    FakeRt.made[-1].callback(([0xB0, 7, 100], 0.0), None)
    for noise in ([0xB0, 200, 1], [7], [], [0xB0]):
        FakeRt.made[-1].callback((noise, 0.0), None)
    assert heard == [mido.Message("control_change", control=7, value=100)]


def test_nothing_is_sent_to_a_port_that_was_closed(driver: RtDriver) -> None:
    port = driver.open_output("Knobs 20:0")
    port.send(mido.Message("start"))
    port.close()
    port.send(mido.Message("stop"))
    assert FakeRt.made[-1].sent == [[0xFA]]
    assert FakeRt.made[-1].is_deleted


def test_a_port_that_has_gone_leaves_nothing_behind(driver: RtDriver) -> None:
    with pytest.raises(OSError, match="'Pads' is gone"):
        driver.open_output("Pads")
    assert FakeRt.made[-1].is_deleted
    driver.close()
    assert all(client.is_deleted for client in FakeRt.made)


def test_a_system_without_midi_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise SystemError("ALSA has no sequencer")

    monkeypatch.setitem(sys.modules, "rtmidi", SimpleNamespace(API_UNSPECIFIED=0, API_UNIX_JACK=3, MidiIn=broken))
    with pytest.raises(PerformerError, match=r"no MIDI: .*\(ALSA has no sequencer\)"):
        list_ports()
