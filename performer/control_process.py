"""The control process: OSC and MIDI -> the values that all processes share; history, scenes and session.

Run as `python -m performer.control_process FOLDER` by the supervisor.
"""

import collections
import logging
import pathlib
import sys
import time
from collections.abc import Callable

from performer.actions import Action
from performer.console import TOLD, Warnings, say
from performer.controls import N_VALUES, SLOTS, Control
from performer.errors import ControlError, PerformerError
from performer.memory import Memory, read_options
from performer.session.conductor import POLL_S, Conductor
from performer.session.stamp import read_stamps
from performer.session.values import set_values
from performer.surfaces.midi import obey_message, open_ports
from performer.surfaces.osc import bind, receive

HOST = "127.0.0.1"


class ControlSurface:
    """Where every surface's moves meet: newest value wins, nothing piles up.

    Parameters
    ----------
    memory : Memory
        The values and counters.
    conductor : Conductor
        What is behind the actions.
    warnings : Warnings
        Where lines for the performer go.
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(
        self,
        memory: Memory,
        conductor: Conductor,
        *,
        warnings: Warnings,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.memory = memory
        self.conductor = conductor
        self.warnings = warnings
        self.now_s = now_s
        self.fired: collections.deque[tuple[Action, tuple[float, ...], float]] = collections.deque()

    def apply(self, row: Control | Action, values: tuple[float, ...]) -> None:
        """Set a control, or do what an action says, from an OSC message; raises as `Conductor.obey` does."""
        if isinstance(row, Action):
            self.conductor.obey(row, values, at_s=self.now_s())
        else:
            set_values(self.memory, range(N_VALUES)[SLOTS[row.path]], values)
        self.memory.count("osc_messages")

    def refuse(self, reason: str) -> None:
        """Count and say a refused OSC message."""
        self.memory.count("osc_refused")
        self.warnings.warn("osc", reason)

    def apply_one(self, control: Control, index: int, value: float) -> None:
        """Set one value of a control from a MIDI controller."""
        self.memory.state["controls"][0, SLOTS[control.path].start + index] = value
        self.memory.count("midi_messages")

    def fire(self, action: Action, values: tuple[float, ...]) -> None:
        """Note an action from a MIDI note or controller, on the driver's thread; `work` does it."""
        self.fired.append((action, values, self.now_s()))
        self.memory.count("midi_messages")

    def work(self) -> None:
        """Do what MIDI has fired, note what was played, save what has changed."""
        while self.fired:
            action, values, at_s = self.fired.popleft()
            try:
                self.conductor.obey(action, values, at_s=at_s)
            except ControlError as error:
                self.warnings.warn("midi", f"{action.path} refused: {error}")
        self.conductor.poll()
        self.warnings.flush()

    def unmapped(self, reason: str) -> None:
        """Count and say a MIDI controller that moves nothing."""
        self.memory.count("midi_unmapped")
        self.warnings.warn("midi", reason)


def main(folder: pathlib.Path) -> None:
    """Listen until the instrument stops.

    Parameters
    ----------
    folder : pathlib.Path
        The running instrument's shared memory.
    """
    logging.disable(logging.CRITICAL)  # python-osc has a line of its own for every bad packet
    memory = Memory.join(folder)
    options = read_options(folder)
    warnings = Warnings()
    try:
        receiving = bind(HOST, options["osc_port"])
    except PerformerError as error:
        say(str(error))
        raise SystemExit(TOLD) from error
    receiving.settimeout(POLL_S)
    say(f"OSC: {HOST}:{receiving.getsockname()[1]}")
    session = pathlib.Path(options["session"]) if options.get("session") else None
    conductor = Conductor(memory, session, read_stamps(options["models"]), warnings=warnings)
    surface = ControlSurface(memory, conductor, warnings=warnings)
    ports = []
    try:
        ports = open_ports(
            options["midi"],
            lambda message: obey_message(
                message, apply_one=surface.apply_one, fire=surface.fire, unmapped=surface.unmapped
            ),
        )
        say(f"MIDI: {', '.join(port.name for port in ports)}")
    except PerformerError as error:
        say(f"{error}; OSC and 'loopmorph set' still play")
    while not memory.stopping:
        memory.beat("control")
        memory.count("osc_passed_over", receive(receiving, apply=surface.apply, refuse=surface.refuse))
        surface.work()
    for port in ports:
        port.close()
    conductor.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
