"""Beats that are right within a frame -> right within a few milliseconds, by the rise of the sound itself."""

import numpy as np

from training.recordings.onsets import SAMPLE_RATE

STEP = 24
"""Samples of a step, half a millisecond."""
SMOOTHING_STEPS = 4
BEFORE_S, AFTER_S = 0.045, 0.055
"""What is heard around a beat."""
QUIET_S = 0.015
"""Part of it, at its beginning, that says how loud it is before the hit."""
REACH_S = 0.035
"""How far a hit may be from its beat."""
RISE = 0.1
"""A hit begins where its short-time energy first rises to this share of its peak."""
LOUDER = 6.0
"""Energy of a hit re that before it."""
MOST_BEATS = 400
FEWEST_HITS = 3
PRE_EMPHASIS = 0.9


def rise_offset_s(audio: np.ndarray, beats_s: np.ndarray) -> float:
    """Measure how late the hits on some beats begin.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        float32 at 48 kHz.
    beats_s : np.ndarray [shape=(n,)]
        Where beats are thought to be, in seconds.

    Returns
    -------
    float
        Median of the hits' distances from their beats, in seconds within 0.035; 0 where there are less than three.
    """
    offsets_s = hit_offsets_s(audio, beats_s[:: max(1, len(beats_s) // MOST_BEATS)])
    return float(np.median(offsets_s)) if len(offsets_s) >= FEWEST_HITS else 0.0


def hit_offsets_s(audio: np.ndarray, beats_s: np.ndarray) -> np.ndarray:
    """Measure how late each hit begins that stands out of what sounds before it: float64 `[at most n]`, seconds."""
    offsets = [hit_offset_s(audio, round(beat_s * SAMPLE_RATE)) for beat_s in beats_s]
    return np.array([offset for offset in offsets if offset is not None])


def hit_offset_s(audio: np.ndarray, beat: int) -> float | None:
    """Measure how late the hit near a sample begins, in seconds; None if none stands out."""
    first, last = beat - round(BEFORE_S * SAMPLE_RATE), beat + round(AFTER_S * SAMPLE_RATE)
    if last > len(audio):
        return None
    near = np.pad(audio[max(first, 0) : last], (max(-first, 0), 0)).astype(float)
    near[1:] -= PRE_EMPHASIS * near[:-1]
    steps = (near[: len(near) // STEP * STEP] ** 2).reshape(-1, STEP).sum(axis=1)
    energy = np.convolve(steps, np.ones(SMOOTHING_STEPS), mode="full")[: len(steps)]
    quiet = energy[: round(QUIET_S * SAMPLE_RATE / STEP)].mean()
    peak = energy.max()
    if peak < LOUDER * quiet or peak <= 0:
        return None
    rise = int(np.argmax(energy >= quiet + RISE * (peak - quiet)))
    offset_s = (first + rise * STEP - beat) / SAMPLE_RATE
    return offset_s if abs(offset_s) <= REACH_S else None
