"""A copy of a model with one control that moves the latent, is drawn, and changes nothing.

To measure a deck whose hand does not stop moving, one must know what it would have sounded like without the move that
is measured. Any real motion, however small, changes partials' phases: bfloat16 rounds otherwise. So one coordinate of w
is cut off from the networks here (its weights are 0, exactly), and a direction is laid along it: the deck is drawn anew
with every move, in the time that it always takes, and comes out the same.
"""

import pathlib

import numpy as np

from stylegan_audio.model_file import ModelHeader
from stylegan_audio.rewriting import rewrite_model

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
    state = {name: np.array(array) for name, array in header.generator_state().items()}
    directions = dict(header.direction_table())
    entry, vector = directions[STILL]
    coordinate = int(np.abs(vector).argmin())
    for name, array in state.items():
        if name.endswith("style.weight"):
            array[:, coordinate] = 0
    offered = {**entry, "report": {**entry["report"], "offered": True}}
    directions[STILL] = offered, np.eye(header.config.w_dim, dtype=np.float32)[coordinate]
    return rewrite_model(header, path, state=state, directions=directions)
