import threading
from typing import Any

import mido
import pytest

from performer.surfaces.midi.ports import Change, Ports, device_of, plain_name
from tests.performer.surfaces.midi.midi_stage import FakeDriver


def open_ports(driver: FakeDriver, wanted: str | None = None) -> tuple[Ports, list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []
    return Ports(driver, wanted, lambda name, message: heard.append((name, message))), heard


def test_ports_are_opened_when_they_come_and_closed_when_they_go() -> None:
    driver = FakeDriver("Knobs 20:0")
    ports, heard = open_ports(driver)
    assert ports.look() == Change(came=("Knobs 20:0",))
    assert ports.look() == Change()
    driver.plugged.append("Pads 24:0")
    assert ports.look() == Change(came=("Pads 24:0",))
    driver.heard["Pads 24:0"](mido.Message("note_on"))
    assert heard == [("Pads 24:0", mido.Message("note_on"))]
    driver.plugged.remove("Knobs 20:0")
    assert ports.look() == Change(went=("Knobs 20:0",))
    assert [port.name for port in driver.ports if port.is_open] == ["Pads 24:0"] * 2
    driver.plugged.append("Knobs 20:0")
    assert ports.look() == Change(came=("Knobs 20:0",))
    ports.close()
    driver.close()


def test_where_one_port_of_a_device_went_all_of_them_are_opened_anew() -> None:
    """It was plugged in again between two looks, and the others are new ones of the same name."""
    driver = FakeDriver("Box:in", only_heard=("Box:out",))
    ports, _ = open_ports(driver)
    assert ports.look().came == ("Box:in", "Box:out")
    before = ports.output_of("Box:out")
    driver.only_heard.clear()
    assert ports.look() == Change(came=("Box:in",), went=("Box:in", "Box:out"))
    assert ports.outputs["Box:in"] is not before
    driver.only_heard.append("Box:out")
    assert ports.look() == Change(came=("Box:out",))


def test_a_thousand_looks_leave_nothing_behind() -> None:
    driver = FakeDriver("Knobs")
    ports, _ = open_ports(driver)
    for _ in range(1000):
        ports.look()
    assert len(driver.ports) == 2


def test_only_ports_with_the_wanted_name_are_opened() -> None:
    driver = FakeDriver("Knobs", "Keys")
    ports, _ = open_ports(driver, "KNO")
    assert ports.look().came == ("Knobs",)
    assert set(ports.outputs) == {"Knobs"}


def test_a_busy_port_is_told_once_and_tried_again() -> None:
    driver = FakeDriver("Knobs")
    driver.busy.add("Knobs")
    ports, _ = open_ports(driver)
    assert ports.look() == Change(busy=("Knobs",))
    assert ports.look() == Change()
    driver.busy.clear()
    assert ports.look() == Change(came=("Knobs",))
    driver.plugged.clear()
    ports.look()
    driver.busy.add("Knobs")
    driver.plugged.append("Knobs")
    assert ports.look() == Change(busy=("Knobs",))


def test_what_is_sent_through_does_not_come_back() -> None:
    ports, _ = open_ports(FakeDriver("Midi Through:Midi Through Port-0 14:0", "Knobs"))
    assert set(ports.look().came) == {"Midi Through:Midi Through Port-0 14:0", "Knobs"}
    assert set(ports.outputs) == {"Knobs"}


@pytest.mark.parametrize(
    ("heard", "told"),
    [
        ("nanoKONTROL2:nanoKONTROL2 _ CTRL 20:0", "nanoKONTROL2:nanoKONTROL2 _ CTRL 20:0"),
        ("RtMidiOut Client:pads", "RtMidiIn Client:pads"),
        ("a2j:APC mini [20] (capture): APC MIDI 1", "a2j:APC mini [20] (playback): APC MIDI 1"),
        ("system:midi_capture_1", "system:midi_playback_1"),
        ("Box:out", "Box:in"),
    ],
)
def test_an_output_is_found_by_what_it_belongs_to(heard: str, told: str) -> None:
    driver = FakeDriver("Other:in", told, "system:midi_playback_2", only_heard=() if heard == told else (heard,))
    ports, _ = open_ports(driver)
    ports.look()
    assert ports.output_of(heard) is ports.outputs[told]


def test_a_controller_that_cannot_be_sent_to_has_no_output() -> None:
    ports, _ = open_ports(FakeDriver("Other", only_heard=("Knobs",)))
    ports.look()
    assert ports.output_of("Knobs") is None


def test_names_without_the_numbers_of_the_day() -> None:
    assert plain_name("nanoKONTROL2:nanoKONTROL2 _ CTRL 20:0") == "nanoKONTROL2:nanoKONTROL2 _ CTRL"
    assert plain_name("a2j:APC mini [20] (capture): APC") == "a2j:APC mini (capture): APC"
    assert device_of("Launchpad MIDI 2") != device_of("Launchpad MIDI 1")


def test_nothing_is_opened_once_all_is_closed() -> None:
    """A look that is still under way on its thread when the surface ends."""
    driver = FakeDriver("Knobs")
    ports, _ = open_ports(driver)
    ports.close()
    thread = threading.Thread(target=ports.look)
    thread.start()
    thread.join()
    assert driver.ports == []
