"""The control process: every surface -> the values that all processes share; history, scenes and session.

Run as `python -m performer.control_process FOLDER` by the supervisor.
"""

import asyncio
import logging
import pathlib
import socket
import sys
from typing import Any

from performer.console import TOLD, Warnings, say
from performer.errors import PerformerError
from performer.memory import Memory, read_options
from performer.session.conductor import POLL_S, Conductor
from performer.session.stamp import read_stamps
from performer.surfaces.hub import Hub
from performer.surfaces.midi import obey_message, open_ports
from performer.surfaces.osc import bind, receive

HOST = "127.0.0.1"


async def play_midi(hub: Hub, options: dict[str, Any]) -> None:
    """Obey MIDI controllers."""
    try:
        ports = open_ports(
            options["midi"],
            lambda message: obey_message(message, apply_one=hub.apply_one, fire=hub.fire, unmapped=hub.unmapped),
        )
        say(f"MIDI: {', '.join(port.name for port in ports)}")
    except PerformerError as error:
        say(f"{error}; OSC and 'loopmorph set' still play")
        return
    try:
        await asyncio.Event().wait()
    finally:
        for port in ports:
            port.close()


async def play_osc(hub: Hub, receiving: socket.socket) -> None:
    """Obey OSC packets."""
    asyncio.get_running_loop().add_reader(
        receiving, lambda: hub.memory.count("osc_passed_over", receive(receiving, apply=hub.apply, refuse=hub.refuse))
    )
    await asyncio.Event().wait()


async def listen(hub: Hub, receiving: socket.socket, options: dict[str, Any]) -> None:
    """Let every surface play until the instrument stops.

    Parameters
    ----------
    hub : Hub
        Where they meet.
    receiving : socket.socket
        From `osc.bind`.
    options : dict
        Of the instrument.
    """
    surfaces = {
        "OSC": lambda hub: play_osc(hub, receiving),
        "MIDI": lambda hub: play_midi(hub, options),
    }
    tasks = [asyncio.create_task(hub.keep(name, play)) for name, play in surfaces.items()]
    while not hub.memory.stopping:
        hub.memory.beat("control")
        hub.work()
        await asyncio.sleep(POLL_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
    say(f"OSC: {HOST}:{receiving.getsockname()[1]}")
    session = pathlib.Path(options["session"]) if options.get("session") else None
    conductor = Conductor(memory, session, read_stamps(options["models"]), warnings=warnings)
    hub = Hub(memory, conductor, warnings=warnings)
    asyncio.run(listen(hub, receiving, options))
    conductor.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
