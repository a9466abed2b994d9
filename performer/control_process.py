"""The control process: OSC and MIDI -> the values that all processes share.

Run as `python -m performer.control_process FOLDER` by the supervisor.
"""

import logging
import pathlib
import sys

from melgan_vocoder.format import MelFormat
from performer.console import TOLD, Warnings, say
from performer.controls import SLOTS, Control
from performer.errors import PerformerError
from performer.memory import Memory, read_options
from performer.midi import obey_message, open_ports
from performer.osc import bind, receive

HOST = "127.0.0.1"
POLL_S = 0.25


class ControlSurface:
    """Where every surface's moves meet: newest value wins, nothing piles up.

    Parameters
    ----------
    memory : Memory
        The values and counters.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.warnings = Warnings()

    def apply(self, control: Control, values: tuple[float, ...]) -> None:
        """Set a control from an OSC message."""
        self.memory.state["controls"][0, SLOTS[control.path]] = values
        self.memory.count("osc_messages")

    def refuse(self, reason: str) -> None:
        """Count and say a refused OSC message."""
        self.memory.count("osc_refused")
        self.warnings.warn("osc", reason)

    def apply_one(self, control: Control, index: int, value: float) -> None:
        """Set one value of a control from a MIDI controller."""
        self.memory.state["controls"][0, SLOTS[control.path].start + index] = value
        self.memory.count("midi_messages")

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
    memory = Memory.join(folder, MelFormat())
    options = read_options(folder)
    surface = ControlSurface(memory)
    try:
        receiving = bind(HOST, options["osc_port"])
    except PerformerError as error:
        say(str(error))
        raise SystemExit(TOLD) from error
    receiving.settimeout(POLL_S)
    say(f"OSC: {HOST}:{receiving.getsockname()[1]}")
    ports = []
    try:
        ports = open_ports(
            options["midi"],
            lambda message: obey_message(message, apply_one=surface.apply_one, unmapped=surface.unmapped),
        )
        say(f"MIDI: {', '.join(port.name for port in ports)}")
    except PerformerError as error:
        say(f"{error}; OSC and 'loopmorph set' still play")
    while not memory.stopping:
        memory.beat("control")
        memory.count("osc_passed_over", receive(receiving, apply=surface.apply, refuse=surface.refuse))
        surface.warnings.flush()
    for port in ports:
        port.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
