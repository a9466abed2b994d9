"""The command line of training: corpora, models, vocoders, directions."""

import os
import pathlib

import click

from melgan_vocoder.command_line import CommandLine
from training.direction_finding.command import directions
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


for command in (corpus, synth, gan, evaluate, export, directions, vocoder, vocoder_eval):
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


if __name__ == "__main__":
    main()
