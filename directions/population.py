"""Where latents are in W: what a step along any line means."""

import dataclasses

import numpy as np

LEAST_VARIANCE = 1e-4
"""No axis counts as narrower than this share of the widest one: latents hardly leave it, and noise would be a move."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Population:
    """The latents of many random loops."""

    w: np.ndarray
    """float32 `[n, w_dim]`."""
    mean: np.ndarray
    """Their mean, `[w_dim]`."""
    axes: np.ndarray
    """Principal axes, widest first, `[w_dim, w_dim]`, a column each."""
    scale: np.ndarray
    """Standard deviation along each of them, bounded from below, `[w_dim]`."""

    @classmethod
    def of(cls, w: np.ndarray) -> "Population":
        """Learn from latents, `n` several times `w_dim`."""
        mean = w.mean(axis=0)
        variance, axes = np.linalg.eigh(np.cov((w - mean).T))
        variance, axes = variance[::-1], axes[:, ::-1]
        scale = np.sqrt(np.maximum(variance, LEAST_VARIANCE * variance[0]))
        return cls(w=w, mean=mean, axes=axes, scale=scale)

    def whiten(self, w: np.ndarray) -> np.ndarray:
        """Measure latents in standard deviations along the principal axes.

        Parameters
        ----------
        w : np.ndarray [shape=(n, w_dim)]
            Mapped latents.

        Returns
        -------
        np.ndarray [shape=(n, w_dim)]
            float64; of unit covariance for the population itself.
        """
        return (w - self.mean) @ self.axes / self.scale

    def line(self, whitened: np.ndarray) -> tuple[np.ndarray, float]:
        """Turn a move in whitened W into a line in W.

        Parameters
        ----------
        whitened : np.ndarray [shape=(w_dim,)]
            The move; its length does not matter.

        Returns
        -------
        tuple of (np.ndarray [shape=(w_dim,)], float)
            float32 unit vector, and the standard deviation of the population along it.
        """
        vector = self.axes @ (self.scale * whitened)
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        return vector, float(np.std(self.w @ vector))

    def principal(self, n: int) -> np.ndarray:
        """Give the widest axes.

        Parameters
        ----------
        n : int
            How many.

        Returns
        -------
        np.ndarray [shape=(n, w_dim)]
            Unit vectors, widest first; each points to where its largest entry is positive.

        References
        ----------
        Härkönen et al. 2020, "GANSpace: discovering interpretable GAN controls", arXiv 2004.02546, section 2.1.
        """
        return pointed(self.axes[:, :n].T)


def pointed(vectors: np.ndarray) -> np.ndarray:
    """Turn vectors so that the largest entry of each is positive: which way an axis points is chance."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1)
    return np.asarray(vectors * np.sign(largest), dtype=np.float32)
