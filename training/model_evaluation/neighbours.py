"""Points -> neighbours: whether drawn loops lie where real ones do, and whether real ones have drawn ones near."""

import numpy as np
from scipy.spatial.distance import cdist

N_NEIGHBOURS = 5
"""A real loop reaches as far as its fifth neighbour."""
BLOCK = 256
"""Loops whose distances are computed at a time."""


def density_and_coverage(real: np.ndarray, points: np.ndarray) -> tuple[float, float]:
    """Measure how well points fill the space around real loops.

    Parameters
    ----------
    real : np.ndarray [shape=(n, n_components)]
        Real loops, more than `N_NEIGHBOURS`.
    points : np.ndarray [shape=(m, n_components)]
        The loops to be judged.

    Returns
    -------
    density : float
        Real loops whose reach a point lies within, on average, re `N_NEIGHBOURS`; about 1 for equal distributions,
        less for points where no real loop is.
    coverage : float
        Share of the real loops that have a point within their reach; below 1 also for equal distributions.

    References
    ----------
    Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models", arXiv 2002.09797, section 3.
    """
    within = within_reach(real, points)
    return float(within.sum() / (N_NEIGHBOURS * len(points))), float(within.any(axis=1).mean())


def share_within(real: np.ndarray, points: np.ndarray) -> float:
    """Measure how many points lie within the reach of a real loop.

    Parameters
    ----------
    real : np.ndarray [shape=(n, n_components)]
        Real loops, more than `N_NEIGHBOURS`.
    points : np.ndarray [shape=(m, n_components)]
        The loops to be judged.

    Returns
    -------
    float
        0 to 1.

    References
    ----------
    Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models", arXiv 1904.06991,
    section 2: precision.
    """
    return float(within_reach(real, points).any(axis=0).mean())


def within_reach(real: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Tell which points lie within the reach of which real loop, `[n, m]`."""
    reach = np.partition(cdist(real, real), N_NEIGHBOURS, axis=1)[:, N_NEIGHBOURS]  # place 0 is the loop itself
    return cdist(real, points) <= reach[:, None]


def nearest_distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Measure how far each point is from the nearest other one.

    Parameters
    ----------
    points : np.ndarray [shape=(n, n_cells)]
        From where.
    others : np.ndarray [shape=(m, n_cells)]
        To where.

    Returns
    -------
    np.ndarray [shape=(n,)]
        Root of the mean squared difference of a cell.
    """
    squares = np.square(others).sum(axis=1)
    nearest = np.concatenate(
        [
            (squares - 2 * block @ others.T).min(axis=1) + np.square(block).sum(axis=1)
            for block in np.array_split(points, max(1, len(points) // BLOCK))
        ]
    )
    return np.sqrt(np.maximum(nearest, 0) / points.shape[1])
