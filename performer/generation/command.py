"""The command that renders: one loop as the deck's controls say, or a recorded set anew."""

import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import click

from melgan_vocoder.command_line import NumberRange
from performer.console import waiting_line
from performer.direction_names import FINE, NAMED

SOUND_SUFFIXES = (".flac", ".wav")
"""Kinds of files that are written."""
SHARE, SIGMA = NumberRange(0, 1), NumberRange(-3, 3)


def named_directions(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each direction that has a control of its own name."""
    for name, text in reversed((NAMED | FINE).items()):
        command = click.option(f"--{name}", type=SIGMA, default=0.0, help=f"{text} In sigma (-3 to 3).")(command)
    return command


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=pathlib.Path))
@click.option("--model", default="drums", show_default=True, help="Model of the crate, or a .safetensors file.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=3, show_default=True, help="Which loop.")
@click.option("--preset", metavar="NAME|NUMBER", help="A preset of the model instead of the seed's loop.")
@click.option("--loops", type=click.IntRange(1, 900), default=1, show_default=True, help="How often it goes round.")
@click.option("--morph", type=(SHARE, SHARE), default=(0.0, 0.0),
              help="Place between the seed and the three after it: right, up.")  # fmt: skip
@click.option("--timbre", type=(SHARE, SHARE), default=(0.0, 0.0), help="Another place there, for the timbre.")
@click.option("--split", type=SHARE, default=0.0, help="How much of the timbre comes from that place.")
@named_directions
@click.option("--direction", "others", type=(str, SIGMA), multiple=True, metavar="NAME SIGMA",
              help="Any direction of the model, as 'loopmorph models' names it.")  # fmt: skip
@click.option("--hold", is_flag=True, help="Directions hold what is not their own, where the model knows how.")
@click.option("--spread", type=NumberRange(0, 2), default=0.8, show_default=True,
              help="How much the four loops differ, in sigma.")  # fmt: skip
@click.option("--width", type=SHARE, default=0.7, show_default=True, help="From mono to wide.")
@click.option("--log", type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path),
              help="Render a recorded set from its control log instead.")  # fmt: skip
@click.option("--stems", is_flag=True, help="With --log: each deck in a file of its own too.")
@click.pass_context
def render(
    context: click.Context, /, out: pathlib.Path, *, log: pathlib.Path | None, stems: bool, **options: Any
) -> None:
    """Write a loop as the instrument would play it to a 24-bit WAV file; or a recorded set, anew from its control log.

    \b
    loopmorph render loop.wav --model drums --seed 3 --loops 4
    loopmorph render dense.wav --seed 3 --density 2.5 --bass -1
    loopmorph render again.flac --log set.jsonl --stems
    """
    if log is not None:
        typed = click.core.ParameterSource.COMMANDLINE
        given = [name for name in options if context.get_parameter_source(name) == typed]
        if given:
            raise click.UsageError(f"--{given[0].replace('others', 'direction')} is in the log already; leave it out")
        render_set(out, log, stems=stems)
        return
    if stems:
        raise click.UsageError("--stems needs --log; give the control log of a recorded set")
    if out.suffix.lower() != ".wav":
        raise click.BadParameter(f"{out} does not end in .wav; name a WAV file", param_hint="OUT")
    render_loop(out, **options)


def render_loop(
    out: pathlib.Path, *, model: str, preset: str | None, loops: int, others: tuple[tuple[str, float], ...],
    **controls: Any,
) -> None:  # fmt: skip
    """Write a loop to a file."""
    from performer.controls import SLOTS, default_values
    from performer.crate import find_model
    from performer.repertoire import read_repertoire
    from performer.session.pad import preset_corner

    header, values = find_model(model), default_values()
    repertoire = read_repertoire(header)
    controls |= {repertoire.control_of(name): strength for name, strength in others}
    for name, value in controls.items():
        values[SLOTS[f"/deck/1/{name}"]] = value
    if preset is not None:
        wanted = int(preset) if preset.isdecimal() else preset
        values[SLOTS["/deck/1/corners"].start] = preset_corner(repertoire.presets, wanted)
    with waiting_line("rendering"):
        from performer.generation.offline import play_offline
        from performer.output.wav_file import write_wav

        audio = play_offline(header, values, n_loops=loops)
        write_wav(out, audio, sample_rate=header.mel_format.sample_rate)
    duration_s = len(audio) / header.mel_format.sample_rate
    click.echo(f"{out}: {duration_s:.3f} s, {header.name}, {header.mel_format.tempo_bpm:g} BPM", err=True)


def render_set(out: pathlib.Path, log: pathlib.Path, *, stems: bool) -> None:
    """Write a recorded set to a file, with a progress bar."""
    from rich.console import Console
    from rich.progress import Progress

    from performer.supervisor import ENVIRONMENT

    if out.suffix.lower() not in SOUND_SUFFIXES:
        raise click.BadParameter(f"{out} does not end in .flac or .wav; name such a file", param_hint="OUT")
    os.environ |= {**ENVIRONMENT, **os.environ}  # read when torch loads: as in the worker
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("rendering", total=1.0)
        from performer.recording.rerun import render_log

        duration_s = render_log(log, out, stems=stems, progress=lambda share: progress.update(task, completed=share))
    click.echo(f"{out}: {duration_s:.3f} s" + (", and each deck beside it" if stems else ""), err=True)
