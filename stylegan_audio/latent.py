"""seed -> z: the input latent that a whole number stands for."""

import numpy as np

MAX_SEED = 2**31 - 1
"""Largest seed, so that it fits an OSC integer."""


def seed_latent(seed: int, z_dim: int) -> np.ndarray:
    """Draw the input latent of a seed.

    numpy's legacy generator is used because its stream is frozen for ever: a seed noted today is the same loop in
    ten years.

    Parameters
    ----------
    seed : int
        0 to `MAX_SEED`.
    z_dim : int
        Length of the latent.

    Returns
    -------
    np.ndarray [shape=(z_dim,)]
        float32, standard normal.
    """
    return np.random.RandomState(seed).standard_normal(z_dim).astype(np.float32)
