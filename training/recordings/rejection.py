"""Loops that a model should not learn from, and why."""

import numpy as np

from training.recordings.audio_file import CLIP_BLOCK_S
from training.recordings.bar_profile import BEAT_BINS, CELL_BINS, NEAR_BINS, SWING_BINS
from training.recordings.onsets import RATE_HZ, SAMPLE_RATE

UNREADABLE, TOO_SHORT, NO_BEAT, IN_THREE = "unreadable", "too short", "no beat found", "not in 4/4"
"""Reasons that concern a whole file."""
SILENT, CLIPPED, ARRHYTHMIC, DUPLICATE = "silent", "clipped", "off the grid", "near-duplicate"
"""Reasons that concern a loop."""
SILENT_RMS = 10 ** (-55 / 20)
"""Level re the recording's peak below which nothing sounds."""
SILENT_SPANS = 16
"""Parts of a loop, at least half of which must sound: kicks alone are a loop."""
CLIPPED_SHARE = 0.03
"""Share of samples from which a tenth of a second is clipped; a loop is if four fifths of it are."""
KEEPING = 0.58
"""Share of a rhythm's onsets that must keep to the sixteenths."""


def is_silent(loop: np.ndarray, *, peak: float = 1.0) -> bool:
    """Tell whether more than half of a loop is silent.

    Parameters
    ----------
    loop : np.ndarray [shape=(n_samples,)]
        float32.
    peak : float
        Highest peak of the recording that it is from, above 0: loops are normalised later, so a quiet recording is as
        good as a loud one.

    Returns
    -------
    bool
        Whether fewer than half of its sixteen parts reach -55 dB re the peak.
    """
    spans = np.array_split(loop, SILENT_SPANS)
    rms = np.sqrt([float(np.square(span).mean()) for span in spans])
    return bool(np.mean(rms < SILENT_RMS * peak) > 0.5)


def is_clipped(clipped: np.ndarray, *, start: int, n_samples: int) -> bool:
    """Tell whether a cut is clipped throughout.

    Parameters
    ----------
    clipped : np.ndarray [shape=(n_blocks,)]
        Share of clipped samples in each tenth of a second of the recording.
    start, n_samples : int
        The cut, in samples at 48 kHz.

    Returns
    -------
    bool
        Whether four fifths of its tenths of a second are clipped.
    """
    block = CLIP_BLOCK_S * SAMPLE_RATE
    blocks = clipped[int(start / block) : int(np.ceil((start + n_samples) / block))]
    return bool(len(blocks)) and float(np.mean(blocks > CLIPPED_SHARE)) >= 0.8


def keeping(envelope: np.ndarray, *, tempo_bpm: float, start_s: float) -> float:
    """Measure how well a loop keeps to its grid.

    Parameters
    ----------
    envelope : np.ndarray [shape=(n_frames,)]
        Onsets of the recording, at `RATE_HZ`.
    tempo_bpm, start_s : float
        The loop's tempo and beginning.

    Returns
    -------
    float
        Share of its onsets, 0 to 1, within a twenty-fourth of a beat of a sixteenth, odd ones as late as its swing
        is; about 0.45 by chance, 1 without any onset.
    """
    beat = 60 / tempo_bpm * RATE_HZ
    first = max(0, round(start_s * RATE_HZ))
    part = envelope[first : first + round(8 * beat)]
    place = np.round((np.arange(first, first + len(part)) - start_s * RATE_HZ) / beat * BEAT_BINS).astype(int)
    half = np.bincount(place % (2 * CELL_BINS), weights=part, minlength=2 * CELL_BINS)
    near = np.asarray(sum(np.roll(half, -shift) for shift in range(-NEAR_BINS, NEAR_BINS + 1)))
    later = max(float(near[CELL_BINS + swing]) for swing in range(SWING_BINS + 1))
    total = float(half.sum())
    return (float(near[0]) + later) / total if total > 0 else 1.0
