"""MIDI: controllers that come and go, what they move and show, learning, and the clock in and out."""

import asyncio
import collections
import contextlib
import json
import pathlib
import time
from collections.abc import Callable
from typing import Any

from performer.actions import NOTHING, TARGETS, TOUCHED, Values
from performer.console import say
from performer.controls import SLOTS
from performer.errors import ControlError, PerformerError
from performer.memory import replace_text
from performer.session.values import present_values
from performer.surfaces.hub import Hub
from performer.surfaces.midi.clock import ClockOut, ClockThread
from performer.surfaces.midi.controller import Controller
from performer.surfaces.midi.driver import Driver, RtDriver
from performer.surfaces.midi.follow import CLOCK_KINDS, ClockIn
from performer.surfaces.midi.learn import Learn, describe_entry, describe_target, describe_wish
from performer.surfaces.midi.library import FOLDER, Library
from performer.surfaces.midi.mapping_file import MappingError, check_entry
from performer.surfaces.midi.modes import read_message
from performer.surfaces.midi.ports import LOOK_S, Change, Ports

TICK_S = 0.02
"""Time between two looks at what controllers are to show."""
AGAIN_S = 5.0
"""Time between attempts, where the system has no MIDI."""
MAX_HEARD = 500
"""Messages that are obeyed in one go."""
STATUS = "midi.json"
"""File in the instrument's folder that tells what MIDI does."""
STATUS_S = 2.0
CLOCK = SLOTS["/midi/clock"].start
CLOCK_OFF, CLOCK_OUT, CLOCK_IN = 0, 1, 2


