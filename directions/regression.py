"""Finding directions: ridge regression of measured attributes on w, kept apart from each other."""

import numpy as np
from scipy import stats

RIDGE_GRID = (1e-3, 1e-2, 1e-1, 1.0)
"""Ridge strengths tried, relative to the number of samples."""
HELD_OUT = 0.2
"""Share of the samples that only score the regression."""


def find_vectors(w: np.ndarray, values: dict[str, np.ndarray]) -> dict[str, tuple[np.ndarray, float]]:
    """Find, for each attribute, the likely move in W that changes it and leaves the others' predictions alone.

    W is whitened first, so that a step goes where latents actually lie; then each attribute is regressed on it, and
    each regression vector is made orthogonal to those of all other attributes.

    Parameters
    ----------
    w : np.ndarray [shape=(n, w_dim)]
        Mapped latents, `n` several times `w_dim`.
    values : dict of str to np.ndarray [shape=(n,)]
        Each attribute's measured values.

    Returns
    -------
    dict of str to (np.ndarray [shape=(w_dim,)], float)
        Unit vector, float32, and the R2 of the regression on the held-out samples. An attribute that is the same in
        all samples has none.

    References
    ----------
    Shen et al. 2020, "Interpreting the latent space of GANs", arXiv 1907.10786, section 3.2 (conditional projection).
    """
    centred = w - w.mean(axis=0)
    eigenvalues, axes = np.linalg.eigh(np.cov(centred.T))
    scale = np.sqrt(np.maximum(eigenvalues, 1e-6 * eigenvalues.max()))
    whitened = centred @ axes / scale
    fits = {name: ridge(whitened, stats.zscore(value)) for name, value in values.items() if np.ptp(value) > 0}
    vectors = {}
    for name, (slope, r2) in fits.items():
        others = [other_slope for other, (other_slope, _) in fits.items() if other != name]
        if others:
            basis, _ = np.linalg.qr(np.stack(others, axis=1))
            slope = slope - basis @ (basis.T @ slope)
        vector = axes @ (scale * slope)
        vectors[name] = ((vector / np.linalg.norm(vector)).astype(np.float32), r2)
    return vectors


def ridge(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Regress one standardised attribute on whitened latents.

    Parameters
    ----------
    x : np.ndarray [shape=(n, n_features)]
        Whitened latents.
    y : np.ndarray [shape=(n,)]
        Standardised attribute.

    Returns
    -------
    tuple of (np.ndarray [shape=(n_features,)], float)
        Slope of the best ridge strength, and its R2 on the last `HELD_OUT` of the samples.
    """
    n_fit = int(len(x) * (1 - HELD_OUT))
    gram, moment = x[:n_fit].T @ x[:n_fit], x[:n_fit].T @ y[:n_fit]
    slopes = [np.linalg.solve(gram + strength * n_fit * np.eye(x.shape[1]), moment) for strength in RIDGE_GRID]
    scores = [1 - float(np.var(y[n_fit:] - x[n_fit:] @ slope) / np.var(y[n_fit:])) for slope in slopes]
    best = int(np.argmax(scores))
    return slopes[best], scores[best]
