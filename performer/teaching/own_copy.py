"""What was found is kept in the owner's copy of a model; the shipped file stays as it is."""

import pathlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from directions.table import Line
from performer.actions import ACTIONS
from performer.controls import CONTROLS
from performer.crate import crate_folders
from performer.errors import PerformerError
from stylegan_audio.model_file import ModelHeader
from stylegan_audio.presets import NAME, require_preset_names
from stylegan_audio.rewriting import rewrite_model


def own_path(header: ModelHeader) -> pathlib.Path:
    """Name the file to write to: the model's own, or for a shipped one a copy in the crate, which hides it."""
    added, shipped = crate_folders()
    path = header.weights.path
    return added / path.name if path.resolve().parent == shipped.resolve() else path


def require_preset(header: ModelHeader, name: str) -> None:
    """Check that a model has room for a preset of that name; one of the same name gives way.

    Raises
    ------
    LoopmorphError
        If it has not, or the name cannot be typed.
    """
    others = [other for other in header.presets if other != name]
    require_preset_names([*others, name], source=header.weights.source)


def keep_preset(header: ModelHeader, name: str, w: np.ndarray, *, told: Mapping[str, Any]) -> ModelHeader:
    """Write a preset into the owner's copy of a model.

    Parameters
    ----------
    header : ModelHeader
        The model.
    name : str
        The preset; one of the same name is replaced.
    w : np.ndarray [shape=(w_dim,)]
        Mapped latent, not truncated.
    told : mapping
        What else the file says of it.

    Returns
    -------
    ModelHeader
        Of what was written.
    """
    presets = {**header.preset_table(), name: ({**told, "name": name}, w)}
    return rewrite_model(header, own_path(header), presets=presets)


def require_direction(header: ModelHeader, name: str) -> None:
    """Check that a direction learned from examples may have a name; an earlier one of that kind gives way.

    Raises
    ------
    PerformerError
        If the name cannot be typed, is that of a control, or that of a direction of another kind.
    """
    if not NAME.fullmatch(name):
        raise PerformerError(
            f"direction name {name[:40]!r}, 1 to 32 lower-case letters, digits, '-' and '_' are needed; choose another"
        )
    taken = {*(control.path for control in CONTROLS), *(action.path for action in ACTIONS)}
    if f"/deck/1/{name}" in taken:
        raise PerformerError(f"direction name {name!r} is a control already, a new name is needed; choose another")
    if any(entry["name"] == name and "examples" not in entry["report"] for entry in header.directions):
        raise PerformerError(
            f"{header.weights.source}: direction {name!r} was measured and not learned from examples, a new name is "
            "needed; choose another"
        )


def keep_direction(header: ModelHeader, direction: Line) -> ModelHeader:
    """Write a direction into the owner's copy of a model; one of the same name is replaced.

    Returns
    -------
    ModelHeader
        Of what was written.
    """
    directions = {**header.direction_table(), direction.name: (direction.entry(), direction.vector)}
    return rewrite_model(header, own_path(header), directions=directions)


def preset_name(path: pathlib.Path) -> str:
    """Make a preset's name of a file's.

    Examples
    --------
    >>> preset_name(pathlib.Path("Breaks/Amen 01 (170 BPM).wav"))
    'amen-01-170-bpm'
    """
    return re.sub("[^a-z0-9_]+", "-", path.stem.lower()).strip("-_")[:32]
