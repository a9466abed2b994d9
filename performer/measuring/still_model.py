"""A copy of a model with one control that moves the latent, is drawn, and changes nothing.

To measure a deck whose hand does not stop moving, one must know what it would have sounded like without the move that
is measured. Any real motion, however small, changes partials' phases: bfloat16 rounds otherwise. So one coordinate of w
is cut off from the networks here (its weights are 0, exactly), and a direction is laid along it: the deck is drawn anew
with every move, in the time that it always takes, and comes out the same.
"""

import pathlib

import numpy as np

from melgan_vocoder.weights_file import read_tensors
from stylegan_audio.model_file import ModelHeader, direction_tensor, read_model_header, write_model

STILL = "bass"
"""The direction that changes nothing."""


def write_still_model(header: ModelHeader, path: pathlib.Path) -> ModelHeader:
    """Write a copy of a model whose direction `STILL` moves w and not the sound.

    Parameters
    ----------
    header : ModelHeader
        A checked model file that has that direction.
    path : pathlib.Path
        Where the copy goes.

    Returns
    -------
    ModelHeader
        Of the copy: the same networks, but for one column of the weights that read w.
    """
    names = list(header.weights.shapes)
    tensors = {name: np.array(array) for name, array in read_tensors(header.weights, names).items()}
    vectors = {entry["name"]: tensors.pop(direction_tensor(str(entry["name"]))) for entry in header.directions}
    coordinate = int(np.abs(vectors[STILL]).argmin())
    for name, array in tensors.items():
        if name.endswith("style.weight"):
            array[:, coordinate] = 0
    vectors[STILL] = np.eye(header.config.w_dim, dtype=np.float32)[coordinate]
    write_model(
        path,
        tensors,
        identity=header.identity,
        config=header.config,
        mel_format=header.mel_format,
        directions={entry["name"]: (entry, vectors[entry["name"]]) for entry in header.directions},
    )
    return read_model_header(path)
