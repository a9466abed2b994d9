"""How many beats a bar has: four, or three."""

import numpy as np

from training.recordings.onsets import N_BANDS, RATE_HZ

FEWEST_BEATS = 18
CELLS = 4
MARGIN = 0.12
"""How much more alike beats must be three apart than four or eight."""


def is_in_three(envelopes: np.ndarray, *, tempo_bpm: float, downbeat_s: float) -> bool:
    """Tell whether the beats of a recording repeat after three rather than after four.

    Parameters
    ----------
    envelopes : np.ndarray [shape=(3, n_frames)]
        Its onsets.
    tempo_bpm, downbeat_s : float
        Its grid.

    Returns
    -------
    bool
        False also where it is too short to tell.

    References
    ----------
    Gainza 2009, "Automatic musical meter detection", ICASSP (similarity of beats).
    """
    cell = 15 / tempo_bpm * RATE_HZ
    n_beats = int((envelopes.shape[1] - downbeat_s * RATE_HZ) / cell / CELLS) - 1
    if n_beats < FEWEST_BEATS:
        return False
    edges = np.round(max(0.0, downbeat_s * RATE_HZ - 0.35 * cell) + cell * np.arange(CELLS * n_beats)).astype(int)
    beats = np.add.reduceat(envelopes, edges, axis=1)[:, : CELLS * n_beats]
    beats = np.sqrt(beats).reshape(N_BANDS, n_beats, CELLS).transpose(1, 0, 2).reshape(n_beats, -1)
    beats = beats - beats.mean(axis=0)
    in_four = max(similarity(beats, (4,)), similarity(beats, (8,)))
    return similarity(beats, (3, 6, 9)) > in_four + MARGIN


def similarity(beats: np.ndarray, lags: tuple[int, ...]) -> float:
    """Mean correlation of beats `[n_beats, n]` some beats apart."""
    total = max(float(np.square(beats).mean()), 1e-12)
    return float(np.mean([float((beats[lag:] * beats[:-lag]).mean()) / total for lag in lags]))