class MidiSurface:
    """All MIDI of one instrument.

    Parameters
    ----------
    hub : Hub
        Where hands meet.
    library : Library
        The mappings.
    wanted : str or None
        Part of the names of the ports to open; None for all.
    make_driver : callable
        Reaches the system's MIDI; raises a PerformerError where there is none.
    status : pathlib.Path, optional
        File that tells other programs what is open and what was learned.
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(
        self,
        hub: Hub,
        library: Library,
        *,
        wanted: str | None = None,
        make_driver: Callable[[], Driver] = RtDriver,
        status: pathlib.Path | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hub = hub
        self.library = library
        self.wanted = wanted
        self.make_driver = make_driver
        self.status = status
        self.now_s = now_s
        self.controls = hub.memory.state["controls"][0]
        self.ports: Ports | None = None
        self.controllers: dict[str, Controller] = {}
        self.heard: collections.deque[tuple[str, Any, float]] = collections.deque()
        self.learn = Learn()
        self.learned: dict[str, Any] = {"count": 0}
        self.clock_in = ClockIn(hub.memory, now_s=now_s)
        self.clock_out = ClockThread(ClockOut(hub.memory, self.outputs, now_s=now_s))
        self.clock = CLOCK_OFF
        self.told = ""
        self.told_s = float("-inf")
        self.wake = asyncio.Event()
        hub.deeds |= {"/midi/learn": self.begin_learning, "/midi/unlearn": self.unlearn}

    async def play(self) -> None:
        """Play until the instrument stops; where there is no MIDI, look again now and then."""
        has_complained = False
        while True:
            try:
                driver = self.make_driver()
            except PerformerError as error:
                if not has_complained:
                    say(f"{error}; OSC and 'loopmorph set' still play")
                has_complained = True
                await asyncio.sleep(AGAIN_S)
            else:
                await self.play_ports(driver)

    async def play_ports(self, driver: Driver) -> None:
        """Open what fits, and obey it."""
        loop = asyncio.get_running_loop()

        def hear(port: str, message: Any) -> None:  # on the driver's thread
            self.heard.append((port, message, self.now_s()))
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                loop.call_soon_threadsafe(self.wake.set)

        self.ports = Ports(driver, self.wanted, hear)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.watch(self.ports))
                tasks.create_task(self.obey_all())
                tasks.create_task(self.show_all())
        finally:
            self.clock_out.stop()
            self.clock_in.rest()
            self.clock = CLOCK_OFF
            self.controllers.clear()
            self.ports.close()
            driver.close()

    async def watch(self, ports: Ports) -> None:
        """Open what is plugged in, close what is gone."""
        has_looked = False
        while True:
            change = await asyncio.to_thread(ports.look)
            self.take(change)
            if not has_looked and not ports.inputs:
                self.say_none(ports)
            has_looked = True
            await asyncio.sleep(LOOK_S)

    def say_none(self, ports: Ports) -> None:
        """Tell that nothing is open yet."""
        found = ", ".join(repr(name) for name in ports.driver.list_ports()[0]) or "no port"
        needed = f", a port named like {self.wanted!r} is needed; see 'loopmorph midi'" if self.wanted else ""
        say(f"no MIDI: found {found}{needed}; a controller may be plugged in at any time")

    def take(self, change: Change) -> None:
        """Know the controllers that have come and gone."""
        for name in change.went:
            if name in self.controllers:
                self.controllers.pop(name).let_go()
            say(f"MIDI: {name} is gone")
        for name in change.came:
            self.controllers.pop(name, None)
            say(f"MIDI: {name} ({self.controller(name).mapping.name})")
        for name in change.busy:
            say(f"MIDI: {name} cannot be opened, another program may have it; it is tried again")
        for name in self.controllers:
            self.lead_back(name)
        if change != Change():
            self.tell()

    def controller(self, name: str) -> Controller:
        """Find the controller on a port."""
        if name not in self.controllers:
            self.controllers[name] = Controller(self.hub, name, self.library.for_port(name))
            self.lead_back(name)
        return self.controllers[name]

    def lead_back(self, name: str) -> None:
        """Show a controller things on the output that belongs to it, which may come and go by itself."""
        output = self.ports.output_of(name) if self.ports is not None else None
        controller = self.controllers[name]
        if output is not controller.output:
            controller.show_on(output)
            self.tell()

    def outputs(self) -> dict[str, Any]:
        """List the open outputs."""
        return dict(self.ports.outputs) if self.ports is not None else {}

    async def obey_all(self) -> None:
        """Obey messages as they come."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            self.obey_heard()
            if self.heard:
                self.wake.set()
                await asyncio.sleep(0)

    def obey_heard(self) -> None:
        """Obey what has been heard, but not so much at once that others have to wait."""
        for _ in range(min(len(self.heard), MAX_HEARD)):
            port, message, at_s = self.heard.popleft()
            if self.ports is not None and port not in self.ports.inputs:
                continue  # it has just gone
            if message.type in CLOCK_KINDS:
                if self.clock == CLOCK_IN:
                    self.clock_in.hear(port, message, at_s=at_s)
                continue
            read = read_message(message)
            if read is not None and self.learn.hear(port, *read, at_s=at_s):
                self.controller(port).note_place(*read)
            else:
                self.controller(port).obey(message, at_s=at_s)

    async def show_all(self) -> None:
        """Show controllers what the controls are, as often as an eye sees."""
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)

    def tick(self) -> None:
        """Show what has changed, learn what is clear, keep the clock."""
        values = present_values(self.hub.memory).tolist()
        for controller in list(self.controllers.values()):
            controller.feedback.show(values)
        self.go_on_learning()
        self.keep_clock()

    def keep_clock(self) -> None:
        """Send the clock, follow one, or neither, as the control says."""
        wanted = int(self.controls[CLOCK])
        if wanted != self.clock:
            self.clock_out.stop()
            self.clock_in.rest()
            self.clock = wanted
            if wanted == CLOCK_OUT:
                self.clock_out.start()
            self.tell()
        if wanted == CLOCK_IN:
            self.clock_in.step()
        if wanted != CLOCK_OFF and self.now_s() - self.told_s > STATUS_S:
            self.tell()

    def begin_learning(self, values: Values) -> None:
        """Learn the knob that moves next; see `actions.Naming`."""
        number = int(values[0])
        if number == NOTHING:
            self.learn.end()
        elif self.ports is None:
            raise ControlError("/midi/learn: this system has no MIDI; a controller is needed; see 'loopmorph midi'")
        elif number != TOUCHED and number > len(TARGETS):
            raise ControlError(f"/midi/learn got {number}, 1 to {len(TARGETS)} is needed; name an address instead")
        else:
            self.learn.begin(number, self.controls, now_s=self.now_s())
            say(f"MIDI: {describe_wish(number)}")
        self.tell()

    def go_on_learning(self) -> None:
        """Take what was learned, or give up."""
        now_s = self.now_s()
        self.learn.touch(self.controls)
        if self.learn.expire(now_s=now_s):
            self.hub.warnings.tell("MIDI: nothing was learned, for nothing was moved")
            self.tell()
        taken = self.learn.take(now_s=now_s)
        if taken is not None:
            port, entry = taken
            try:
                check_entry(entry, where=f"{entry.source}")
            except MappingError as error:
                self.hub.warnings.tell(f"MIDI: what was moved on {port} is not learned: {error}")
                self.tell()
                return
            self.library.add(port, entry)
            self.use_mappings()
            text = f"{describe_entry(entry)} ({port})"
            self.learned = {"count": self.learned["count"] + 1, "text": text}
            self.hub.warnings.tell(f"MIDI: {text}")
            self.tell()

    def unlearn(self, values: Values) -> None:
        """Forget what was learned for a control."""
        number = int(values[0])
        if number > len(TARGETS):
            raise ControlError(f"/midi/unlearn got {number}, 1 to {len(TARGETS)} is needed; name an address instead")
        count = self.library.forget(*TARGETS[number - 1])
        if not count:
            raise ControlError(f"nothing was learned for {describe_target(number)}; see 'loopmorph midi'")
        self.use_mappings()
        say(f"MIDI: forgot {count} of {describe_target(number)}")
        self.tell()

    def use_mappings(self) -> None:
        """Obey the mappings as they are now."""
        for name, controller in self.controllers.items():
            controller.use(self.library.for_port(name))

    def tell(self) -> None:
        """Write the status, if it is another one."""
        self.told_s = self.now_s()
        ports = [
            {"port": name, "mapping": controller.mapping.name, "learned": self.library.learned(name),
             "shows": controller.output is not None}
            for name, controller in self.controllers.items()
        ]  # fmt: skip
        status = {"ports": ports, "learning": self.learn.is_on, "learned": self.learned, "clock": self.clock_status()}
        text = json.dumps(status)
        if self.status is not None and text != self.told:
            self.told = text
            with contextlib.suppress(OSError):  # the folder goes when the instrument does
                replace_text(self.status, text)

    def clock_status(self) -> dict[str, Any]:
        """Tell what the clock does."""
        if self.clock == CLOCK_IN:
            error_s, line = self.clock_in.follower.error_s, self.clock_in.line
            error_ms = None if error_s is None else round(error_s * 1000, 1)
            return {"follows": self.clock_in.port, "tempo_bpm": line.tempo_bpm, "error_ms": error_ms}
        late_ms = sorted(late_s * 1000 for late_s in list(self.clock_out.clock.late_s))  # the thread goes on adding
        if self.clock == CLOCK_OFF or not late_ms:
            return {}
        return {"pulses": len(late_ms), "late_ms_p95": round(late_ms[int(len(late_ms) * 0.95)], 2),
                "late_ms_most": round(late_ms[-1], 2)}  # fmt: skip


async def play_midi(hub: Hub, options: dict[str, Any], *, folder: pathlib.Path) -> None:
    """Play MIDI until the instrument stops; see `Hub.keep`.

    Parameters
    ----------
    hub : Hub
        Where hands meet.
    options : dict
        Of the instrument.
    folder : pathlib.Path
        Of the instrument.
    """
    await MidiSurface(hub, open_library(hub), wanted=options["midi"], status=folder / STATUS).play()


def open_library(hub: Hub) -> Library:
    """Read the mappings beside the session; they are kept, as it is, by the instrument that has claimed it."""
    conductor = hub.conductor
    return Library(
        conductor.path.parent / FOLDER if conductor.path is not None else None,
        keep=conductor.keeper.keep if conductor.claim is not None else None,
        remark=hub.warnings.tell,
    )
