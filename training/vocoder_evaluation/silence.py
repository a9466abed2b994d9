"""Digital silence through a vocoder: what is heard where nothing should be."""

import numpy as np

from training.vocoder_evaluation.drum_hits import BEAT, snare
from training.vocoder_evaluation.resynthesis import N_SAMPLES, SAMPLE_RATE, Advance, Resynthesise, resynthesise_all
from training.vocoder_evaluation.tones import LEVEL, held_tone, place

MARGIN_S = 0.1
LOWEST_DBFS = -160.0
N_LOOPS = 2
"""Loops that `measure_silence` plays."""


def measure_silence(resynthesise: Resynthesise, *, advance: Advance) -> dict[str, float]:
    """Measure the noise floor in a loop that is silent in its second half, and in one that is all zero.

    Parameters
    ----------
    resynthesise : callable
        The vocoder under test.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    dict of str to float
        `half_dbfs` (0.1 s on either side of the silence left out) and `whole_dbfs`.
    """
    half_silent, silent = resynthesise_all(resynthesise, silence_loops(), advance=advance)
    margin = round(MARGIN_S * SAMPLE_RATE)
    return {
        "half_dbfs": level_dbfs(half_silent[N_SAMPLES // 2 + margin : N_SAMPLES - margin]),
        "whole_dbfs": level_dbfs(silent),
    }


def silence_loops() -> np.ndarray:
    """Two seconds of a saw with snares and two of silence; four of silence. float32 `[2, n_samples]`."""
    saw = LEVEL * held_tone(110.0, duration_s=2.0, waveform="saw")
    return np.stack([place([saw, *[snare()] * 4], [0, *range(0, N_SAMPLES // 2, BEAT)]), place([], [])])


def level_dbfs(audio: np.ndarray) -> float:
    """RMS level re a full-scale sine, in decibels, at least -160."""
    rms = float(np.sqrt(2 * (audio.astype(float) ** 2).mean()))
    return float(20 * np.log10(max(rms, 10 ** (LOWEST_DBFS / 20))))
