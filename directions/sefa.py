"""Axes of a model from its weights alone: along which of them the styles change most."""

import numpy as np

from directions.population import pointed
from stylegan_audio.generator import Generator


def sefa_axes(generator: Generator, n: int) -> np.ndarray:
    """Find the directions in W to which the modulation of all levels answers most.

    Parameters
    ----------
    generator : Generator
        The model.
    n : int
        How many.

    Returns
    -------
    np.ndarray [shape=(n, w_dim)]
        float32 unit vectors, strongest first; each points to where its largest entry is positive.

    References
    ----------
    Shen and Zhou 2021, "Closed-form factorization of latent semantics in GANs", arXiv 2007.06600, section 3.2.
    """
    state = generator.synthesis.state_dict()
    styles = [tensor.numpy() for name, tensor in state.items() if name.endswith("style.weight")]
    _, _, axes = np.linalg.svd(np.concatenate(styles).astype(np.float64), full_matrices=False)
    return pointed(axes[:n])
