"""The command line of training: corpora, models, vocoders, directions."""

import os
import pathlib

import click

from melgan_vocoder.command_line import CommandLine
from training.gan.command import export, gan
from training.model_evaluation.command import evaluate
from training.procedural.command import synth
from training.recordings.command import corpus
from training.vocoder.command import vocoder
from training.vocoder_evaluation.command import vocoder_eval

SPIN_COUNT = "1000"
"""How long threads that wait for each other stay awake. Training with preset toy on two cores, alone and beside another
program that fills them: 13 and 3 loops a second with this, 13 and 0.5 with OpenMP's own 300 000, 9 and 5 with 0."""


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="loopmorph")
def main() -> None:
    """Make models for Loopmorph.

    \b
    loopmorph-train corpus music/ corpus/
    loopmorph-train gan corpus/ run/
    loopmorph-train export run/ mine.safetensors
    loopmorph-train directions find mine.safetensors
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # read when torch loads


for command in (corpus, synth, gan, evaluate, export, vocoder, vocoder_eval):
    main.add_command(command)


@main.command()
@click.argument("prototype", type=click.Path(dir_okay=False, path_type=pathlib.Path))
@click.argument("out", type=click.Path(dir_okay=False, path_type=pathlib.Path))
def convert(prototype: pathlib.Path, out: pathlib.Path) -> None:
    """Convert the prototype's drum weights, PROTOTYPE, into the model file OUT.

    \b
    loopmorph-train convert prototype/drums.safetensors drums.safetensors
    """
    from training.prototype import convert_drums

    convert_drums(prototype, out)
    click.echo(out)


@main.group()
def directions() -> None:
    """Find the directions of a model."""


@directions.command()
@click.argument("model", type=click.Path(dir_okay=False, path_type=pathlib.Path))
@click.option("--attribute", "attributes", multiple=True, default=("density", "bass"), show_default=True,
              type=click.Choice(["density", "bass", "brightness"]), help="What to find a direction for.")  # fmt: skip
@click.option("--loops", type=click.IntRange(1, 1_000_000), default=3000, show_default=True,
              help="Random loops to measure.")  # fmt: skip
def find(model: pathlib.Path, attributes: tuple[str, ...], loops: int) -> None:
    """Measure random loops of MODEL, find its directions and write them into the file.

    \b
    loopmorph-train vocoder-eval vocoder/vocoder.safetensors
    loopmorph-train directions find drums.safetensors --loops 3000
    """
    from rich.progress import Progress

    from training.directions import count_work, find_directions

    with Progress(transient=True) as progress:
        task = progress.add_task("listening", total=count_work(loops, attributes))
        table = find_directions(
            model, names=attributes, n_loops=loops, advance=lambda count: progress.advance(task, count)
        )
    for direction in table.values():
        report = direction.report
        row = ", ".join(f"{name} {values[0]:g} to {values[-1]:g}" for name, values in report["means"].items())
        span = f"{report['strengths'][0]:+g} to {report['strengths'][-1]:+g} sigma"
        click.echo(f"{direction.name}: held-out R2 {report['r2_held_out']:g}; {span} moves {row}")


if __name__ == "__main__":
    main()
