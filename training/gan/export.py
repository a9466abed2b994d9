"""A run -> a model file: the running mean of the generator, with name and card."""

import pathlib
from typing import Any

from stylegan_audio.generator_weights import generator_tensors
from stylegan_audio.model_file import ModelIdentity, write_model
from training.gan.saved_run import SavedRun, read_run


def export_run(
    folder: pathlib.Path, target: pathlib.Path, *, name: str, genre: str, role: str, key: str | None
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
