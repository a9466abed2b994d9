"""What speaks for a downbeat beside the bar's own accents: where the recording begins, and where its sound changes."""

import numpy as np

from training.recordings.bar_profile import BAR_CELLS, BarProfile
from training.recordings.onsets import RATE_HZ, SAMPLE_RATE

FIRST_DB = -40.0
"""Level re the recording's peak at which it begins."""
AT_ONCE_S = 0.005
AFTER_SILENCE, AT_ONCE = 3.0, 2.0
"""What it says for a bar that the recording's first sound is at its beginning, in nats."""
DECAY_S, DECAY = ((0.0, 0.03), (0.1, 0.2)), 2.0
"""A recording that sounds at once begins with a hit if it is louder, in power, in the one span than in the other."""
SPAN_BEATS = 8
"""Beats before and after a change that are compared."""
CHANGE_DB = 6.0
"""Root mean square over the bands of a difference that counts as a change."""
ALIKE_DB = 0.1
EARLY_FRAMES = 3
"""A frame sees a hit coming by so many."""
FLOOR_DB = -70.0
"""Level re the loudest frame below which a band is silent."""


def first_sound(audio: np.ndarray) -> tuple[float, float]:
    """Find where a recording first sounds, and what that says for a bar to begin there.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        float32 at 48 kHz.

    Returns
    -------
    tuple of float
        Seconds, and nats: less where it sounds from the first sample on, 0 where that is not the beginning of a hit.
    """
    loud = np.abs(audio) > np.max(np.abs(audio), initial=1e-9) * 10 ** (FIRST_DB / 20)
    first = int(np.argmax(loud))
    if first > AT_ONCE_S * SAMPLE_RATE:
        return first / SAMPLE_RATE, AFTER_SILENCE
    hit, later = (float(np.square(audio[round(a * SAMPLE_RATE) : round(b * SAMPLE_RATE)]).mean()) for a, b in DECAY_S)
    return first / SAMPLE_RATE, AT_ONCE if hit > DECAY * later else 0.0


def change_shares(levels: np.ndarray, profile: BarProfile) -> np.ndarray:
    """Find on which beat of the bar the sound changes for long.

    Parameters
    ----------
    levels : np.ndarray [shape=(n_bands, n_frames)]
        Magnitudes of bands, `RATE_HZ` frames a second.
    profile : BarProfile
        A tempo, and where its eighths are.

    Returns
    -------
    np.ndarray [shape=(16,)]
        float64, for each sixteenth of the profile: share of the changes that begin there, 0 to 1; all 0 without any.

    References
    ----------
    Foote 2000, "Automatic audio segmentation using a measure of audio novelty", ICME.
    """
    cell = 15 / profile.tempo_bpm
    n_cells = int((levels.shape[1] / RATE_HZ - profile.phase_s) / cell)
    edges = np.round((profile.phase_s + cell * np.arange(n_cells)) * RATE_HZ).astype(int) - EARLY_FRAMES
    edges = np.maximum(edges, 0)
    shares = np.zeros(BAR_CELLS)
    span = 4 * SPAN_BEATS
    if n_cells <= 2 * span:
        return shares
    power = np.add.reduceat(levels**2, edges, axis=1)
    summed = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    means = summed[:, span:] - summed[:, :-span]
    level_db = 10 * np.log10(means / max(float(means.max()), 1e-20) + 10 ** (FLOOR_DB / 10))
    change_db = np.sqrt(np.mean((level_db[:, span:] - level_db[:, :-span]) ** 2, axis=0))
    for place in np.argsort(-change_db):
        if change_db[place] < CHANGE_DB:
            break
        greatest = change_db[max(0, place - span // 2) : place + span // 2].max() <= change_db[place] + ALIKE_DB
        later = change_db[place + 1 : place + 4].max(initial=0.0) >= change_db[place] - ALIKE_DB
        if greatest and not later:  # of cells that differ by a rest, the last one is where the change is
            shares[(place + span) % BAR_CELLS] += change_db[place]
    return shares / shares.sum() if shares.any() else shares
