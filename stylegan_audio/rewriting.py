"""Model file -> model file: with other directions, presets or weights, and all else as it was."""

import pathlib
from collections.abc import Mapping

import numpy as np

from stylegan_audio.model_file import (
    DirectionParts,
    MapParts,
    ModelHeader,
    NamedVectors,
    read_model_header,
    write_model,
)


def rewrite_model(
    header: ModelHeader,
    path: pathlib.Path,
    *,
    state: Mapping[str, np.ndarray] | None = None,
    directions: DirectionParts | None = None,
    attribute_map: MapParts | None = None,
    presets: NamedVectors | None = None,
) -> ModelHeader:
    """Write a model again with other parts; those that are not given stay as they are.

    Parameters
    ----------
    header : ModelHeader
        The model.
    path : pathlib.Path
        Where it goes; its own file is replaced once the new one is complete.
    state : mapping of str to np.ndarray, optional
        Another state of the generator.
    directions, attribute_map, presets : optional
        Another direction table, attribute map, other presets; as of `write_model`.

    Returns
    -------
    ModelHeader
        Of what was written.

    Raises
    ------
    LoopmorphError
        As of `write_model`, or if the model cannot be read.
    """
    write_model(
        path,
        header.generator_state() if state is None else state,
        identity=header.identity,
        config=header.config,
        mel_format=header.mel_format,
        directions=header.direction_table() if directions is None else directions,
        attribute_map=header.attribute_map() if attribute_map is None else attribute_map,
        presets=header.preset_table() if presets is None else presets,
    )
    return read_model_header(path)
