"""The MIDI surface as a whole, over a fake driver: what is plugged in plays, learns, shows and keeps time."""

import asyncio
import json
import pathlib
from collections.abc import Awaitable, Callable
from typing import Any

import mido
import pytest

from performer.actions import find_row
from performer.errors import ControlError, PerformerError
from performer.memory import Memory
from performer.session.conductor import Conductor
from performer.surfaces.hub import Hub
from performer.surfaces.midi import surface as midi
from performer.surfaces.midi.learn import PATIENCE_S, WATCH_S
from performer.surfaces.midi.library import Library
from performer.surfaces.midi.surface import AGAIN_S, MidiSurface, open_library
from tests.performer.conftest import FakeClock
from tests.performer.surfaces.midi.midi_stage import FakeDriver, MidiStage

NANO = "nanoKONTROL2 20:0"


class Surface:
    """A MIDI surface in made-up time, and a hand on its controllers."""

    def __init__(
        self, stage: MidiStage, folder: pathlib.Path, driver: FakeDriver, *, wanted: str | None = None
    ) -> None:
        self.stage, self.driver = stage, driver
        self.status_path = folder / "midi.json"
        library = Library(folder / "learned", keep=self.keep, remark=lambda text: None)
        self.surface = MidiSurface(
            stage.hub, library, wanted=wanted, make_driver=lambda: driver, status=self.status_path, now_s=stage.clock
        )

    def keep(self, path: pathlib.Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    async def look(self) -> None:
        """Wait for the next look at the ports, and for what it brings."""
        await asyncio.sleep(0.06)

    async def send(self, port: str, kind: str, **fields: int) -> None:
        self.driver.heard[port](mido.Message(kind, **fields))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def turn(self, *values: int, port: str = NANO, control: int = 0) -> None:
        for value in values:
            await self.send(port, "control_change", control=control, value=value)

    def lit(self, port: str = NANO) -> dict[tuple[str, int], int]:
        """What an open output was last sent."""
        (output,) = [p for p in self.driver.ports if p.name == port and p.is_open and p.sent]
        return {(message.type, message.bytes()[1]): message.bytes()[2] for message in output.sent}

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.status_path.read_text()))

    def ask(self, path: str, *arguments: object) -> None:
        row = find_row(path)
        self.stage.hub.apply(row, row.accept(arguments))


Play = Callable[[Surface], Awaitable[None]]


@pytest.fixture
def stage(memory: Memory, clock: FakeClock) -> MidiStage:
    return MidiStage(memory, clock)


@pytest.fixture
def perform(stage: MidiStage, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Surface]:
    """Run a surface while a test plays on it."""
    monkeypatch.setattr(midi, "LOOK_S", 0.02)
    monkeypatch.setattr(midi, "TICK_S", 0.001)

    def run(driver: FakeDriver, play: Play, *, wanted: str | None = None) -> Surface:
        surface = Surface(stage, tmp_path, driver, wanted=wanted)

        async def whole() -> None:
            task = asyncio.create_task(surface.surface.play())
            await surface.look()
            await play(surface)
            assert not task.done(), task.exception()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(whole())
        assert driver.is_closed
        return surface

    return run


def test_it_plays_and_shows_and_says_which_mapping(
    perform: Callable[..., Surface], stage: MidiStage, capsys: pytest.CaptureFixture[str]
) -> None:
    async def play(surface: Surface) -> None:
        assert surface.lit()["control_change", 48] == 0
        await surface.turn(0, 127)
        assert stage.read("/deck/1/level") == 1.0
        await surface.send(NANO, "control_change", control=48, value=127)
        await surface.look()
        assert stage.read("/deck/1/mute") == 1
        assert surface.lit()["control_change", 48] == 127
        assert surface.status()["ports"] == [
            {"port": NANO, "mapping": "Korg nanoKONTROL2", "learned": 0, "shows": True}
        ]

    perform(FakeDriver(NANO), play)
    assert f"MIDI: {NANO} (Korg nanoKONTROL2)" in capsys.readouterr().err


def test_one_that_is_pulled_out_and_plugged_in_again_plays_and_is_shown_everything(
    perform: Callable[..., Surface], stage: MidiStage, capsys: pytest.CaptureFixture[str]
) -> None:
    async def play(surface: Surface) -> None:
        surface.driver.plugged.clear()
        await surface.look()
        assert surface.status()["ports"] == []
        stage.set("/deck/1/mute", 1)
        surface.driver.plugged.append(NANO)
        await surface.look()
        assert surface.lit()["control_change", 48] == 127
        await surface.turn(0, 127)
        assert stage.read("/deck/1/level") == 1.0

    perform(FakeDriver(NANO), play)
    said = capsys.readouterr().err
    assert said.count(f"MIDI: {NANO} is gone") == 1
    assert said.count(f"MIDI: {NANO} (Korg nanoKONTROL2)") == 2


