"""mel -> points: a coarse mel, one scale for each of its cells, and its principal components."""

import dataclasses

import numpy as np
from scipy import linalg

ROWS, COLUMNS = 32, 64
"""The coarse mel: groups of four bands, halves of a sixteenth."""
N_COMPONENTS = 64
"""Principal components in which neighbours are sought."""
LEAST_SD = 0.25
"""No cell counts as steadier than this share of the mean standard deviation: bands near the floor hardly move."""


def pool_mel(mel: np.ndarray) -> np.ndarray:
    """Average mels over small blocks.

    Parameters
    ----------
    mel : np.ndarray [shape=(B, n_mels, n_frames)]
        Normalised log-mel, both axes multiples of 32 and 64, or shorter.

    Returns
    -------
    np.ndarray [shape=(B, min(32, n_mels) * min(64, n_frames))]
        float32, band by band.
    """
    rows, columns = min(ROWS, mel.shape[1]), min(COLUMNS, mel.shape[2])
    blocks = mel.reshape(len(mel), rows, mel.shape[1] // rows, columns, mel.shape[2] // columns)
    return blocks.mean(axis=(2, 4)).reshape(len(mel), -1).astype(np.float32)


def roll_half(features: np.ndarray, *, columns: int) -> np.ndarray:
    """Turn loops by half their length: the second bar first.

    Parameters
    ----------
    features : np.ndarray [shape=(n, rows * columns)]
        What `pool_mel` returned.
    columns : int
        Columns of the coarse mel.

    Returns
    -------
    np.ndarray [shape=(n, rows * columns)]
        The same loops, turned.
    """
    return np.roll(features.reshape(len(features), -1, columns), columns // 2, axis=2).reshape(features.shape)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FeatureSpace:
    """The space in which loops are compared."""

    mean: np.ndarray
    """Mean of each cell, `[n_cells]`."""
    sd: np.ndarray
    """Standard deviation of each cell, bounded from below, `[n_cells]`."""
    components: np.ndarray
    """Orthonormal directions of most variance of the whitened cells, `[n_cells, n_components]`."""
    explained: float
    """Share of the variance that they hold."""

    @classmethod
    def fit(cls, features: np.ndarray) -> "FeatureSpace":
        """Fit scale and components.

        Parameters
        ----------
        features : np.ndarray [shape=(n, n_cells)]
            Coarse mels of real loops; at least two different ones.

        Returns
        -------
        FeatureSpace
            The space.
        """
        mean, sd = features.mean(axis=0), features.std(axis=0)
        sd = np.maximum(sd, max(LEAST_SD * float(sd.mean()), 1e-6))
        white = ((features - mean) / sd).astype(np.float64)
        n = min(N_COMPONENTS, len(white) - 1, white.shape[1])
        gram = white @ white.T  # its eigenvectors give those of the covariance, in fewer steps where n < n_cells
        power, vectors = linalg.eigh(gram, subset_by_index=[len(white) - n, len(white) - 1])
        power, vectors = power[::-1], vectors[:, ::-1]
        kept = power > 1e-9 * power[0]
        components = white.T @ (vectors[:, kept] / np.sqrt(power[kept]))
        components *= np.sign(components[np.abs(components).argmax(axis=0), np.arange(kept.sum())])
        return cls(mean=mean, sd=sd, components=components, explained=float(power[kept].sum() / np.trace(gram)))

    def whiten(self, features: np.ndarray) -> np.ndarray:
        """Give every cell mean 0 and about standard deviation 1, `[n, n_cells]`."""
        return (features - self.mean) / self.sd

    def project(self, features: np.ndarray) -> np.ndarray:
        """Find the principal components of loops, `[n, n_components]`."""
        return self.whiten(features) @ self.components
