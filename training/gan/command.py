"""The commands `gan` and `export` of the training command line."""

import pathlib
from typing import TYPE_CHECKING

import click

from stylegan_audio.model_file import ROLES
from training.interrupt import setting_up

if TYPE_CHECKING:
    from training.checkpoint import Progress
    from training.gan.config import GanTrainingConfig
    from training.gan.distributed import Ranks
    from training.gan.reals import Material
    from training.gan.run import GanRun

PRESETS = ("base", "small", "toy")
"""The presets; a list of its own, so that help needs no torch."""


@click.command()
@click.argument("corpus", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.option("--preset", type=click.Choice(PRESETS), default="base", show_default=True,
              help="Sizes and batches: base for a large GPU, small for one of 8 GB, toy for two cores.")  # fmt: skip
@click.option("--from", "start", type=click.Path(path_type=pathlib.Path),
              help="Begin with the weights of this model file, or of the run in this folder.")  # fmt: skip
@click.option("--freeze", "frozen", type=click.IntRange(1, 5),
              help="Keep so many levels of the discriminator, finest first, as that run has them.")  # fmt: skip
@click.option("--kimg", type=click.FloatRange(0.001, 1_000_000),
              help="End after so many thousands of spectrograms in all.")  # fmt: skip
@click.option("--minutes", type=click.FloatRange(0.01, 100_000), help="End after so many minutes in all.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True,
              help="What batches, latents and first weights are drawn from.")  # fmt: skip
@click.option("--device", type=click.Choice(["cpu", "cuda"]), help="Where to train; by default a GPU if there is one.")
def gan(
    corpus: pathlib.Path,
    out: pathlib.Path,
    preset: str,
    start: pathlib.Path | None,
    frozen: int | None,
    kimg: float | None,
    minutes: float | None,
    seed: int,
    device: str | None,
) -> None:
    """Train a loop model on the loops of CORPUS, in the folder OUT.

    Run it again with the same OUT to go on after Ctrl-C, a crash or a raised limit. Under torchrun several GPUs share
    each step. `loopmorph-train export` makes a model file of OUT.

    \b
    loopmorph-train gan corpus/ drums/ --preset small --kimg 500
    loopmorph-train gan few_loops/ mine/ --from drums/ --freeze 3 --kimg 150
    torchrun --nproc-per-node 4 -m training.cli gan corpus/ drums/
    """
    with setting_up():
        from training.gan.distributed import Ranks

        config = choose_settings(preset, start=start, frozen=frozen, kimg=kimg, minutes=minutes, seed=seed)
        ranks = Ranks.join(device)
    try:
        with setting_up():
            run = open_run(out, open_material(corpus, ranks), config, ranks=ranks, start=start)
        train(run)
    finally:
        ranks.leave()


def choose_settings(
    preset: str, *, start: pathlib.Path | None, frozen: int | None, kimg: float | None, minutes: float | None, seed: int
) -> "GanTrainingConfig":
    """Make a run's settings of a preset and what else was asked for.

    Raises
    ------
    click.UsageError
        If levels of a discriminator are to be kept and there is none to begin with.
    """
    import dataclasses

    from training.gan.preset import GAN_PRESETS

    config = dataclasses.replace(GAN_PRESETS.load(preset), seed=seed)
    limits = dataclasses.replace(config.run, kimg=kimg or config.run.kimg, minutes=minutes or config.run.minutes)
    config = dataclasses.replace(config, run=limits)
    if frozen is None:
        return config
    if start is None or not start.is_dir():
        raise click.UsageError("--freeze needs --from with the folder of a run: model files have no discriminator")
    return dataclasses.replace(config, optimiser=dataclasses.replace(config.optimiser, frozen_levels=frozen))


def open_material(corpus: pathlib.Path, ranks: "Ranks") -> "Material":
    """Open a corpus and its spectrograms; the first process makes those that are missing while others wait."""
    from rich.progress import Progress

    from training.corpus import Corpus
    from training.gan.reals import Material
    from training.spectrograms import open_spectrograms

    opened = Corpus.open(corpus)
    if ranks.is_first:
        with Progress(transient=True) as progress:
            task = progress.add_task("spectrograms", total=len(opened))
            spectrograms = open_spectrograms(
                opened, device=ranks.device.type, advance=lambda count: progress.advance(task, count)
            )
    ranks.wait()
    if not ranks.is_first:
        spectrograms = open_spectrograms(opened)
    return Material.of(opened, spectrograms)


def open_run(
    out: pathlib.Path,
    material: "Material",
    config: "GanTrainingConfig",
    *,
    ranks: "Ranks",
    start: pathlib.Path | None,
) -> "GanRun":
    """Begin a run, or open the one that has begun in its folder; only the first process shows anything."""
    from training.gan.run import GanRun

    return GanRun(out, material, config, ranks=ranks, start=start, echo=click.echo if ranks.is_first else ignore)


def train(run: "GanRun") -> None:
    """Train, and say how far it came."""
    if not run.is_told:
        run.run(ignore)
        return
    from training.display import Display

    first = run.progress.step
    with Display(run) as display:
        path = run.run(display.show)
    click.echo(f"{path or run.folder}: {run.label}, {run.progress.skipped} steps skipped")
    if path is not None and run.progress.step == first:
        click.echo("nothing was left to do: --kimg and --minutes count in all; raise them to go on")
    if path is None:
        click.echo("interrupted and saved; run the same command again to go on")


def ignore(*shown: "str | Progress | object") -> None:
    """Show nothing."""


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.argument("out", type=click.Path(dir_okay=False, path_type=pathlib.Path))
@click.option("--name", help="Short name of the model: lower-case letters, digits, - and _; by default OUT's.")
@click.option("--genre", default="unknown", show_default=True, help="Musical genre, in words.")
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True, help="Its part in the music.")
@click.option("--key", help="Musical key such as 'A minor', if it has one.")
def export(run: pathlib.Path, out: pathlib.Path, name: str | None, genre: str, role: str, key: str | None) -> None:
    """Make the model file OUT of what the training in the folder RUN has learned so far.

    Its card carries what `loopmorph-train evaluate RUN` has measured.

    \b
    loopmorph-train export drums/ drums.safetensors --genre techno --role rhythm
    """
    from training.gan.export import export_run

    export_run(
        run, out, name=name or out.stem, genre=genre, role=role, key=key, echo=lambda line: click.echo(line, err=True)
    )
    click.echo(out)
