"""Directions found as plainly as it can be done, to compare with: ridge regression in W, nothing kept apart."""

import numpy as np
from scipy import stats

from directions.table import Line
from training.direction_finding.examination import Examination

PLAIN = ".plain"
"""End of the name of a plain direction."""
PLAIN_LOOPS = 3000
"""Loops that plain directions are regressed on."""
RIDGE_GRID = (1e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
"""Ridge strengths tried, relative to the number of samples."""
HELD_OUT = 0.2
"""Share of the samples that only score the regression."""


def plain_directions(examination: Examination, names: list[str]) -> dict[str, Line]:
    """Find plain directions of attributes, by the attribute's name and `PLAIN`."""
    listener, w_all = examination.listener, examination.population.w
    w = listener.draw_w(range(PLAIN_LOOPS))
    values = listener.measure(listener.broadcast(w), heard=False)
    found = {}
    for name in names:
        slope, _ = ridge(w - w.mean(axis=0), stats.zscore(values[name]))
        vector = (slope / np.linalg.norm(slope)).astype(np.float32)
        found[name + PLAIN] = Line(
            name=name + PLAIN,
            attribute=name,
            levels=tuple(range(listener.n_levels)),
            sigma=float(np.std(w_all @ vector)),
            vector=vector,
            report={},
        )
    return found


def ridge(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Regress one standardised attribute on latents.

    Parameters
    ----------
    x : np.ndarray [shape=(n, n_features)]
        Latents.
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
