"""The commands that teach a model: `loopmorph invert` and `loopmorph directions from-audio`."""

import contextlib
import dataclasses
import json
import os
import pathlib
import sys
from collections.abc import Callable, Iterator

import click

from melgan_vocoder.command_line import NumberRange

model_option = click.option(
    "--model", default="drums", show_default=True, help="Model of the crate, or a .safetensors file."
)
bpm_option = click.option(
    "--bpm", type=NumberRange(60, 200), help="Tempo of the files [default: each is exactly 1, 2 or 4 bars]."
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=pathlib.Path))
@model_option
@bpm_option
@click.option("--name", help="Name of the preset [default: the file's name].")
@click.option("--out", type=click.Path(dir_okay=False, path_type=pathlib.Path), metavar="LOOP.wav",
              help="Write what the model draws, at the file's tempo.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def invert(
    file: pathlib.Path, model: str, bpm: float | None, name: str | None, out: pathlib.Path | None, as_json: bool
) -> None:
    """Find the place in a model that sounds most like the loop in FILE, say how near it comes, and keep it as a preset.

    The loop is the first 2 bars of the file. A shipped model stays as it is: the preset goes into a copy in the crate,
    which is played in its place.

    \b
    loopmorph invert break.wav
    loopmorph invert break.wav --bpm 170 --name amen --out found.wav
    """
    if out is not None and out.suffix.lower() != ".wav":
        raise click.BadParameter(f"{out} does not end in .wav; name a WAV file", param_hint="--out")
    from directions.loop_file import read_loop
    from performer.crate import find_model
    from performer.teaching.own_copy import keep_preset, preset_name, require_preset

    header = find_model(model)
    name = preset_name(file) if name is None else name
    require_preset(header, name)
    loop = read_loop(file, tempo_bpm=bpm)
    with searching() as (begin, advance):
        from directions.projection import N_STEPS, project
        from directions.random_loops import N_DRAWN, RandomLoops
        from stylegan_audio.generator_weights import load_generator

        begin(N_DRAWN + N_STEPS)
        random_loops = RandomLoops.draw(load_generator(header), advance=advance)
        (found,) = project(random_loops, [loop.audio], n_steps=N_STEPS, advance=advance)
        if out is not None:
            from performer.teaching.found_loop import write_loop

            write_loop(out, header, found.w, tempo_bpm=loop.tempo_bpm)
    told = {
        "source": file.name,
        "tempo_bpm": round(loop.tempo_bpm, 3),
        "fidelity": {key: round(value, 3) for key, value in dataclasses.asdict(found.fidelity).items()},
        "is_far": found.fidelity.is_far,
    }
    written = keep_preset(header, name, found.w, told=told)
    path = written.weights.path
    if as_json:
        click.echo(json.dumps({"name": name, "model": header.name, "path": str(path), **told}))
        return
    click.echo(loop.tell())
    click.echo(found.fidelity.tell())
    verb = "replaced" if name in header.presets else "added"
    click.echo(f"preset {name} {verb}: {path}{tell_copy(path, header.weights.path)}")


@click.group()
def directions() -> None:
    """Directions of a model: ways through its latent space along which one thing changes."""


@directions.command("from-audio")
@click.argument("more", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.argument("less", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.option("--name", required=True, help="Name of the direction.")
@model_option
@bpm_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def from_audio(more: pathlib.Path, less: pathlib.Path, name: str, model: str, bpm: float | None, as_json: bool) -> None:
    """Learn a direction from loops: those in the folder MORE have more of it, those in LESS have less.

    Some 5 to 30 loops each; of every file the first 2 bars. A shipped model stays as it is: the direction goes into a
    copy in the crate, which is played in its place.

    \b
    loopmorph directions from-audio gritty/ clean/ --name grit
    """
    from directions.loop_file import list_loops, read_loop
    from performer.crate import find_model
    from performer.teaching.own_copy import keep_direction, require_direction

    header = find_model(model)
    require_direction(header, name)
    groups = [[read_loop(path, tempo_bpm=bpm).audio for path in list_loops(folder)] for folder in (more, less)]
    with searching() as (begin, advance):
        from directions.examples import N_STEPS, learn_direction, require_enough
        from directions.projection import project
        from directions.random_loops import N_DRAWN, RandomLoops
        from stylegan_audio.generator_weights import load_generator

        require_enough(*map(len, groups))
        begin(N_DRAWN + N_STEPS * sum(map(len, groups)))
        random_loops = RandomLoops.draw(load_generator(header), advance=advance)
        found = [project(random_loops, loops, n_steps=N_STEPS, advance=advance) for loops in groups]
        direction = learn_direction(random_loops, *found, name=name)
    path = keep_direction(header, direction).weights.path
    report = direction.report
    if as_json:
        click.echo(json.dumps({"name": name, "model": header.name, "path": str(path), **report}))
        return
    n_loops = sum(report["examples"])
    click.echo(
        f"{report['told_apart']} of {n_loops} loops told apart by the others; on average they are found "
        f"{report['fidelity']['distance_db']:.1f} dB off (two random loops: {report['fidelity']['spread_db']:.1f}), "
        f"{report['far']} are far from the model"
    )
    if not report["offered"]:
        click.echo(f"not offered: {report['reason']}; add loops, or choose ones that differ more")
    click.echo(f"direction {name} written: {path}{tell_copy(path, header.weights.path)}")


def tell_copy(path: pathlib.Path, source: pathlib.Path) -> str:
    """Say that a copy was written, if it was."""
    return "" if path == source else " (a copy of the shipped model, which it hides)"


@contextlib.contextmanager
def searching() -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """Show a progress bar; gives what is called with the whole amount of work, and with each part that is done."""
    from rich.console import Console
    from rich.progress import Progress

    from performer.supervisor import ENVIRONMENT

    os.environ |= {**ENVIRONMENT, **os.environ}  # read when torch loads: as in the worker
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("searching", total=None)
        yield (
            lambda total: progress.update(task, total=total),
            lambda count: progress.advance(task, count),
        )