def test_one_that_is_pulled_out_lets_go_of_its_buttons_and_what_it_said_last_is_not_heard(
    perform: Callable[..., Surface], stage: MidiStage
) -> None:
    async def play(surface: Surface) -> None:
        await surface.send(NANO, "control_change", control=59, value=127)
        assert stage.read("/nudge") == 1
        surface.driver.plugged.clear()
        await surface.look()
        assert stage.read("/nudge") == 0
        await surface.send(NANO, "control_change", control=59, value=127)
        await surface.look()
        assert stage.read("/nudge") == 0
        assert surface.surface.controllers == {}

    perform(FakeDriver(NANO), play)


def test_a_way_back_that_comes_after_the_controller_is_found(perform: Callable[..., Surface]) -> None:
    async def play(surface: Surface) -> None:
        assert not surface.status()["ports"][0]["shows"]
        surface.driver.silent.clear()
        await surface.look()
        assert surface.lit()["control_change", 48] == 0
        assert surface.status()["ports"][0]["shows"]

    driver = FakeDriver(NANO)
    driver.silent.add(NANO)
    perform(driver, play)


def test_a_knob_is_learned_kept_and_forgotten(
    perform: Callable[..., Surface], stage: MidiStage, capsys: pytest.CaptureFixture[str]
) -> None:
    async def learn(surface: Surface) -> None:
        surface.ask("/midi/learn", "/deck/1/density")
        assert surface.status()["learning"]
        await surface.turn(0, 127, 64, control=16)
        stage.clock.advance(WATCH_S)
        await surface.look()
        assert not surface.status()["learning"]
        text = (
            f"channel 1 controller 16, a knob, is for /deck/1/density; it takes hold where it meets the value ({NANO})"
        )
        assert surface.status()["learned"] == {"count": 1, "text": text}
        assert stage.read("/deck/1/filter") == 0  # what it was for before
        await surface.turn(127, control=16)
        assert stage.read("/deck/1/density") == 3.0

    async def use(surface: Surface) -> None:
        stage.set("/deck/1/density", 0)
        await surface.turn(0, 127, control=16)
        assert stage.read("/deck/1/density") == 3.0
        surface.ask("/midi/unlearn", "/deck/1/density")
        await surface.turn(0, 127, control=16)
        assert stage.read("/deck/1/filter") == 1.0
        with pytest.raises(ControlError, match="nothing was learned for /deck/1/density"):
            surface.ask("/midi/unlearn", "/deck/1/density")

    perform(FakeDriver(NANO), learn)
    perform(FakeDriver(NANO), use)  # a new start
    assert "MIDI: move a knob for /deck/1/density" in capsys.readouterr().err


def test_a_control_may_be_touched_instead_of_named(perform: Callable[..., Surface], stage: MidiStage) -> None:
    async def play(surface: Surface) -> None:
        surface.ask("/midi/learn")
        await surface.turn(5, 6, control=100)
        surface.ask("/deck/2/morph", 0.0, 0.3)
        stage.clock.advance(WATCH_S)
        await surface.look()
        await surface.turn(0, 127, control=100)
        assert stage.read("/deck/2/morph", 1) == 1.0

    perform(FakeDriver(NANO), play)


def test_learning_is_given_up_by_0_or_in_time(
    perform: Callable[..., Surface], stage: MidiStage, capsys: pytest.CaptureFixture[str]
) -> None:
    async def play(surface: Surface) -> None:
        surface.ask("/midi/learn", "/tempo")
        surface.ask("/midi/learn", 0)
        assert not surface.status()["learning"]
        surface.ask("/midi/learn", "/tempo")
        stage.clock.advance(PATIENCE_S + 1)
        await surface.look()
        assert not surface.status()["learning"]
        for path in ("/midi/learn", "/midi/unlearn"):
            with pytest.raises(ControlError, match="5000, 1 to"):
                surface.ask(path, 5000)

    perform(FakeDriver(NANO), play)
    assert "nothing was learned" in capsys.readouterr().err


