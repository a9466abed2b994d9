"""Morphs: whether the sound changes evenly on the way from loop to loop, and whether the beat holds."""

import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from directions.levels import FORMAT
from directions.survey import Listener
from melgan_vocoder.vocoder_file import load_vocoder
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.model_file import read_model_header
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


def straight_in_w(listener: Listener, z: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Go straight from one mapped latent to another, as decks do: `z` is `[2, z_dim]`, the places are `[n, w_dim]`."""
    first, last = listener.map(z)
    return (1 - share) * first + share * last


def slerp_in_z(listener: Listener, z: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Go along the great circle between two input latents, mapping each place."""
    first, last = z / np.linalg.norm(z, axis=1, keepdims=True)
    angle = np.arccos(np.clip(first @ last, -1, 1))
    between = (np.sin((1 - share) * angle) * first + np.sin(share * angle) * last) / np.sin(angle)
    return listener.map((between * np.linalg.norm(z, axis=1).mean()).astype(np.float32))


Way = Callable[[Listener, np.ndarray, np.ndarray], np.ndarray]
WAYS: Mapping[str, Way] = {"straight in W": straight_in_w, "great circle in Z": slerp_in_z}
"""Ways from one latent to another."""


def measure_model_morphs(
    path: pathlib.Path, *, n_morphs: int, n_steps: int, advance: Callable[[int], None]
) -> dict[str, dict[str, Any]]:
    """Measure the morphs of a model on each of `WAYS`, between the same loops.

    Parameters
    ----------
    path : pathlib.Path
        The model file.
    n_morphs, n_steps : int
        See `measure_morphs`.
    advance : callable
        Called with the number of loops heard after each morph.

    Returns
    -------
    dict of str to dict
        By the way, from `measure_morphs`.

    Raises
    ------
    LoopmorphError
        If the file is not a model.
    """
    header = read_model_header(path)
    listener = Listener(load_generator(header), load_vocoder(), advance=advance)
    return {name: measure_morphs(listener, n_morphs=n_morphs, n_steps=n_steps, way=way) for name, way in WAYS.items()}


def measure_morphs(listener: Listener, *, n_morphs: int, n_steps: int, way: Way = straight_in_w) -> dict[str, Any]:
    """Morph between pairs of random loops, and listen at each step.

    Parameters
    ----------
    listener : Listener
        The networks.
    n_morphs : int
        How many pairs.
    n_steps : int
        Places on each way, its ends among them.
    way : callable
        One of `WAYS`.

    Returns
    -------
    dict
        `unevenness`: largest step re the median one (mean difference of the mel), of each morph; `even`, the share of
        morphs in which it is at most `MOST_UNEVEN`; `tempo_held` and `downbeat_held`: shares of all steps;
        `tempo_at_ends`: share of the ends.
    """
    ends = listener.draw_z(range(FIRST_SEED, FIRST_SEED + 2 * n_morphs)).reshape(n_morphs, 2, -1)
    share = np.linspace(0, 1, n_steps, dtype=np.float32)[:, None]
    unevenness, tempo, downbeat = [], [], []
    for z in ends:
        mels = hear_all(listener, way(listener, z, share))
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
