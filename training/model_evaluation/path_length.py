"""How evenly loops change on the way from one to another in W."""

import numpy as np
import torch

from stylegan_audio.generator import Generator
from training.model_evaluation.drawing import BATCH, draw_batches, draw_w
from training.model_evaluation.loop_set import Advance, LoopSet

EPSILON = 1e-4
"""Step along the way, as a share of it."""
LEAST_SD = 0.1
"""No band counts as steadier than this share of the mean standard deviation."""


def path_length(
    generator: Generator,
    rng: np.random.Generator,
    *,
    band_sd: np.ndarray,
    n_paths: int,
    truncation_psi: float,
    advance: Advance,
) -> np.ndarray:
    """Measure how fast the mel changes at places between pairs of random loops.

    Parameters
    ----------
    generator : Generator
        The model.
    rng : np.random.Generator
        What pairs and places are drawn from.
    band_sd : np.ndarray [shape=(n_mels,)]
        What `band_scale` returned for real loops.
    n_paths : int
        How many places, each between two loops of its own.
    truncation_psi : float
        Truncation of the loops at the ends.
    advance : callable
        Called with the number of loops after each batch; `2 * n_paths` in all.

    Returns
    -------
    np.ndarray [shape=(n_paths,)]
        `d(g(lerp(w1, w2, t)), g(lerp(w1, w2, t + epsilon))) / epsilon ** 2`, epsilon 1e-4 and t even in 0 to 1.

    Notes
    -----
    The distance `d` is the mel's, not that of an image network (LPIPS): the mean squared difference of the cells of
    channel 0, each band in its standard deviations. Lengths are comparable between models of one corpus alone.

    References
    ----------
    Karras et al. 2018, "A style-based generator architecture for generative adversarial networks", arXiv 1812.04948,
    section 4.1, equation 3.
    """
    ends = draw_w(generator, rng, n_loops=2 * n_paths, truncation_psi=truncation_psi)
    first, last = ends[:n_paths], ends[n_paths:]
    t = torch.from_numpy(rng.random((n_paths, 1)).astype(np.float32)).to(ends.device)
    near, far = torch.lerp(first, last, t), torch.lerp(first, last, t + EPSILON)
    scale = band_sd[:, None].astype(np.float32)
    lengths = []
    for start in range(0, n_paths, BATCH):
        pair = [next(draw_batches(generator, w[start : start + BATCH]))[:, 0] for w in (near, far)]
        lengths.append(np.square((pair[1] - pair[0]) / scale).mean(axis=(1, 2)) / EPSILON**2)
        advance(2 * len(pair[0]))
    return np.concatenate(lengths).astype(np.float64)


def straight_length(drawn: LoopSet, *, band_sd: np.ndarray) -> float:
    """Measure how far two random loops of a model are apart.

    Parameters
    ----------
    drawn : LoopSet
        The model's loops.
    band_sd : np.ndarray [shape=(n_mels,)]
        As of `path_length`.

    Returns
    -------
    float
        Mean of the same distance: the path length of a model whose loops changed evenly and straight; no model's is
        less.
    """
    return float(2 * (drawn.cell_variance / np.square(band_sd)[:, None]).mean())


def band_scale(real: LoopSet) -> np.ndarray:
    """Take the standard deviation of each band of real loops, bounded from below, `[n_mels]`."""
    sd = real.band_sd
    return np.maximum(sd, max(LEAST_SD * float(sd.mean()), 1e-6))