def test_the_clock_goes_out_to_all_and_stops(perform: Callable[..., Surface], stage: MidiStage) -> None:
    async def play(surface: Surface) -> None:
        state = stage.memory.state
        state["sample_rate"][0], state["clock_bpm"][0], state["clock_turn"][0] = 48_000, 200.0, 1
        state["position_time_s"][0] = stage.clock() - 3.0
        surface.ask("/midi/clock", 1)
        for _ in range(40):
            stage.clock.advance(0.01)
            await asyncio.sleep(0.005)
        surface.ask("/midi/clock", 0)
        await surface.look()
        for port in (port for port in surface.driver.ports if port.sent):
            kinds = [message.type for message in port.sent]
            assert kinds.count("clock") > 20
        assert len({port.name for port in surface.driver.ports if port.sent}) == 2

    perform(FakeDriver(NANO, "drums"), play)


def test_the_clock_is_followed_only_when_asked(perform: Callable[..., Surface], stage: MidiStage) -> None:
    async def pulse(surface: Surface) -> None:
        for _ in range(60):
            stage.clock.advance(60 / 150 / 24)
            await surface.send("drums", "clock")
            await asyncio.sleep(0.002)

    async def play(surface: Surface) -> None:
        await pulse(surface)
        assert stage.read("/tempo") == 120
        surface.ask("/midi/clock", 2)
        await surface.look()
        await pulse(surface)
        assert stage.read("/tempo") == pytest.approx(150, abs=0.5)
        stage.clock.advance(3)
        await surface.look()
        assert surface.status()["clock"]["tempo_bpm"] in (0, pytest.approx(150, abs=0.5))

    perform(FakeDriver(NANO, "drums"), play)


def test_a_scene_leaves_the_midi_clock_as_it_is(stage: MidiStage) -> None:
    session = stage.hub.conductor.session
    session.save_scene(1)
    stage.set("/midi/clock", 2)
    stage.set("/midi/offset", 12)
    session.recall_scene(1)
    assert (stage.read("/midi/clock"), stage.read("/midi/offset")) == (2, 12)


def test_where_no_port_fits_it_is_said_and_looked_for(
    perform: Callable[..., Surface], stage: MidiStage, capsys: pytest.CaptureFixture[str]
) -> None:
    async def play(surface: Surface) -> None:
        surface.driver.plugged.append(NANO)
        await surface.look()
        await surface.turn(0, 127)
        assert stage.read("/deck/1/level") == 1.0

    perform(FakeDriver("Keys"), play, wanted="nano")
    assert "no MIDI: found 'Keys', a port named like 'nano' is needed" in capsys.readouterr().err


def test_a_busy_port_is_told(perform: Callable[..., Surface], capsys: pytest.CaptureFixture[str]) -> None:
    async def play(surface: Surface) -> None:
        await surface.look()

    driver = FakeDriver(NANO)
    driver.busy.add(NANO)
    perform(driver, play)
    assert capsys.readouterr().err.count(f"{NANO} cannot be opened") == 1


def test_a_system_without_midi_is_told_once_and_asked_again(
    stage: MidiStage, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(midi, "AGAIN_S", 0.001)
    asked = 0

    def make() -> FakeDriver:
        nonlocal asked
        asked += 1
        raise PerformerError("no MIDI: this system has none that can be reached (no sequencer)")

    library = Library(None, keep=lambda path, text: None, remark=print)
    surface = MidiSurface(stage.hub, library, make_driver=make)

    async def play() -> None:
        task = asyncio.create_task(surface.play())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(play())
    said = capsys.readouterr().err
    assert said.count("no MIDI") == 1
    assert "OSC and 'loopmorph set' still play" in said
    assert asked > 3
    assert AGAIN_S > 1


def test_the_instrument_that_has_claimed_the_session_alone_keeps_mappings(
    stage: MidiStage, tmp_path: pathlib.Path
) -> None:
    hubs = []
    for _ in range(2):
        conductor = Conductor(stage.memory, tmp_path / "set.json", (), warnings=stage.hub.warnings, now_s=stage.clock)
        hubs.append(Hub(stage.memory, conductor, warnings=stage.hub.warnings, now_s=stage.clock))
    first, second = (open_library(hub) for hub in hubs)
    assert first.folder == second.folder == tmp_path / "midi"
    assert (first.keep, second.keep) == (hubs[0].conductor.keeper.keep, None)
    for hub in hubs:
        hub.conductor.close()


def test_learning_without_midi_is_refused(stage: MidiStage) -> None:
    row = find_row("/midi/learn")
    with pytest.raises(ControlError, match="no MIDI is played"):
        stage.hub.apply(row, row.accept(["/tempo"]))
