"""A model file, or the folder of a run -> the model that is measured."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.model_file import ROLES, read_model_header
from training.gan.export import make_card
from training.gan.saved_run import SavedRun, read_run


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """What is measured."""

    generator: Generator
    """On the CPU, in evaluation mode, without gradients."""
    name: str
    """What the report calls it."""
    role: str
    """One of `ROLES`, which says what can be measured."""
    card: Mapping[str, Any]
    """Where it comes from."""
    run: SavedRun | None = None
    """The run that it was read from; None for a model file."""


def read_subject(path: pathlib.Path, *, role: str | None) -> Subject:
    """Read a model.

    Parameters
    ----------
    path : pathlib.Path
        A model file, or the folder of a run, whose last checkpoint is measured as `export` would write it.
    role : str or None
        One of `ROLES`; None for what the file says, and for the first of them where there is no file.

    Returns
    -------
    Subject
        The model.

    Raises
    ------
    LoopmorphError
        If there is none, or it cannot be read.
    """
    if not path.is_dir():
        header = read_model_header(path)
        identity = header.identity
        generator = load_generator(header)
        return Subject(generator=generator, name=identity.name, role=role or identity.role, card=dict(identity.card))
    run = read_run(path)
    generator, name = run.networks.averaged, path.resolve().name
    return Subject(generator=generator, name=name, role=role or ROLES[0], card=make_card(run), run=run)
