"""Points -> bins: how many bins two sets of loops fill differently, and how far their histograms are apart."""

import numpy as np
from scipy import stats
from scipy.special import xlogy

SIGNIFICANCE = 0.05
"""Level of the z-test that calls a bin different."""
MAX_STEPS = 100
"""Rounds of k-means at most."""


def fit_bins(points: np.ndarray, *, n_bins: int, rng: np.random.Generator) -> np.ndarray:
    """Divide the space of some loops into bins by k-means.

    Parameters
    ----------
    points : np.ndarray [shape=(n, n_cells)]
        Real loops, at least `n_bins` of them.
    n_bins : int
        How many bins.
    rng : np.random.Generator
        What the first centres are drawn from.

    Returns
    -------
    np.ndarray [shape=(n_bins, n_cells)]
        Centres of the bins.

    References
    ----------
    Arthur and Vassilvitskii 2007, "k-means++: the advantages of careful seeding" (how the first centres are drawn).
    """
    centers = first_centers(points, n_bins=n_bins, rng=rng)
    bins = np.full(len(points), -1)
    for _ in range(MAX_STEPS):
        moved = nearest_bin(points, centers)
        if (moved == bins).all():
            break
        bins = moved
        for number in np.unique(bins):  # an empty bin keeps its centre
            centers[number] = points[bins == number].mean(axis=0)
    return centers


def first_centers(points: np.ndarray, *, n_bins: int, rng: np.random.Generator) -> np.ndarray:
    """Draw centres far from each other: each with a chance as the square of its distance from those before it."""
    chosen = [int(rng.integers(len(points)))]
    nearest = np.full(len(points), np.inf)
    for _ in range(n_bins - 1):
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        total = float(nearest.sum())
        chosen.append(int(rng.choice(len(points), p=nearest / total if total > 0 else None)))
    return points[chosen].copy()


def nearest_bin(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Find each point's bin, int `[n]`."""
    return (np.square(centers).sum(axis=1) - 2 * points @ centers.T).argmin(axis=1)


def count_bins(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Count the points of each bin, int `[n_bins]`."""
    return np.bincount(nearest_bin(points, centers), minlength=len(centers))


def different_bins(counts: np.ndarray, others: np.ndarray) -> int:
    """Count the bins that two sets fill differently.

    Parameters
    ----------
    counts, others : np.ndarray [shape=(n_bins,)]
        Loops of either set in each bin.

    Returns
    -------
    int
        NDB: bins whose shares differ in a two-sided z-test of two proportions, at 0.05.

    References
    ----------
    Richardson and Weiss 2018, "On GANs and GMMs", arXiv 1805.12462, section 3; k = 100 bins of 2000 loops as in Hung
    et al. 2021, "A benchmarking initiative for audio-domain music generation using the Freesound Loop Dataset", arXiv
    2108.01576.
    """
    n, m = counts.sum(), others.sum()
    pooled = (counts + others) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    difference = np.abs(counts / n - others / m)
    limit = float(stats.norm.ppf(1 - SIGNIFICANCE / 2))
    return int((difference > limit * error).sum())


def js_divergence(counts: np.ndarray, others: np.ndarray) -> float:
    """Measure how far two histograms are apart.

    Parameters
    ----------
    counts, others : np.ndarray [shape=(n_bins,)]
        Loops of either set in each bin.

    Returns
    -------
    float
        Jensen-Shannon divergence in nats: 0 (equal) to ln 2 (no bin in common).

    References
    ----------
    Lin 1991, "Divergence measures based on the Shannon entropy", IEEE Trans. Information Theory 37 (1).
    """
    p, q = counts / counts.sum(), others / others.sum()
    middle = (p + q) / 2
    divergence = xlogy(p, p) + xlogy(q, q) - 2 * xlogy(middle, middle)
    return float(max(0.0, divergence.sum() / 2))
