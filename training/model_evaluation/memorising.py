"""Whether a model repeats loops that it was trained on."""

import numpy as np
from scipy import stats

from training.model_evaluation.feature_space import roll_half
from training.model_evaluation.neighbours import nearest_distances

CLOSEST = 0.01
"""Held-out loops that come this near to a training loop are one in a hundred."""


def training_distances(points: np.ndarray, training: np.ndarray, *, columns: int) -> np.ndarray:
    """Measure how far loops are from the training loop that is most like them.

    Parameters
    ----------
    points, training : np.ndarray [shape=(n, n_cells)]
        Whitened coarse mels.
    columns : int
        Columns of the coarse mel.

    Returns
    -------
    np.ndarray [shape=(n,)]
        Root mean square over the cells, in standard deviations; the loop may begin with either bar.
    """
    turned = roll_half(points, columns=columns)
    return np.minimum(nearest_distances(points, training), nearest_distances(turned, training))


def compare_distances(drawn: np.ndarray, held_out: np.ndarray) -> dict[str, float]:
    """Compare how near drawn and held-out loops come to training loops.

    Parameters
    ----------
    drawn, held_out : np.ndarray [shape=(n,)]
        What `training_distances` found for the model's loops, and for loops it cannot have memorised.

    Returns
    -------
    dict of str to float
        `ks_p` (that both are equal), `ks_closer_p` (that the model's are no nearer: small where it memorises),
        `closest_share` (of the model's loops nearer than all but 1 % of the held-out ones).

    References
    ----------
    Kolmogorov-Smirnov test of two samples, as of `scipy.stats.ks_2samp`.
    """
    two_sided = stats.ks_2samp(drawn, held_out, method="asymp")
    closer = stats.ks_2samp(drawn, held_out, alternative="greater", method="asymp")
    return {
        "ks_p": float(two_sided.pvalue),
        "ks_closer_p": float(closer.pvalue),
        "closest_share": float((drawn < np.quantile(held_out, CLOSEST)).mean()),
    }
