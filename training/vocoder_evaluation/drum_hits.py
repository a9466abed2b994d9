"""Synthetic drum hits, and loops of them at known samples."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from training.vocoder_evaluation.resynthesis import N_SAMPLES, SAMPLE_RATE
from training.vocoder_evaluation.tones import place

LEVEL = 0.7
N_HITS = 8
BEAT = N_SAMPLES // N_HITS
SEED = 20240607


def kick() -> np.ndarray:
    """0.35 s of a sine that falls from 180 to 50 Hz, with a click; peak about 1, `[n_samples]`."""
    seconds = np.arange(round(0.35 * SAMPLE_RATE)) / SAMPLE_RATE
    cycles = 50 * seconds + 130 * 0.03 * (1 - np.exp(-seconds / 0.03))
    click = 0.3 * np.sin(2 * np.pi * 1800 * seconds) * np.exp(-seconds / 0.002)
    return ended(np.sin(2 * np.pi * cycles) * np.exp(-seconds / 0.12) + click)


def snare() -> np.ndarray:
    """0.2 s of a sine of 190 Hz and white noise, decaying; peak about 1, `[n_samples]`."""
    seconds = np.arange(round(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(SEED).standard_normal(len(seconds))
    tone = 0.5 * np.sin(2 * np.pi * 190 * seconds) * np.exp(-seconds / 0.06)
    return ended(tone + 0.25 * noise * np.exp(-seconds / 0.05))


def hat() -> np.ndarray:
    """0.06 s of differenced (bright) noise, decaying; peak about 1, `[n_samples]`."""
    seconds = np.arange(round(0.06 * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.diff(np.random.default_rng(SEED + 1).standard_normal(len(seconds) + 2), n=2)
    return ended(0.15 * noise * np.exp(-seconds / 0.015))


def click() -> np.ndarray:
    """1 ms of a decaying sine of 3 kHz, `[n_samples]`."""
    seconds = np.arange(round(0.001 * SAMPLE_RATE)) / SAMPLE_RATE
    return ended(np.sin(2 * np.pi * 3000 * seconds) * np.exp(-seconds / 0.0003))


def ended(sound: np.ndarray) -> np.ndarray:
    """Fade the last tenth of a sound to zero."""
    n_fade = len(sound) // 10
    return LEVEL * sound * np.minimum(1.0, np.arange(len(sound), 0, -1) / n_fade)


DRUMS: Mapping[str, Callable[[], np.ndarray]] = MappingProxyType(
    {"kick": kick, "snare": snare, "hat": hat, "click": click}
)
"""One hit of each drum, float64 `[n_samples]`."""


def equal_kicks(*, on_the_grid: bool) -> tuple[np.ndarray, list[int]]:
    """Lay out eight equal kicks, one a beat.

    Parameters
    ----------
    on_the_grid : bool
        Exactly on the beat (a whole number of hops apart), or each up to 10 ms late.

    Returns
    -------
    loop : np.ndarray [shape=(n_samples,)]
        float32.
    starts : list of int
        Samples at which they begin.
    """
    late = np.random.default_rng(SEED).integers(0, SAMPLE_RATE // 100, N_HITS) * (not on_the_grid)
    starts = [beat * BEAT + int(delay) for beat, delay in enumerate(late)]
    return place([kick()] * N_HITS, starts), starts


def drum_loops() -> tuple[np.ndarray, np.ndarray]:
    """Lay out a loop of eight hits for each drum, each hit anywhere within 10 ms after its beat.

    Returns
    -------
    loops : np.ndarray [shape=(n_drums, n_samples)]
        float32.
    starts : np.ndarray [shape=(n_drums, N_HITS)]
        Samples at which the hits begin.
    """
    late = np.random.default_rng(SEED + 2).integers(0, SAMPLE_RATE // 100, (len(DRUMS), N_HITS))
    starts = np.arange(N_HITS) * BEAT + late
    return np.stack([place([hit()] * N_HITS, row.tolist()) for hit, row in zip(DRUMS.values(), starts)]), starts
