"""Fingerprints of loops: what tells one that was there before."""

import numpy as np

from training.recordings.onsets import band_magnitudes

STEPS = 64
"""Thirty-seconds of a loop."""
SAME = 0.992
"""Correlation from which two loops are one."""
RANGE_DB = 50.0
TIME = 0.8
"""How much a band's changes count before its mean level, 0 to 1."""


def fingerprint(loop: np.ndarray) -> np.ndarray:
    """Describe a loop by the levels of 12 bands in its 64 thirty-seconds, whatever its loudness and tempo.

    Parameters
    ----------
    loop : np.ndarray [shape=(n_samples,)]
        float32.

    Returns
    -------
    np.ndarray [shape=(768,)]
        int8, mean 0.

    References
    ----------
    Haitsma and Kalker 2002, "A highly robust audio fingerprinting system", ISMIR (energies of bands over time).
    """
    power = band_magnitudes(loop) ** 2
    edges = np.arange(STEPS) * power.shape[1] // STEPS
    steps = np.add.reduceat(power, edges, axis=1)
    level_db = 10 * np.log10(np.maximum(steps / max(float(steps.max()), 1e-20), 10 ** (-RANGE_DB / 10)))
    level_db -= TIME * level_db.mean(axis=1, keepdims=True)
    level_db -= level_db.mean()
    print_ = level_db.ravel() / max(float(np.abs(level_db).max()), 1e-9)
    return np.round(127 * print_).astype(np.int8)


class Fingerprints:
    """The loops that were kept so far."""

    def __init__(self) -> None:
        self.rows = np.zeros((0, 0), np.float32)
        self.count = 0

    def add_if_new(self, loop_print: np.ndarray) -> bool:
        """Keep a fingerprint, int8 `[768]`, unless it is nearly one of those that are kept; tell whether it was."""
        row = loop_print.astype(np.float32)
        row /= max(float(np.linalg.norm(row)), 1e-9)
        if self.count and float((self.rows[: self.count] @ row).max()) > SAME:
            return False
        if self.count == len(self.rows):
            grown = np.zeros((max(64, 2 * len(self.rows)), row.size), np.float32)
            if self.count:
                grown[: self.count] = self.rows
            self.rows = grown
        self.rows[self.count] = row
        self.count += 1
        return True
