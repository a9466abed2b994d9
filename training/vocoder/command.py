"""The command `vocoder` of the training command line."""

import pathlib
from typing import TYPE_CHECKING

import click

from training.interrupt import setting_up

if TYPE_CHECKING:
    from training.vocoder.config import VocoderTrainingConfig
    from training.vocoder.material import Material
    from training.vocoder.run import VocoderRun

PRESETS = ("base", "cpu", "toy")
"""The presets; a list of its own, so that help needs no torch."""


@click.command()
@click.argument("corpus", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.option("--preset", type=click.Choice(PRESETS), default="base", show_default=True,
              help="Sizes, batches and losses: base for a GPU, cpu for two cores, toy for a try.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1, 10_000_000), help="End after so many steps in all.")
@click.option("--minutes", type=click.FloatRange(0.01, 100_000), help="End after so many minutes in all.")
@click.option("--from", "start", type=click.Path(dir_okay=False, path_type=pathlib.Path),
              help="Begin with the weights of this vocoder file.")  # fmt: skip
@click.option("--recordings", type=click.Path(exists=True, file_okay=False, path_type=pathlib.Path),
              help="Train also with the audio files in this folder, each made a loop.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True,
              help="What batches and first weights are drawn from.")  # fmt: skip
@click.option("--device", type=click.Choice(["cpu", "cuda"]), help="Where to train; by default a GPU if there is one.")
def vocoder(
    corpus: pathlib.Path,
    out: pathlib.Path,
    preset: str,
    steps: int | None,
    minutes: float | None,
    start: pathlib.Path | None,
    recordings: pathlib.Path | None,
    seed: int,
    device: str | None,
) -> None:
    """Train a vocoder on the loops of CORPUS, and write OUT/vocoder.safetensors.

    Run it again with the same OUT to go on after Ctrl-C, a crash or a raised limit.

    \b
    loopmorph-train vocoder corpus/ vocoder/ --preset cpu --minutes 60
    loopmorph-train vocoder corpus/ vocoder/ --preset cpu --recordings samples/
    """
    with setting_up():
        config = choose_settings(preset, steps=steps, minutes=minutes, seed=seed)
        run = open_run(out, open_material(corpus, recordings), config, device=device, start=start)
    train(run)


def choose_settings(preset: str, *, steps: int | None, minutes: float | None, seed: int) -> "VocoderTrainingConfig":
    """Make a run's settings of a preset and what else was asked for."""
    import dataclasses

    from training.vocoder.preset import VOCODER_PRESETS

    config = dataclasses.replace(VOCODER_PRESETS.load(preset), seed=seed)
    limits = dataclasses.replace(config.run, steps=steps or config.run.steps, minutes=minutes or config.run.minutes)
    return dataclasses.replace(config, run=limits)


def open_material(corpus: pathlib.Path, recordings: pathlib.Path | None) -> "Material":
    """Open a corpus, and put recordings beside it."""
    from training.corpus import Corpus
    from training.vocoder.material import Material
    from training.vocoder_evaluation.real_loops import read_real_loops

    material = Material.of(Corpus.open(corpus))
    if recordings is None:
        return material
    loops = read_real_loops(recordings, report=lambda line: click.echo(line, err=True))
    return material.beside([loop for _, loop in loops])


def open_run(
    out: pathlib.Path,
    material: "Material",
    config: "VocoderTrainingConfig",
    *,
    device: str | None,
    start: pathlib.Path | None,
) -> "VocoderRun":
    """Begin a run, or open the one that has begun in its folder."""
    from training.device import choose_device
    from training.vocoder.run import VocoderRun

    return VocoderRun(out, material, config, device=choose_device(device), start=start, echo=click.echo)


def train(run: "VocoderRun") -> None:
    """Train, and say how far it came."""
    from training.display import Display

    with Display(run) as display:
        path = run.run(display.show)
    progress = run.progress
    losses = ", ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
    click.echo(
        f"{path or run.folder}: {progress.step} steps, {progress.skipped} skipped; held-out loops: "
        f"{losses or 'not heard'}"
    )
    if path is None:
        click.echo("interrupted and saved; run the same command again to go on")
