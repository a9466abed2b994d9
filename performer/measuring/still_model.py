"""A copy of a model with one control that moves the latent, is drawn, and changes nothing.

To measure a deck whose hand does not stop moving, one must know what it would have sounded like without the move that
is measured. Any real motion, however small, changes partials' phases: bfloat16 rounds otherwise. So one coordinate of w
is cut off from the networks here (its weights are 0, exactly), and the attribute map is made to see and step along
nothing else: the deck is moved and drawn anew with every move, in the time that it always takes, and comes out the
same.
"""

import pathlib

import numpy as np

from stylegan_audio.model_file import ModelHeader
from stylegan_audio.rewriting import rewrite_model

STILL = "bass"
"""The direction that is moved."""


def write_still_model(header: ModelHeader, path: pathlib.Path) -> ModelHeader:
    """Write a copy of a model whose curves move w and not the sound.

    Parameters
    ----------
    header : ModelHeader
        A checked model file that has an attribute map and the direction `STILL`.
    path : pathlib.Path
        Where the copy goes.

    Returns
    -------
    ModelHeader
        Of the copy: the same networks, but for one column of the weights that read w.
    """
    state = {name: np.array(array) for name, array in header.generator_state().items()}
    entry, tensors = header.attribute_map()  # type: ignore[misc]
    coordinate = header.config.w_dim - 1
    for name, array in state.items():
        if name.endswith("style.weight"):
            array[:, coordinate] = 0
    steps = np.zeros_like(tensors["steps"])
    steps[coordinate] = 1
    still, vector = header.direction_table()[STILL]
    offered = {**still, "report": {**still["report"], "offered": True}}
    return rewrite_model(
        header,
        path,
        state=state,
        directions={**header.direction_table(), STILL: (offered, vector)},
        attribute_map=(entry, {**tensors, "steps": steps}),
    )
