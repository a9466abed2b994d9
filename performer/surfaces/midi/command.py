"""The command line's words for MIDI: what is plugged in, and learning."""

import json
import pathlib
import signal
import time
from typing import Any

import click

from performer.output.command import find_instrument
from performer.ports import OSC_PORT
from performer.table import print_table

POLL_S = 0.1
LEARN_S = 70.0
"""Longer than the instrument waits for a knob."""
ASKED_S = 2.0
"""How long it takes at most until the instrument listens."""

osc_port_option = click.option(
    "--osc-port", type=click.IntRange(1, 65535), default=OSC_PORT, show_default=True,
    help="UDP port of the running instrument.",
)  # fmt: skip


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@osc_port_option
def midi(as_json: bool, osc_port: int) -> None:
    """List the MIDI ports, and which mapping each has; of the running instrument, if there is one.

    \b
    loopmorph midi
    """
    from performer.errors import PerformerError

    try:
        status = read_status(find_instrument(osc_port))
    except PerformerError:
        status = look()
    if as_json:
        click.echo(json.dumps(status, indent=1))
        return
    rows = [(port["port"], port["mapping"], port["learned"] or "") for port in status["ports"]]
    if rows:
        print_table("MIDI ports", ("name", "mapping", "learned"), rows)
    else:
        click.echo("loopmorph: no MIDI port", err=True)
    if status["clock"]:
        click.echo(describe_clock(**status["clock"]))


def describe_clock(**clock: Any) -> str:
    """Say in words what the clock does; see `MidiSurface.clock_status`."""
    if "pulses" in clock:
        return (
            f"clock out: of {clock['pulses']} pulses 95 % were less than {clock['late_ms_p95']:g} ms late, the latest "
            f"{clock['late_ms_most']:g} ms"
        )
    if clock["follows"] is None:
        return "clock in: no port sends one now"
    place = "its place is not known yet" if clock["error_ms"] is None else f"{clock['error_ms']:g} ms off its beat"
    return f"clock in: follows {clock['follows']}, {clock['tempo_bpm']:g} BPM, {place}"


def look() -> dict[str, Any]:
    """Tell what an instrument would find."""
    from performer.session.session import default_session
    from performer.surfaces.midi.driver import list_ports
    from performer.surfaces.midi.library import FOLDER, Library

    library = Library(default_session().parent / FOLDER, keep=None, remark=print)
    ports = [
        {"port": name, "mapping": library.for_port(name).name, "learned": library.learned(name)}
        for name in list_ports()
    ]
    return {"ports": ports, "learning": False, "learned": {"count": 0}, "clock": {}}


def read_status(folder: pathlib.Path) -> dict[str, Any]:
    """Read what the MIDI of a running instrument tells; nothing, before it is ready."""
    from performer.surfaces.midi.surface import STATUS

    try:
        return dict(json.loads((folder / STATUS).read_text()))
    except (OSError, ValueError):
        return {"ports": [], "learning": False, "learned": {"count": 0}, "clock": {}}


@click.command()
@click.argument("path", required=False)
@click.argument("which", type=click.IntRange(min=0), required=False)
@click.option("--forget", is_flag=True, help="Forget what was learned for the control instead.")
@osc_port_option
def learn(path: str | None, which: int | None, forget: bool, osc_port: int) -> None:
    """Let a knob, fader or button of a MIDI controller move a control: name the control, then move the knob.

    Without an address the control that is touched next is meant, on a page, a tablet or with 'loopmorph set'. WHICH
    says of a control of several values which one, counted from 0; of a scene, a preset or a pin its number.

    \b
    loopmorph learn /deck/1/density
    loopmorph learn /deck/1/morph 1
    loopmorph learn /scene/recall 3
    loopmorph learn --forget /deck/1/density
    """
    from performer.actions import find_row
    from performer.errors import PerformerError
    from performer.surfaces.midi.learn import describe_target, describe_wish
    from performer.surfaces.osc.packet import send

    if forget and path is None:
        raise click.UsageError("--forget needs the address of a control")
    row = find_row("/midi/unlearn" if forget else "/midi/learn")
    values = row.accept([word for word in (path, which) if word is not None])
    number = int(values[0])
    folder = find_instrument(osc_port)
    before = read_status(folder)
    if not before["ports"] and not forget:
        raise PerformerError("no MIDI port is open; a controller is needed to learn from; see 'loopmorph midi'")
    send(row.path, values, host="127.0.0.1", port=osc_port)
    if forget:
        click.echo(f"loopmorph: {describe_target(number)} is left to what it was", err=True)
        return
    click.echo(f"loopmorph: {describe_wish(number)}; Ctrl-C gives up", err=True)
    for name in ("SIGHUP", "SIGTERM"):  # its terminal was closed: as Ctrl-C
        signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        text = wait_for_knob(folder, before["learned"]["count"])
    except KeyboardInterrupt:
        send(row.path, (0.0,), host="127.0.0.1", port=osc_port)
        raise
    click.echo(f"loopmorph: {text}", err=True)


def wait_for_knob(folder: pathlib.Path, count: int) -> str:
    """Wait until something is learned, and tell what.

    Raises
    ------
    PerformerError
        If nothing is moved, or no MIDI is played.
    """
    from performer.errors import PerformerError

    begin_s = time.monotonic()
    while (passed_s := time.monotonic() - begin_s) < LEARN_S:
        status = read_status(folder)
        if status["learned"]["count"] > count:
            return str(status["learned"]["text"])
        count = min(count, status["learned"]["count"])  # MIDI was started again meanwhile
        if not status["learning"] and passed_s > ASKED_S:
            break
        time.sleep(POLL_S)
    raise PerformerError(
        "nothing was learned: no knob or button was moved that can do that; one of a port in 'loopmorph midi' is "
        "needed; try again"
    )
