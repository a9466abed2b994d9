"""Morphs: whether the sound changes evenly on the way from loop to loop, and whether the beat holds."""

from typing import Any

import numpy as np

from directions.levels import FORMAT
from directions.survey import Listener
from training.model_evaluation.onsets import mel_envelope
from training.model_evaluation.rhythm import TEMPO_TOLERANCE, tempo_bpm

FIRST_SEED = 4_000_000
"""The ends of each morph are two seeds from here on."""
MOST_UNEVEN = 3.0
"""Largest step of a morph re its median step."""
BATCH = 8
NEAR_FRAMES = 1
"""The downbeat holds if the onsets fit those of the ends best at most so many frames from where they are ..."""
AS_WELL = 0.95
"""... or nearly as well there: loops that repeat fit elsewhere too."""


def measure_morphs(listener: Listener, *, n_morphs: int, n_steps: int) -> dict[str, Any]:
    """Morph between pairs of random loops, on straight lines in W, and listen at each step.

    Parameters
    ----------
    listener : Listener
        The networks.
    n_morphs : int
        How many pairs.
    n_steps : int
        Places on each way, its ends among them.

    Returns
    -------
    dict
        `unevenness`: largest step re the median one (mean difference of the mel), of each morph; `even`, the share of
        morphs in which it is at most `MOST_UNEVEN`; `tempo_held` and `downbeat_held`: shares of all steps;
        `tempo_at_ends`: share of the ends.
    """
    ends = listener.draw_w(range(FIRST_SEED, FIRST_SEED + 2 * n_morphs)).reshape(n_morphs, 2, -1)
    unevenness, tempo, downbeat = [], [], []
    for first, last in ends:
        share = np.linspace(0, 1, n_steps, dtype=np.float32)[:, None]
        mels = hear_all(listener, (1 - share) * first + share * last)
        steps = np.abs(np.diff(mels, axis=0)).mean(axis=(1, 2))
        unevenness.append(float(steps.max() / np.median(steps)))
        envelopes = mel_envelope(mels, FORMAT)
        tempo.append([abs(tempo_bpm(each, FORMAT) / FORMAT.tempo_bpm - 1) <= TEMPO_TOLERANCE for each in envelopes])
        mixed = (1 - share) * envelopes[0] + share * envelopes[-1]
        downbeat.append([holds_downbeat(each, ends) for each, ends in zip(envelopes, mixed, strict=True)])
    return {
        "morphs": n_morphs,
        "steps": n_steps,
        "unevenness": [round(each, 2) for each in unevenness],
        "even": float(np.mean(np.array(unevenness) <= MOST_UNEVEN)),
        "tempo_held": float(np.mean(tempo)),
        "tempo_at_ends": float(np.mean([(held[0], held[-1]) for held in tempo])),
        "downbeat_held": float(np.mean(downbeat)),
    }


def hear_all(listener: Listener, w: np.ndarray) -> np.ndarray:
    """Hear loops, `[n, n_mels, n_frames]`."""
    batches = [listener.hear_mel(listener.broadcast(w[start : start + BATCH])) for start in range(0, len(w), BATCH)]
    listener.advance(len(w))
    return np.concatenate([batch.numpy() for batch in batches])


def holds_downbeat(envelope: np.ndarray, ends: np.ndarray) -> bool:
    """Whether onsets fit those of the ends of a morph best where they are."""
    product = np.fft.irfft(np.fft.rfft(envelope) * np.fft.rfft(ends).conj(), len(ends))
    here = max(product[lag] for lag in range(-NEAR_FRAMES, NEAR_FRAMES + 1))
    return bool(here >= AS_WELL * product.max())
