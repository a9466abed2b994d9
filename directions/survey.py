"""Listening to a model: many loops, what was measured on each, and what a direction does to them."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
import torch

from directions.attributes import ATTRIBUTES
from directions.move import apply
from directions.table import Direction
from melgan_vocoder.generator import Vocoder
from stylegan_audio.generator import Generator
from stylegan_audio.latent import seed_latent

BATCH = 4
TRUNCATION_PSI = 0.8
"""Truncation of the surveyed loops: what the instrument plays."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Survey:
    """Measured loops of a model."""

    w: np.ndarray
    """Their mapped latents, float32 `[n, w_dim]`."""
    values: dict[str, np.ndarray]
    """Each attribute's values, `[n]`."""


def draw_latents(generator: Generator, seeds: Iterable[int]) -> np.ndarray:
    """Map the latents of seeds.

    Parameters
    ----------
    generator : Generator
        The model.
    seeds : iterable of int
        0 to `MAX_SEED`.

    Returns
    -------
    np.ndarray [shape=(n, w_dim)]
        float32, truncated with `TRUNCATION_PSI`.
    """
    z = np.stack([seed_latent(seed, generator.config.z_dim) for seed in seeds])
    with torch.inference_mode():
        return generator.map(torch.from_numpy(z), truncation_psi=TRUNCATION_PSI).numpy()


def draw_audio(generator: Generator, vocoder: Vocoder, ws: np.ndarray) -> np.ndarray:
    """Turn mapped latents into the audio of loops.

    Parameters
    ----------
    generator, vocoder : Generator, Vocoder
        The networks.
    ws : np.ndarray [shape=(B, n_levels, w_dim)]
        Mapped latents of each level.

    Returns
    -------
    np.ndarray [shape=(B, n_samples)]
        float32 audio.
    """
    with torch.inference_mode():
        return vocoder(generator.synthesis(torch.from_numpy(ws))).numpy()


def measure(
    generator: Generator, vocoder: Vocoder, ws: np.ndarray, *, advance: Callable[[int], None]
) -> dict[str, np.ndarray]:
    """Measure every attribute of many loops.

    Parameters
    ----------
    generator, vocoder : Generator, Vocoder
        The networks.
    ws : np.ndarray [shape=(n, n_levels, w_dim)]
        Mapped latents of each level.
    advance : callable
        Called with the number of loops after each batch, for a progress bar.

    Returns
    -------
    dict of str to np.ndarray [shape=(n,)]
        Values by attribute.
    """
    rows = []
    for start in range(0, len(ws), BATCH):
        audio = draw_audio(generator, vocoder, ws[start : start + BATCH])
        rows += [[attribute(loop, generator.mel_format) for attribute in ATTRIBUTES.values()] for loop in audio]
        advance(len(audio))
    return {name: np.array([row[column] for row in rows]) for column, name in enumerate(ATTRIBUTES)}


def take_survey(generator: Generator, vocoder: Vocoder, *, n_loops: int, advance: Callable[[int], None]) -> Survey:
    """Measure many random loops of a model.

    Parameters
    ----------
    generator, vocoder : Generator, Vocoder
        The networks.
    n_loops : int
        How many; seeds 0 to `n_loops - 1`.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    Survey
        Latents and values.
    """
    w = draw_latents(generator, range(n_loops))
    ws = np.repeat(w[:, None], generator.config.n_levels, axis=1)
    return Survey(w=w, values=measure(generator, vocoder, ws, advance=advance))


def sweep(
    generator: Generator,
    vocoder: Vocoder,
    direction: Direction,
    *,
    seeds: Iterable[int],
    strengths: Iterable[float],
    advance: Callable[[int], None],
) -> dict[str, list[float]]:
    """Measure what a direction does to loops that had no part in finding it.

    Parameters
    ----------
    generator, vocoder : Generator, Vocoder
        The networks.
    direction : Direction
        The direction.
    seeds : iterable of int
        The loops.
    strengths : iterable of float
        Steps along the direction.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    dict of str to list of float
        Each attribute's mean over the seeds, at each strength.
    """
    w = draw_latents(generator, seeds)
    ws = np.repeat(w[:, None], generator.config.n_levels, axis=1)
    means: dict[str, list[float]] = {name: [] for name in ATTRIBUTES}
    for strength in strengths:
        moved = apply(ws, direction, strength=strength)
        for name, values in measure(generator, vocoder, moved, advance=advance).items():
            means[name].append(round(float(values.mean()), 3))
    return means
