"""Finding directions: attributes regressed on w, kept apart from each other, then corrected by what is measured."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

RIDGE_GRID = (1e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
"""Ridge strengths tried, relative to the number of samples."""
HELD_OUT = 0.2
"""Share of the samples that only score the regression."""
ENDS = (-3.0, 3.0)
"""Strengths between which a move is measured."""
CORRECTIONS = 6
"""How often a move is measured and corrected."""
TOLERANCE = 0.03
"""A move is within its limits if nothing exceeds them by more."""
CAUTION = 0.8
"""Share of what is too much that a correction takes away."""

Sweep = Callable[[np.ndarray], Mapping[str, float]]
"""A move in whitened W to the change of each attribute between `ENDS`, in its standard deviations."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Slopes:
    """How attributes rise in whitened W."""

    names: tuple[str, ...]
    """The attributes."""
    rows: np.ndarray
    """Slope of each, in its standard deviations, `[n, w_dim]`."""
    r2: Mapping[str, float]
    """Share of each one's variance that the slope explains in samples that took no part."""
    correlation: np.ndarray
    """Correlation of each with each, `[n, n]`."""

    @classmethod
    def fit(cls, whitened: np.ndarray, values: Mapping[str, np.ndarray]) -> "Slopes":
        """Regress attributes on latents.

        Parameters
        ----------
        whitened : np.ndarray [shape=(n, w_dim)]
            Latents, `n` several times `w_dim`.
        values : dict of str to np.ndarray [shape=(n,)]
            Each attribute's measured values; one that is the same in all samples is left out.
        """
        moving = {name: stats.zscore(value) for name, value in values.items() if np.ptp(value) > 0}
        fits = {name: ridge(whitened, value) for name, value in moving.items()}
        return cls(
            names=tuple(fits),
            rows=np.stack([slope for slope, _ in fits.values()]),
            r2={name: r2 for name, (_, r2) in fits.items()},
            correlation=np.corrcoef(np.stack(list(moving.values()))),
        )

    def row(self, name: str) -> np.ndarray:
        """Slope of one attribute, `[w_dim]`."""
        return self.rows[self.names.index(name)]

    def correlate(self, name: str, other: str) -> float:
        """Correlation of two attributes."""
        return float(self.correlation[self.names.index(name), self.names.index(other)])

    def apart(self, name: str, others: Sequence[str]) -> np.ndarray:
        """Find the move that changes one attribute and leaves the predictions of others alone.

        Parameters
        ----------
        name : str
            The attribute.
        others : sequence of str
            What is to stay.

        Returns
        -------
        np.ndarray [shape=(w_dim,)]
            Unit vector in whitened W, so that it leads where latents lie.

        References
        ----------
        Shen et al. 2020, "Interpreting the latent space of GANs", arXiv 1907.10786, section 3.2.
        """
        slope = self.row(name)
        if others:
            basis, _ = np.linalg.qr(np.stack([self.row(other) for other in others], axis=1))
            slope = slope - basis @ (basis.T @ slope)
        return slope / np.linalg.norm(slope)


def correct(slopes: Slopes, *, name: str, limits: Mapping[str, float], sweep: Sweep) -> np.ndarray:
    """Find the move that changes an attribute most, while others change along by no more than they may.

    A slope holds near the middle; three standard deviations away attributes bend. So the move is made, what it changes
    is measured, and of each attribute that changes too much as much is taken back as its slope is worth, again and
    again. It begins with the attribute's own slope, nothing kept apart, since what may change along makes it stronger.

    Parameters
    ----------
    slopes : Slopes
        Of all attributes.
    name : str
        The attribute.
    limits : dict of str to float
        How much each other attribute may change along, as a share of the change of its own.
    sweep : callable
        Makes a move.

    Returns
    -------
    np.ndarray [shape=(w_dim,)]
        Unit vector in whitened W: of all moves that were tried, among those within the limits the strongest; if none
        is, the one with the least excess.
    """
    backward = np.linalg.pinv(np.stack([slopes.row(other) for other in (name, *limits)]))[:, 1:]
    move = slopes.apart(name, ())
    tried = []
    for _ in range(CORRECTIONS):
        changes = sweep(move)
        excess = np.array([excess_of(changes[other] / changes[name], limit) for other, limit in limits.items()])
        most = float(np.abs(excess).max(initial=0))
        tried.append((most <= TOLERANCE, changes[name] if most <= TOLERANCE else -most, move))
        move = move - backward @ (CAUTION * excess * changes[name] / (ENDS[1] - ENDS[0]))
        move = move / np.linalg.norm(move)
    return max(tried, key=lambda entry: entry[:2])[2]


def excess_of(share: float, limit: float) -> float:
    """By how much a share is above its limit, or below minus it."""
    return share - float(np.clip(share, -limit, limit))


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
