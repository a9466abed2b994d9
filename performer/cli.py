"""The command line: render, perform, set, stop, and what there is to choose from."""

import json
import pathlib
from typing import Any

import click

from melgan_vocoder.command_line import CommandLine, NumberRange
from performer.console import waiting_line
from performer.generation.command import SOUND_SUFFIXES, render
from performer.measuring.benches import bench, soak
from performer.output.command import device, devices
from performer.ports import HTTP_PORT, OSC_PORT
from performer.surfaces.layouts.command import layout
from performer.surfaces.loopgan.command import loopgan
from performer.surfaces.midi.command import learn, midi
from performer.table import print_table
from performer.teaching.command import directions, invert


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="loopmorph")
def main() -> None:
    """Loopmorph: play StyleGAN2 loops live.

    \b
    loopmorph perform                      start the instrument
    loopmorph set /deck/1/density 2        move a control of it
    loopmorph render loop.wav --seed 7     write a loop to a file
    """


@main.command()
@click.option("--models", metavar="NAME,...", help="Models that the decks choose from: names of the crate, or "
              ".safetensors files; all of the crate if not given.")  # fmt: skip
@click.option("--device", metavar="NAME|browser|file:OUT.wav|null",
              help="Where the sound goes; the system's default device if not given.")  # fmt: skip
@click.option("--outputs", type=click.Choice(["master", "cue", "decks"]), default="master", show_default=True,
              help="Master alone; headphones on outputs 3 and 4; or each deck on a pair of its own.")  # fmt: skip
@click.option("--cue-device", metavar="NAME",
              help="Headphones on a device of their own, instead of on outputs 3 and 4.")  # fmt: skip
@click.option("--latency-ms", type=NumberRange(1, 1000), default=20, show_default=True,
              help="Latency asked of the sound device.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Seed of deck 1; decks 2 to 4 go on from it by tens.")
@click.option("--osc-port", type=click.IntRange(1, 65534), default=OSC_PORT, show_default=True,
              help="Port of OSC, UDP and TCP; on this machine only, unless --tablet.")  # fmt: skip
@click.option(
    "--oscquery-port", type=click.IntRange(1, 65535), help="TCP port of OSCQuery; the OSC port + 1 if not given."
)
@click.option("--advertise/--no-advertise", default=None,
              help="Whether programs find the instrument by themselves (zeroconf); with --tablet they do.")  # fmt: skip
@click.option("--http-port", type=click.IntRange(1, 65534), default=HTTP_PORT, show_default=True,
              help="TCP port of the page; its sound, if the browser is the loudspeaker, is on the next.")  # fmt: skip
@click.option("--tablet", is_flag=True, help="Let devices of the local network play, once they were let in.")
@click.option("--link", is_flag=True, help="Keep tempo and beat with Ableton Link on the local network.")
@click.option("--midi", metavar="PART", help="Listen to MIDI ports with this in their name; to all if not given.")
@click.option("--resume", is_flag=True, help="Go on with what played when the session ended.")
@click.option("--session", type=click.Path(dir_okay=False, path_type=pathlib.Path), metavar="FILE.json",
              help="File that keeps scenes and what plays; session.json in the data folder if not given.")  # fmt: skip
@click.option("--record", type=click.Path(dir_okay=False, path_type=pathlib.Path), metavar="OUT.flac|OUT.wav",
              help="Record the master from the first sound on, and its control log beside it.")  # fmt: skip
