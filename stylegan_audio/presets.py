"""Presets: places in W that have names, kept in the model file."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from melgan_vocoder.json_entry import read_json
from stylegan_audio.errors import ModelError

MAX_PRESETS = 16
"""As many as a model may have."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
"""What a preset may be called."""


def preset_tensor(name: str) -> str:
    """Name of the tensor that holds a preset's mapped latent."""
    return f"preset.{name}"


def read_presets(
    text: str | None, shapes: Mapping[str, tuple[int, ...]], *, w_dim: int, source: str
) -> tuple[Mapping[str, Any], ...]:
    """Read the entries of a model's presets.

    Parameters
    ----------
    text : str or None
        JSON: a list of objects, each with a `name`; None for a file without presets.
    shapes : mapping of str to tuple of int
        Shape of each tensor of the file by its name.
    w_dim : int
        Length of the model's mapped latents.
    source : str
        Name of the file, for the error message.

    Returns
    -------
    tuple of mapping
        The entries in their order.

    Raises
    ------
    LoopmorphError
        If the text is no such list; as of `require_presets`.
    """
    if text is None:
        return ()
    entries = read_json(text, entry="presets", source=source)
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries
    ):
        raise ModelError(f"{source}: its preset entries are no list of objects with names; export the file again")
    require_presets([entry["name"] for entry in entries], shapes, w_dim=w_dim, source=source)
    return tuple(entries)


def require_presets(names: Sequence[str], shapes: Mapping[str, tuple[int, ...]], *, w_dim: int, source: str) -> None:
    """Check the presets of a model file.

    Parameters
    ----------
    names : sequence of str
        Their names.
    shapes, w_dim, source
        As of `read_presets`.

    Raises
    ------
    ModelError
        As of `require_preset_names`, or if a preset's tensor is missing or of another shape.
    """
    require_preset_names(names, source=source)
    for name in names:
        shape = shapes.get(preset_tensor(name))
        if shape != (w_dim,):
            raise ModelError(
                f"{source}: preset {name!r} has {f'shape {shape}' if shape else 'no tensor'}, the model has w_dim "
                f"{w_dim}; export the file again"
            )


def require_preset_names(names: Sequence[str], *, source: str) -> None:
    """Check what presets are called.

    Parameters
    ----------
    names : sequence of str
        All names of a model.
    source : str
        Name of the file, for the error message.

    Raises
    ------
    ModelError
        If there are too many, or one cannot be typed or comes twice.
    """
    if len(names) > MAX_PRESETS:
        raise ModelError(f"{source}: {len(names)} presets, {MAX_PRESETS} at most are possible; give one up")
    for index, name in enumerate(names):
        if not NAME.fullmatch(name):
            raise ModelError(
                f"{source}: preset name {name[:40]!r}, 1 to 32 lower-case letters, digits, '-' and '_' are needed; "
                "rename it"
            )
        if name in names[:index]:
            raise ModelError(f"{source}: preset {name!r} comes twice, each name once is needed; rename one")
