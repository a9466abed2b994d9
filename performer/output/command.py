"""`loopmorph devices` and `loopmorph device`: what there is to play on, what plays, and another one."""

import json
import pathlib
from typing import Any

import click

from performer.ports import OSC_PORT
from performer.table import print_table

ROLES = {"device": "master", "cue_device": "headphones"}
"""What is heard on the device that an option names."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def devices(as_json: bool) -> None:
    """List the sound devices that can play, what plays on them, and the MIDI ports that can be heard.

    \b
    loopmorph devices
    """
    from performer.errors import PerformerError
    from performer.output.sound_device import NoDeviceError, list_devices
    from performer.surfaces.midi.driver import list_ports

    lines, found, ports = [], [], []
    try:
        found = list_devices()
    except NoDeviceError as error:
        lines.append(str(error))
    try:
        ports = list_ports()
    except PerformerError as error:
        lines.append(str(error))
    mark_playing(found)
    if as_json:
        click.echo(json.dumps({"sound": found, "midi": ports}, indent=1))
        return
    columns = ("", "name", "api", "channels", "default rate (Hz)", "latency (ms)", "plays")
    cells = ("name", "api", "channels", "sample_rate", "latency_ms")
    rows = [
        ("*" if device["default"] else "", *(device[cell] for cell in cells), ", ".join(device["plays"]))
        for device in found
    ]
    if rows:
        print_table("Sound devices (* default)", columns, rows)
    else:
        lines.insert(0, "no sound device; 'loopmorph perform' plays through the browser instead")
    for port in ports:
        click.echo(f"MIDI port: {port}")
    for line in lines:
        click.echo(f"loopmorph: {line}", err=True)


def mark_playing(found: list[dict[str, Any]]) -> None:
    """Add to each device what the running instruments play on it.

    Parameters
    ----------
    found : list of dict
        From `sound_device.list_devices`; each gets `plays`.
    """
    from performer.memory import read_options, running_instruments
    from performer.output.sound_device import match_devices

    for device in found:
        device["plays"] = []
    for folder, memory in running_instruments():
        for option, role in ROLES.items():
            name = read_options(folder).get(option)
            if name is not None:
                playing = match_devices(found, name)
            elif option == "device" and not memory.state["browser"][0]:
                playing = [device for device in found if device["default"]]
            else:
                continue
            for device in playing[:1]:
                device["plays"].append(role)


@click.command()
@click.argument("name", metavar="NAME|browser|file:OUT.wav|null")
@click.option("--cue", is_flag=True, help="Move the headphones instead of the master.")
@click.option("--osc-port", type=click.IntRange(1, 65535), default=OSC_PORT, show_default=True,
              help="UDP port of the running instrument.")  # fmt: skip
def device(name: str, cue: bool, osc_port: int) -> None:
    """Play on another device, without a restart; if it cannot be had, the music goes on where it was.

    \b
    loopmorph device "USB Audio"
    loopmorph device --cue "Headset"
    """
    from performer.output.changeover import Wish, ask

    if cue and name == "browser":
        raise click.BadParameter("headphones need a sound device; see 'loopmorph devices'", param_hint="NAME")
    if name.startswith("file:"):
        name = f"file:{pathlib.Path(name.removeprefix('file:')).resolve()}"  # the instrument runs in another folder
    ask(find_instrument(osc_port), Wish(process="headphones" if cue else "audio", device=name))
    click.echo(f"loopmorph: {'headphones' if cue else 'sound'}: {name}", err=True)


def find_instrument(osc_port: int) -> pathlib.Path:
    """Find the folder of the running instrument that listens on a port.

    Raises
    ------
    PerformerError
        If there is none.
    """
    from performer.errors import PerformerError
    from performer.memory import read_options, running_instruments

    folders = {read_options(folder)["osc_port"]: folder for folder, _ in running_instruments()}
    if osc_port not in folders:
        ports = ", ".join(map(str, sorted(folders))) or "none"
        raise PerformerError(
            f"no instrument of yours listens on OSC port {osc_port} (found: {ports}); a running one is needed; start "
            "'loopmorph perform' or name its port with --osc-port"
        )
    return folders[osc_port]