@click.option("--duration", type=NumberRange(0.1), help="Stop by itself after so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print what was counted as JSON at the end.")
def perform(
    *, models: str | None, seed: int | None, duration: float | None, as_json: bool, resume: bool,
    session: pathlib.Path | None, record: pathlib.Path | None, **options: Any,
) -> None:  # fmt: skip
    """Play live: four decks, moved by OSC, MIDI and 'loopmorph set'. Ctrl-C stops.

    \b
    loopmorph perform
    loopmorph perform --device "USB Audio" --osc-port 9001
    loopmorph perform --device browser
    loopmorph perform --cue-device "Headset"
    loopmorph perform --tablet
    loopmorph perform --resume
    loopmorph perform --record set.flac
    """
    check_names(session=session, record=record, cue_device=options["cue_device"])
    if options["cue_device"] is not None and options["outputs"] == "cue":
        options["outputs"] = "master"  # the headphones have their own
    from performer.controls import MAX_MODELS, N_DECKS, SLOTS
    from performer.crate import find_model, list_models
    from performer.errors import AlreadyToldError
    from performer.memory import running_instruments
    from performer.recording.take import require_new
    from performer.session.session import begin_session, default_session
    from performer.supervisor import Supervisor, stop_on_signals

    if record is not None:
        record = require_new(record.resolve(), option="--record")
    headers, unread = ([find_model(name) for name in models.split(",")], []) if models is not None else list_models()
    headers = headers[:MAX_MODELS]
    for problem in unread:
        click.echo(f"loopmorph: {problem}", err=True)
    names = ", ".join(header.name for header in headers)
    running_instruments()  # clears away what dead ones left
    paths = [str(header.weights.path.resolve()) for header in headers]
    session = (session or default_session()).resolve()
    supervisor = Supervisor(
        {"models": paths, "session": str(session), "record": str(record) if record else None,
         **options, **invitation(is_tablet=options["tablet"])}
    )  # fmt: skip
    try:
        for line in begin_session(supervisor.memory, session, paths, resume=resume):
            click.echo(f"loopmorph: {line}", err=True)
        if seed is not None:
            for deck in range(1, N_DECKS + 1):
                supervisor.memory.state["controls"][0, SLOTS[f"/deck/{deck}/seed"]] = seed + 10 * (deck - 1)
        supervisor.memory.state["controls"][0, SLOTS["/record"]] = record is not None
        with stop_on_signals(supervisor.memory):
            with waiting_line("loading the networks and drawing the first loops"):
                supervisor.start()
            if not supervisor.memory.stopping:
                announce(names, supervisor.folder)
            supervisor.play(duration_s=duration)
    except AlreadyToldError as error:
        raise SystemExit(1) from error
    finally:
        supervisor.close()
    summary = supervisor.summary()
    if as_json:
        click.echo(json.dumps(summary))
    always = ("loops", "underruns")
    counted = [f"{count} {name.replace('_', ' ')}" for name, count in summary["counters"].items()
               if count or name in always]  # fmt: skip
    click.echo(
        f"loopmorph: played {summary['played_s']:g} s: {', '.join(counted)}; "
        f"longest block {summary['longest_block_ms']:g} ms"
        + (f"; the host took {summary['stolen_s']:g} s of processor time" if summary["stolen_s"] else ""),
        err=True,
    )


def invitation(*, is_tablet: bool) -> dict[str, str]:
    """Tell what the processes need to know to let a tablet in."""
    from performer.session.session import default_session
    from performer.surfaces.web.address import keep_token

    return {"token": keep_token(default_session().with_name("token"))} if is_tablet else {}


def announce(names: str, folder: pathlib.Path) -> None:
    """Say what plays, and where a tablet finds it."""
    from performer.memory import read_options
    from performer.surfaces.web.address import invite

    click.echo(f"loopmorph: playing {names}; Ctrl-C stops", err=True)
    options = read_options(folder)
    if options["tablet"]:
        click.echo(invite(options["token"], http_port=options["http_port"]), err=True)


def check_names(*, session: pathlib.Path | None, record: pathlib.Path | None, cue_device: str | None) -> None:
    """Refuse names that cannot be what they are given for."""
    if session is not None and session.suffix.lower() != ".json":
        raise click.BadParameter(f"{session} does not end in .json; name a session file", param_hint="--session")
    if record is not None and record.suffix.lower() not in SOUND_SUFFIXES:
        raise click.BadParameter(f"{record} does not end in .flac or .wav; name such a file", param_hint="--record")
    if cue_device == "browser":
        raise click.BadParameter("headphones need a sound device; see 'loopmorph devices'", param_hint="--cue-device")


@main.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("path")
@click.argument("values", nargs=-1)
@click.option("--osc-port", type=click.IntRange(1, 65535), default=OSC_PORT, show_default=True,
              help="UDP port of the running instrument.")  # fmt: skip
def set_control(path: str, values: tuple[str, ...], osc_port: int) -> None:
    """Move a control of the running instrument, or press a button of it.

    What the instrument cannot do, such as to recall an empty scene, it says here and in its own terminal.

    \b
    loopmorph set /deck/1/density 2
    loopmorph set /deck/2/morph 0.3 0.8
    loopmorph set /deck/1/undo
    """
    from performer.actions import Action, find_row
    from performer.surfaces.osc.packet import send

    row = find_row(path)
    accepted = row.accept([to_number(value) for value in values])
    send(path, accepted, host="127.0.0.1", port=osc_port)
    unit = "" if isinstance(row, Action) else row.unit
    words = [value if isinstance(value, str) else f"{value:.10g}" for value in accepted]
    click.echo(f"loopmorph: {path} {' '.join(words)} {unit}".rstrip(), err=True)


