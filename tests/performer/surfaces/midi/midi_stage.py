"""A hub, fake controllers and a fake driver for the tests of MIDI."""

from collections.abc import Callable
from typing import Any

import mido

from performer.actions import Action, Naming, Values
from performer.console import Warnings
from performer.controls import SLOTS
from performer.memory import Memory
from performer.session.conductor import Conductor
from performer.session.stamp import ModelStamp
from performer.surfaces.hub import Hub
from performer.surfaces.midi.controller import Controller
from performer.surfaces.midi.mapping import Mapping
from performer.surfaces.midi.mapping_file import parse_mapping
from performer.surfaces.midi.modes import Source, read_message
from tests.performer.conftest import FakeClock

Entries = list[tuple[str, Values]]


class NotingHub(Hub):
    """Notes the actions that it is asked for, and does those alone that a surface does."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.done: Entries = []

    def obey(self, action: Action, values: Values, *, at_s: float) -> None:
        self.done.append((action.path, values))
        if action.path in self.deeds or isinstance(action, Naming):
            super().obey(action, values, at_s=at_s)


class MidiStage:
    """A hub over private memory, and what it was asked for."""

    def __init__(self, memory: Memory, clock: FakeClock) -> None:
        self.memory, self.clock = memory, clock
        warnings = Warnings(now_s=clock)
        conductor = Conductor(memory, None, (ModelStamp(name="drums", sha256=""),), warnings=warnings, now_s=clock)
        self.hub = NotingHub(memory, conductor, warnings=warnings, now_s=clock)

    def read(self, path: str, index: int = 0) -> float:
        return float(self.memory.state["controls"][0, SLOTS[path].start + index])

    def set(self, path: str, value: float, index: int = 0) -> None:
        self.memory.state["controls"][0, SLOTS[path].start + index] = value

    def values(self) -> list[float]:
        return list(self.memory.state["controls"][0])

    def fired(self) -> Entries:
        """What was fired since the last time."""
        fired, self.hub.done = self.hub.done, []
        return fired

    def controller(self, mapping: Mapping | str) -> "FakeController":
        if isinstance(mapping, str):
            mapping = parse_mapping(f'name = "x"\nports = ["x"]\n{mapping}', where="x.toml")
        return FakeController(self, mapping)


class FakeController:
    """A controller with knobs to turn, and LEDs that remember what they were sent."""

    def __init__(self, stage: MidiStage, mapping: Mapping) -> None:
        self.stage = stage
        self.lit: dict[Source, int] = {}
        self.sent: list[Any] = []
        self.controller = Controller(stage.hub, "fake", mapping, output=LitPort(self))

    def hear(self, message: Any) -> None:
        assert mido.Message.from_bytes(message.bytes()) == message
        read = read_message(message)
        assert read is not None
        self.sent.append(message)
        self.lit[read[0]] = read[1]

    def send(self, source: Source, value: int) -> None:
        """Send what a knob, fader or button sends."""
        channel = source.channel - 1
        if source.kind == "cc":
            message = mido.Message("control_change", channel=channel, control=source.number, value=value)
        elif source.kind == "bend":
            message = mido.Message("pitchwheel", channel=channel, pitch=value - 8192)
        else:
            kind = "note_on" if value else "note_off"
            message = mido.Message(kind, channel=channel, note=source.number, velocity=value)
        self.controller.obey(message, at_s=self.stage.clock())

    def cc(self, number: int, *values: int, channel: int = 1) -> None:
        for value in values:
            self.send(Source(kind="cc", channel=channel, number=number), value)

    def press(self, number: int, channel: int = 1) -> None:
        for value in (100, 0):
            self.send(Source(kind="note", channel=channel, number=number), value)

    def bend(self, *values: int, channel: int = 1) -> None:
        for value in values:
            self.send(Source(kind="bend", channel=channel), value)

    def show(self) -> list[Any]:
        """Let the lights follow; the messages that they were sent."""
        self.sent.clear()
        self.controller.feedback.show(self.stage.values())
        return self.sent


class LitPort:
    """The way to a fake controller's LEDs."""

    def __init__(self, fake: FakeController) -> None:
        self.fake = fake

    def send(self, message: Any) -> None:
        self.fake.hear(message)

    def close(self) -> None:
        pass


class FakePort:
    """A port that remembers."""

    def __init__(self, name: str, driver: "FakeDriver") -> None:
        self.name, self.driver = name, driver
        self.sent: list[Any] = []
        self.is_open = True

    def send(self, message: Any) -> None:
        assert self.is_open
        self.sent.append(message)
        if self.driver.on_send:
            self.driver.on_send(message)

    def close(self) -> None:
        assert self.is_open, "closed twice"
        self.is_open = False


class FakeDriver:
    """A system whose ports are plugged in and out by the test."""

    def __init__(self, *names: str, only_heard: tuple[str, ...] = ()) -> None:
        self.plugged = [*names]
        self.only_heard = [*only_heard]
        self.busy: set[str] = set()
        self.silent: set[str] = set()
        self.heard: dict[str, Callable[[Any], None]] = {}
        self.ports: list[FakePort] = []
        self.is_closed = False
        self.on_send: Callable[[Any], None] | None = None

    def list_ports(self) -> tuple[list[str], list[str]]:
        return [*self.plugged, *self.only_heard], [name for name in self.plugged if name not in self.silent]

    def open_input(self, name: str, receive: Callable[[Any], None]) -> FakePort:
        self.heard[name] = receive
        return self.open_output(name)

    def open_output(self, name: str) -> FakePort:
        if name in self.busy or name not in (*self.plugged, *self.only_heard):
            raise OSError(f"{name} cannot be had")
        self.ports.append(FakePort(name, self))
        return self.ports[-1]

    def close(self) -> None:
        assert not any(port.is_open for port in self.ports)
        self.is_closed = True
