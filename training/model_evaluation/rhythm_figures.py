"""Rhythm of drawn loops beside that of held-out ones, from the mel and from the audio, and whether both agree."""

from typing import Any

import numpy as np

from melgan_vocoder.format import LoopFormat
from training.model_evaluation.figures import Figures, figure
from training.model_evaluation.listening import Heard
from training.model_evaluation.loop_set import LoopSet
from training.model_evaluation.rhythm import (
    TEMPO_TOLERANCE,
    Rhythm,
    find_lag,
    grid_shares,
    measure_rhythm,
    scatter_onsets,
    tempo_share,
)

MOST_SHIFT_FRAMES = 6
"""Envelopes of mel and audio are aligned by at most so many frames."""


def measure_rhythms(
    drawn: LoopSet, held_out: LoopSet, *, own: Heard, mel_format: LoopFormat, rng: np.random.Generator
) -> tuple[Figures, dict[str, Any]]:
    """Measure the rhythm of drawn and held-out loops.

    Parameters
    ----------
    drawn, held_out : LoopSet
        The loops.
    own : Heard
        What was measured on the corpus's own audio, of the held-out loops that were also heard through the vocoder.
    mel_format : LoopFormat
        Their format.
    rng : np.random.Generator
        Where onsets fall by chance.

    Returns
    -------
    figures : dict
        `rhythm_mel`, and if loops were heard `rhythm_audio` and `twin`.
    details : dict
        For each analysis the lag that was found on held-out loops, in frames, and the share on the grid by chance;
        the figures of the corpus's own audio.
    """
    figures: Figures = {}
    details: dict[str, Any] = {}
    rhythms = [measure_rhythm(loops.envelopes, mel_format) for loops in (drawn, held_out)]
    figures["rhythm_mel"], details["mel"] = compare_rhythms(rhythms[0], rhythms[1], mel_format=mel_format, rng=rng)
    if n_heard := len(drawn.heard.envelopes):
        heard = [measure_rhythm(loops.heard.envelopes, mel_format) for loops in (drawn, held_out)]
        figures["rhythm_audio"], details["audio"] = compare_rhythms(heard[0], heard[1], mel_format=mel_format, rng=rng)
        details["corpus_audio"] = own_rhythm(measure_rhythm(own.envelopes, mel_format), mel_format)
        pairs = zip((drawn, held_out), rhythms, heard)
        agreements = [
            agreement(
                loops.envelopes[:n_heard], loops.heard.envelopes, in_mel=first_loops(mel, n_heard), in_audio=audio
            )
            for loops, mel, audio in pairs
        ]
        figures["twin"] = {key: figure(agreements[0][key], agreements[1][key]) for key in agreements[0]}
    return figures, details


def first_loops(rhythm: Rhythm, n: int) -> Rhythm:
    """Take the first loops."""
    return Rhythm(onsets=rhythm.onsets[:n], tempo_bpm=rhythm.tempo_bpm[:n])


def compare_rhythms(
    model: Rhythm, real: Rhythm, *, mel_format: LoopFormat, rng: np.random.Generator
) -> tuple[dict[str, Any], dict[str, float]]:
    """Compare two sets of loops under one analysis: figures, and its lag and chance level."""
    lag = find_lag(real.onsets, mel_format)
    shares = [grid_shares(rhythm.onsets, mel_format, lag=lag) for rhythm in (model, real)]
    chance = grid_shares(scatter_onsets(real.onsets, mel_format, rng=rng), mel_format, lag=lag)
    figures = {
        "on_grid": figure(*shares),
        "at_tempo": figure(*(tempo_share(rhythm.tempo_bpm, mel_format) for rhythm in (model, real))),
        "onsets": figure(model.n_onsets, real.n_onsets),
    }
    return figures, {"lag_frames": lag, "on_grid_by_chance": chance}


def own_rhythm(rhythm: Rhythm, mel_format: LoopFormat) -> dict[str, float]:
    """Describe the rhythm of the corpus's own audio."""
    lag = find_lag(rhythm.onsets, mel_format)
    return {
        "lag_frames": lag,
        "on_grid": grid_shares(rhythm.onsets, mel_format, lag=lag),
        "at_tempo": tempo_share(rhythm.tempo_bpm, mel_format),
        "onsets": rhythm.n_onsets,
    }


def agreement(mel: np.ndarray, audio: np.ndarray, *, in_mel: Rhythm, in_audio: Rhythm) -> dict[str, float]:
    """Compare the two analyses of the same loops.

    Parameters
    ----------
    mel, audio : np.ndarray [shape=(n, n_frames)]
        Onset envelopes.
    in_mel, in_audio : Rhythm
        What was found in them.

    Returns
    -------
    dict of str to float
        `correlation` (median over the loops, at the shift that fits all best), `same_tempo` (share, within 2 %),
        `onset_ratio` (mel's re audio's).
    """
    shifts = range(-MOST_SHIFT_FRAMES, MOST_SHIFT_FRAMES + 1)
    best = max(float(np.median(correlate(np.roll(mel, shift, axis=1), audio))) for shift in shifts)
    same = np.abs(in_mel.tempo_bpm / in_audio.tempo_bpm - 1) <= TEMPO_TOLERANCE
    return {
        "correlation": best,
        "same_tempo": float(same.mean()),
        "onset_ratio": in_mel.n_onsets / max(in_audio.n_onsets, 1e-9),
    }


def correlate(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Correlate each row with its twin, `[n]`; 0 where one of them is constant."""
    rows, others = (array - array.mean(axis=1, keepdims=True) for array in (rows, others))
    power = np.sqrt(np.square(rows).sum(axis=1) * np.square(others).sum(axis=1))
    return (rows * others).sum(axis=1) / np.maximum(power, 1e-12)
