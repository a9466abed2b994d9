"""Onsets folded into one bar: how strong each band is in each of its sixteenths, and how well onsets keep to them."""

import dataclasses

import numpy as np

from training.recordings.onsets import N_BANDS, RATE_HZ

BEAT_BINS = 48
"""Steps of a beat in which phases are told apart."""
CELL_BINS = BEAT_BINS // 4
BAR_CELLS = 16
SWING_BINS = 5
"""How much later than straight an odd sixteenth may come."""
NEAR_BINS = 2
"""How far from its place an onset still keeps to the grid."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BarProfile:
    """A recording folded at one tempo."""

    tempo_bpm: float
    """The tempo, in beats a minute."""
    phase_s: float
    """Where an eighth lies, in seconds."""
    cells: np.ndarray
    """float64 `[3, 16]`: share of each band's onsets in each sixteenth after `phase_s`; a band sums to 1 or 0."""
    keeping: float
    """Share of onsets that keep to the sixteenths, 0 to 1; about 0.45 by chance."""


def fold_bar(envelopes: np.ndarray, tempo_bpm: float, *, start_s: float = 0.0) -> BarProfile:
    """Fold onsets into one bar.

    Parameters
    ----------
    envelopes : np.ndarray [shape=(3, n_frames)]
        Onsets of each band.
    tempo_bpm : float
        The tempo.
    start_s : float
        Time of the first frame.

    Returns
    -------
    BarProfile
        The bar; which of its sixteenths is the downbeat is open.
    """
    frames = np.arange(envelopes.shape[1])
    place = (frames / RATE_HZ + start_s) * (tempo_bpm / 60 * BEAT_BINS)
    bins = np.floor(place).astype(int)
    share = place - bins
    n_bins = 4 * BEAT_BINS
    bar = np.zeros((N_BANDS, n_bins))
    for band in range(N_BANDS):
        for shift, part in ((0, 1 - share), (1, share)):
            weights = envelopes[band] * part
            bar[band] += np.bincount((bins + shift) % n_bins, weights=weights, minlength=n_bins)
    total = bar.sum(axis=0)
    phase, keeping = find_phase(total)
    turned = np.roll(bar, -phase + CELL_BINS // 3, axis=1)
    cells = turned.reshape(N_BANDS, BAR_CELLS, CELL_BINS).sum(axis=2)
    sums = cells.sum(axis=1, keepdims=True)
    cells = np.divide(cells, sums, out=np.zeros_like(cells), where=sums > 0)
    return BarProfile(tempo_bpm=tempo_bpm, phase_s=phase / BEAT_BINS * 60 / tempo_bpm, cells=cells, keeping=keeping)


def find_phase(total: np.ndarray) -> tuple[int, float]:
    """Find where eighths lie in a folded bar `[192]`, in bins below 24, and the share of onsets on the grid."""
    half = total.reshape(-1, 2 * CELL_BINS).sum(axis=0)
    near = np.asarray(sum(np.roll(half, -shift) for shift in range(-NEAR_BINS, NEAR_BINS + 1)))
    later = np.max([np.roll(near, -CELL_BINS - swing) for swing in range(SWING_BINS + 1)], axis=0)
    phase = int(np.argmax(near + 0.8 * later + 0.1 * half))
    return phase, float((near + later)[phase] / max(float(total.sum()), 1e-12))
