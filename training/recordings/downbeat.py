"""Audio -> its grid: one tempo, and where a bar begins."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from training.recordings.bar_profile import BAR_CELLS, BarProfile, fold_bar
from training.recordings.evidence import change_shares, first_sound
from training.recordings.onset_rise import rise_offset_s
from training.recordings.onsets import SAMPLE_RATE, band_magnitudes, onset_envelopes
from training.recordings.tempo import refine_tempo, tempo_candidates

ACCENTS = np.array(
    [
        [0.29, -0.07, -0.12, -0.04, 0.06, -0.12, -0.05, 0.00, 0.02, 0.02, 0.15, 0.02, 0.16, -0.06, 0.01, 0.03],
        [0.34, -0.10, -0.11, 0.00, 0.11, -0.10, -0.02, -0.01, 0.08, -0.04, 0.12, 0.07, 0.23, -0.06, -0.06, -0.01],
        [-0.21, -0.09, 0.00, 0.01, 0.20, -0.09, 0.09, -0.03, -0.14, -0.03, 0.13, 0.03, 0.38, -0.05, 0.11, 0.05],
    ]
)
"""What an onset in each sixteenth says for this bar (nats, at the share it has by chance): kicks open it, snares and
claps answer on two and four, hats fill. Fitted by conditional logistic regression to 280 patterns of
`training.procedural.drums`, and held close to a guess by hand."""
KEEPING = 45.0
"""What keeping to the grid says for a tempo, for all onsets against none."""
PRIOR_BPM, PRIOR_WEIGHT = 120.0, 1.0
"""Tempo that is likeliest before listening, and what a squared octave from it says against one."""
FIRST_SOUND_S = 0.015
"""How near to a bar's beginning the recording's first sound must be to speak for it."""
CHANGES = 4.0
"""What it says for a bar that all changes of the sound are at its beginning."""
SHORTEST_S = 0.5
LEAD_S = 0.001
"""How long before the rise of its onsets a beat is placed, so that attacks are whole."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BarGrid:
    """The grid of a recording of constant tempo."""

    tempo_bpm: float
    """Beats a minute."""
    downbeat_s: float
    """Where a bar begins: the first that does so at or after 0."""
    keeping: float
    """Share of onsets that keep to the sixteenths, 0 to 1."""

    @property
    def beat_s(self) -> float:
        """Seconds of a beat."""
        return 60 / self.tempo_bpm


def find_grid(audio: np.ndarray, *, tempo_bpm: float | None = None) -> BarGrid | None:
    """Find tempo and downbeat of a recording.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        float32 at 48 kHz, in 4/4 at a constant tempo.
    tempo_bpm : float, optional
        Its tempo, if known within 0.4 %; by default 68 to 182 are tried.

    Returns
    -------
    BarGrid or None
        Its grid; None if it is too short or has no onsets.

    Notes
    -----
    Each pair of a tempo and a sixteenth that may be the downbeat is scored by the accents of the bar that it makes, by
    how well onsets keep to it, by a broad prior of tempi, and by where the recording begins and changes. The best
    pair's beats are then moved to where the sound rises.

    References
    ----------
    Krebs, Böck and Widmer 2013, "Rhythmic pattern modeling for beat and downbeat tracking in musical audio", ISMIR
    (onsets of low and high bands by their place in the bar); Peeters and Papadopoulos 2011, "Simultaneous beat and
    downbeat-tracking using a probabilistic framework", IEEE Trans. Audio, Speech and Language Processing 19 (6).
    """
    if len(audio) < SHORTEST_S * SAMPLE_RATE:
        return None
    levels = band_magnitudes(audio)
    envelopes = onset_envelopes(levels)
    total = envelopes.sum(axis=0)
    if not np.any(total):
        return None
    near = tempo_candidates(total) if tempo_bpm is None else [tempo_bpm]
    tempi = [refine_tempo(total, tempo) for tempo in near]
    best = best_bar([fold_bar(envelopes, tempo) for tempo in tempi], levels, first=first_sound(audio))
    if best is None:
        return None
    profile, cell = best
    beat_s = 60 / profile.tempo_bpm
    downbeat_s = profile.phase_s + cell * beat_s / 4
    downbeat_s += rise_offset_s(audio, np.arange(downbeat_s % beat_s, len(audio) / SAMPLE_RATE, beat_s)) - LEAD_S
    downbeat_s %= 4 * beat_s
    early = downbeat_s - 4 * beat_s
    return BarGrid(
        tempo_bpm=profile.tempo_bpm,
        downbeat_s=max(0.0, early) if early > -2 * LEAD_S else downbeat_s,
        keeping=profile.keeping,
    )


def best_bar(
    profiles: Sequence[BarProfile], levels: np.ndarray, *, first: tuple[float, float]
) -> tuple[BarProfile, int] | None:
    """Choose a tempo, and which of its sixteenths is the downbeat; None without a choice."""
    best, best_score = None, -np.inf
    for profile in profiles:
        scores = accent_scores(profile) + KEEPING * profile.keeping
        scores -= PRIOR_WEIGHT * np.log2(profile.tempo_bpm / PRIOR_BPM) ** 2
        scores += first[1] * begins_bar(profile, first[0])
        if scores.max() + CHANGES > best_score:
            scores += CHANGES * change_shares(levels, profile)
        cell = int(np.argmax(scores))
        if scores[cell] > best_score:
            best, best_score = (profile, cell), float(scores[cell])
    return best


def accent_scores(profile: BarProfile) -> np.ndarray:
    """Score each sixteenth as downbeat by the accents of the bar from there on: float64 `[16]`, nats."""
    shares = BAR_CELLS * profile.cells - 1
    return np.array([float((ACCENTS * np.roll(shares, -cell, axis=1)).sum()) for cell in range(BAR_CELLS)])


def begins_bar(profile: BarProfile, time_s: float) -> np.ndarray:
    """Whether each sixteenth is, in some bar, at a time: float64 `[16]`, 0 or 1."""
    bar_s = 240 / profile.tempo_bpm
    late_s = (time_s - profile.phase_s - np.arange(BAR_CELLS) * bar_s / BAR_CELLS + bar_s / 2) % bar_s - bar_s / 2
    return (np.abs(late_s) < FIRST_SOUND_S).astype(float)
