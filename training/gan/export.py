"""A run -> a model file: the running mean of the generator, with name and card."""

import pathlib
from collections.abc import Callable
from typing import Any

from stylegan_audio.generator_weights import generator_tensors
from stylegan_audio.model_file import ModelIdentity, write_model
from training.gan.saved_run import SavedRun, read_run


def export_run(
    folder: pathlib.Path,
    target: pathlib.Path,
    *,
    name: str,
    genre: str,
    role: str,
    key: str | None,
    echo: Callable[[str], None],
) -> None:
    """Write a run's model file, without directions.

    Parameters
    ----------
    folder : pathlib.Path
        The run's folder.
    target : pathlib.Path
        Where the model file goes.
    name, genre, role, key : str
        Identity of the model, as of `ModelIdentity`.
    echo : callable
        Shows one line to the user, if the card has no metrics.

    Raises
    ------
    LoopmorphError
        If the folder holds no run that can be read, or the identity is not one.
    """
    run = read_run(folder)
    generator = run.networks.averaged
    identity = ModelIdentity(name=name, genre=genre, role=role, key=key, card=make_card(run))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_model(
        target,
        generator_tensors(generator),
        identity=identity,
        config=generator.config,
        mel_format=generator.mel_format,
    )
    if not run.metrics:
        echo(tell_missing_metrics(run, folder))


def tell_missing_metrics(run: SavedRun, folder: pathlib.Path) -> str:
    """Say why a card has no metrics, and how it gets some."""
    if not run.evaluation:
        return f"card without metrics: run loopmorph-train evaluate {folder} CORPUS first"
    before = run.evaluation.get("kimg", "an unknown number of")
    return (
        f"card without metrics: the run was evaluated after {before} kimg and has {run.kimg:g} now; run "
        f"loopmorph-train evaluate {folder} CORPUS again"
    )


def make_card(run: SavedRun) -> dict[str, Any]:
    """Say what a model learned from, for how long, and how well."""
    return {
        "corpus": "unknown",
        "license": "unknown",
        "provenance": "unknown",
        **run.card,
        "kimg": round(run.kimg, 3),
        "metrics": dict(run.metrics),
        "preset": run.config.preset,
        "seed": run.config.seed,
        "minutes": round(run.progress.elapsed_s / 60, 1),
    }
