"""Bars of a recording -> loops that have no seam."""

from collections.abc import Iterator

import numpy as np

from training.manifest import loop_samples
from training.recordings.downbeat import LEAD_S
from training.recordings.onset_rise import FEWEST_HITS, hit_offsets_s
from training.recordings.onsets import SAMPLE_RATE
from training.recordings.placement import Placement

FADE_S = 0.005
"""Crossfade at the seam of a loop with a beat."""
TEXTURE_BPM = 120.0
"""Nominal tempo of a texture, which makes it 4 s long."""
TEXTURE_FADE_S = 0.5
BEATS = 8
SHIFT_S = (0.004, 0.015)
"""A loop's start is moved to its own hits if they are off by more than the first, by the second at most."""
SPREAD_S = 0.008
"""Median distance of the hits from their median, above which they say nothing."""


def cut_bars(audio: np.ndarray, placement: Placement) -> Iterator[tuple[int, np.ndarray]]:
    """Cut a recording into consecutive loops of two bars.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        float32 at 48 kHz.
    placement : Placement
        Where its bars are. Where it is no loop, each cut follows the hits of its own beats, and so a slow drift.

    Yields
    ------
    tuple of int and np.ndarray
        First sample, and float32 `[loop_samples(tempo_bpm)]`.
    """
    length = 60 * BEATS * SAMPLE_RATE / placement.tempo_bpm
    n = loop_samples(placement.tempo_bpm)
    if placement.loop:
        if len(audio) < n:
            audio = np.concatenate([audio] * round(n / len(audio)))
        for number in range(round(len(audio) / length * 2) // 2):
            start = round(number * length)
            yield start, close_loop(np.take(audio, np.arange(start - fade_samples(), start + n), mode="wrap"))
        return
    begin = placement.downbeat_s * SAMPLE_RATE
    while round(begin) + n <= len(audio):
        begin += shift_samples(audio, begin, beat=length / BEATS)
        start = max(0, min(round(begin), len(audio) - n))
        before = np.pad(audio[max(0, start - fade_samples()) : start], (max(0, fade_samples() - start), 0))
        yield start, close_loop(np.concatenate([before, audio[start : start + n]]))
        begin += length


def fade_samples() -> int:
    """Count the samples of a loop's crossfade."""
    return round(FADE_S * SAMPLE_RATE)


def close_loop(piece: np.ndarray) -> np.ndarray:
    """Fade what is before the cut in at its end, so that the end leads into the beginning, which stays whole."""
    n_fade = fade_samples()
    loop = piece[n_fade:].copy()
    rise = ((np.arange(n_fade) + 0.5) / n_fade).astype(np.float32)
    loop[-n_fade:] = (1 - rise) * loop[-n_fade:] + rise * piece[:n_fade]
    return loop


def shift_samples(audio: np.ndarray, begin: float, *, beat: float) -> float:
    """Measure how far a loop's start must be moved to meet its own hits, in samples; 0 if they do not agree."""
    beats_s = (begin + beat * np.arange(BEATS)) / SAMPLE_RATE + LEAD_S
    late_s = hit_offsets_s(audio, beats_s)
    if len(late_s) <= FEWEST_HITS:
        return 0.0
    shift_s = float(np.median(late_s))
    agree = float(np.median(np.abs(late_s - shift_s))) < SPREAD_S
    least, most = SHIFT_S
    return float(np.clip(shift_s, -most, most)) * SAMPLE_RATE if agree and abs(shift_s) > least else 0.0


def cut_texture(audio: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Cut a recording into consecutive loops of 4 s, each with an equal-power crossfade of half a second.

    Yields
    ------
    tuple of int and np.ndarray
        First sample, and float32 `[192000]`.
    """
    n, n_fade = loop_samples(TEXTURE_BPM), round(TEXTURE_FADE_S * SAMPLE_RATE)
    angle = (np.pi / 2 * (np.arange(n_fade) + 0.5) / n_fade).astype(np.float32)
    for start in range(n_fade, len(audio) - n + 1, n):
        loop = audio[start : start + n].copy()
        loop[-n_fade:] = np.cos(angle) * loop[-n_fade:] + np.sin(angle) * audio[start - n_fade : start]
        yield start, loop