def to_number(text: str) -> object:
    """Read a number, or leave the text for the control to refuse."""
    try:
        return float(text)
    except ValueError:
        return text


@main.command()
@click.argument("address")
@click.option("--osc-port", type=click.IntRange(1, 65535), default=OSC_PORT, show_default=True,
              help="UDP port of the running instrument.")  # fmt: skip
def admit(address: str, osc_port: int) -> None:
    """Let another device play the running instrument over OSC; it was started with --tablet.

    \b
    loopmorph admit 192.168.1.7
    """
    from performer.surfaces.osc.packet import ask_to_admit

    ask_to_admit(address, port=osc_port)
    click.echo(f"loopmorph: {address} may play", err=True)


@main.command()
def stop() -> None:
    """Stop every running instrument of yours, also one whose terminal is gone.

    \b
    loopmorph stop
    """
    from performer.memory import running_instruments
    from performer.supervisor import stop_running

    count = stop_running(running_instruments())
    click.echo(f"loopmorph: {count} stopped" if count else "loopmorph: nothing was playing", err=True)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def controls(as_json: bool) -> None:
    """List every control and action: OSC address, range, MIDI channel and controller, and what it does.

    \b
    loopmorph controls
    """
    import dataclasses

    from performer.actions import ACTIONS
    from performer.controls import CONTROLS

    if as_json:
        entries = [{"kind": "control", **dataclasses.asdict(control)} for control in CONTROLS]
        entries += [{"kind": "action", **dataclasses.asdict(action)} for action in ACTIONS]
        click.echo(json.dumps(entries, indent=1))
        return
    rows = []
    for control in CONTROLS:
        default = " ".join(f"{value:g}" for value in control.default)
        rows.append((control.path, control.describe_range(), default, control.describe_midi(), control.help))
    print_table("Controls", ("address", "range", "default", "MIDI ch: CC", "what it does"), rows)
    actions = [(action.path, action.describe_range(), action.describe_midi(), action.help) for action in ACTIONS]
    print_table("Actions, done once", ("address", "range", "MIDI ch: what", "what it does"), actions)


@main.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List the models of the crate, or add one.

    \b
    loopmorph models
    loopmorph models add mytechno.safetensors
    """
    if context.invoked_subcommand:
        return
    import dataclasses

    from performer.crate import list_models
    from performer.repertoire import read_repertoire

    headers, problems = list_models()
    repertoires = [read_repertoire(header) for header in headers]
    for problem in problems:
        click.echo(f"loopmorph: {problem}", err=True)
    if as_json:
        entries = [
            {
                **dataclasses.asdict(header.identity), "path": str(header.weights.path),
                "directions": header.directions, "played_by": known.labels, "not_played": known.unplayed,
                "presets": known.presets,
            }
            for header, known in zip(headers, repertoires, strict=True)
        ]  # fmt: skip
        click.echo(json.dumps(entries, indent=1))
        return
    rows = []
    for header, known in zip(headers, repertoires, strict=True):
        identity, card = header.identity, header.identity.card
        names, presets = ", ".join(known.labels.values()), ", ".join(known.presets)
        rows.append(
            (identity.name, identity.genre, identity.role, identity.key, names, presets, card["kimg"], card["license"])
        )
    print_table("Models", ("name", "genre", "role", "key", "directions", "presets", "kimg", "licence"), rows)
    unplayed = [
        (header.name, name, reason)
        for header, known in zip(headers, repertoires, strict=True)
        for name, reason in known.unplayed.items()
    ]
    if unplayed:
        print_table("Directions that are not played", ("model", "direction", "why"), unplayed)


@models.command("add")
@click.argument("file", type=click.Path(dir_okay=False, path_type=pathlib.Path))
def add(file: pathlib.Path) -> None:
    """Copy a model file into the crate, after checking that it plays here.

    \b
    loopmorph models add mytechno.safetensors
    """
    from performer.crate import add_model

    header = add_model(file)
    click.echo(f"loopmorph: added {header.name}: {header.weights.path}", err=True)


main.add_command(render)
main.add_command(bench)
main.add_command(soak)
main.add_command(device)
main.add_command(devices)
main.add_command(midi)
main.add_command(learn)
main.add_command(layout)
main.add_command(loopgan)
main.add_command(invert)
main.add_command(directions)


if __name__ == "__main__":
    main()
