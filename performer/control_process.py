"""The control process: every surface -> the values that all processes share; history, scenes and session.

Run as `python -m performer.control_process FOLDER` by the supervisor.
"""

import asyncio
import logging
import pathlib
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from performer.console import TOLD, Warnings, say
from performer.controls import CONTROLS, SLOTS
from performer.errors import PerformerError
from performer.memory import Memory, process_exists, read_options
from performer.repertoire import read_repertoires
from performer.session.conductor import POLL_S, Conductor
from performer.session.stamp import read_stamps
from performer.session.values import set_values
from performer.surfaces.admission import Admission
from performer.surfaces.discovery import advertise, networks
from performer.surfaces.hub import Hub
from performer.surfaces.midi.surface import play_midi
from performer.surfaces.osc.packet import bind
from performer.surfaces.osc.query import OscQuery
from performer.surfaces.osc.server import OscServer
from performer.surfaces.web.address import invite
from performer.surfaces.web.page import play_page

Play = Callable[[Hub], Awaitable[None]]


def osc_surfaces(
    hub: Hub, receiving: socket.socket, options: dict[str, Any], *, folder: pathlib.Path
) -> dict[str, Play]:
    """List what belongs to OSC: the server itself, OSCQuery beside it, and what the network is told of both."""
    server = OscServer(hub, receiving, http_port=options["http_port"], kept=folder / "listeners.json")
    query = OscQuery(server, port=options.get("oscquery_port") or server.port + 1)
    is_tablet = hub.admission.is_tablet

    async def tell_network(_hub: Hub) -> None:
        await query.is_settled.wait()
        await advertise(is_tablet=is_tablet, osc_port=server.port, oscquery_port=query.port)

    async def invite_anew(_hub: Hub) -> None:
        is_first = True
        async for _ in networks(is_tablet=True):
            if not is_first:
                say(f"the network is another one\n{invite(hub.admission.token, http_port=options['http_port'])}")
            is_first = False

    surfaces: dict[str, Play] = {"OSC": lambda _: server.play(), "OSCQuery": lambda _: query.play()}
    if is_tablet:
        surfaces["network"] = invite_anew
    if is_tablet if options.get("advertise") is None else options["advertise"]:
        surfaces["Zeroconf"] = tell_network
    return surfaces


async def listen(hub: Hub, receiving: socket.socket, options: dict[str, Any], *, folder: pathlib.Path) -> None:
    """Let every surface play until the instrument stops.

    Parameters
    ----------
    hub : Hub
        Where they meet.
    receiving : socket.socket
        From `osc.bind`.
    options : dict
        Of the instrument.
    folder : pathlib.Path
        Of the instrument.
    """
    surfaces: dict[str, Play] = {
        **osc_surfaces(hub, receiving, options, folder=folder),
        "MIDI": lambda hub: play_midi(hub, options, folder=folder),
        "the page": lambda hub: play_page(hub, folder, http_port=options["http_port"]),
    }
    if options.get("link"):
        from performer.surfaces.link import play_link  # noqa: PLC0415 - only where it is asked for

        surfaces["Link"] = play_link
    tasks = [asyncio.create_task(hub.keep(name, play)) for name, play in surfaces.items()]
    supervisor_pid = int(hub.memory.state["supervisor_pid"][0])
    while not hub.memory.stopping:
        hub.memory.beat("control")
        if supervisor_pid and not process_exists(supervisor_pid):
            supervisor_pid = 0
            say("the supervisor is gone: the music goes on, but nothing that fails is started again; "
                "when it suits, 'loopmorph stop', then 'loopmorph perform --resume'")  # fmt: skip
        hub.work()
        await asyncio.sleep(POLL_S)
    hub.conductor.guard("the session", lambda: hub.conductor.save(is_last=True))  # first: a surface may hang
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
    admission = Admission.from_options(options, kept=folder / "admitted.json")
    try:
        receiving = bind(admission.host, options["osc_port"])
    except PerformerError as error:
        say(str(error))
        raise SystemExit(TOLD) from error
    say(f"OSC: {admission.host}:{receiving.getsockname()[1]}")
    session = pathlib.Path(options["session"]) if options.get("session") else None
    models = options["models"]
    conductor = Conductor(memory, session, read_stamps(models), repertoires=read_repertoires(models), warnings=warnings)
    hub = Hub(memory, conductor, admission=admission, warnings=warnings)
    for control in CONTROLS:
        if control.springs:  # who held it before this process was started is not known
            set_values(memory, [SLOTS[control.path].start], control.default)
    try:
        asyncio.run(listen(hub, receiving, options, folder=folder))
    finally:
        conductor.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
