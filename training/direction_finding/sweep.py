"""A direction's sweep: the same loops at many strengths, heard and measured."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch

from directions.attributes import measure
from directions.levels import Levels
from directions.move import move
from directions.survey import BATCH, Listener
from directions.table import Direction
from training.model_evaluation.feature_space import pool_mel


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heard:
    """What was measured on the sound of loops."""

    values: dict[str, np.ndarray]
    """Values of each attribute, `[n]`."""
    features: np.ndarray
    """Coarse mels, float32 `[n, n_cells]`."""
    envelopes: np.ndarray
    """Onset strength at each frame, float32 `[n, n_frames]`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sweep:
    """The same loops, moved by each of some strengths."""

    strengths: tuple[float, ...]
    """In standard deviations of w; rising, 0 among them."""
    heard: tuple[Heard, ...]
    """What was measured at each of them, the same loops in the same order."""

    def values(self, name: str) -> np.ndarray:
        """Values of an attribute, `[n_strengths, n]`."""
        return np.stack([heard.values[name] for heard in self.heard])

    @property
    def middle(self) -> Heard:
        """The loops as they are."""
        return self.heard[self.strengths.index(0.0)]


def hear(listener: Listener, ws: np.ndarray) -> Heard:
    """Play loops and measure them.

    Parameters
    ----------
    listener : Listener
        The networks.
    ws : np.ndarray [shape=(n, n_levels, w_dim)]
        float32 mapped latents of each level.

    Returns
    -------
    Heard
        What was measured.
    """
    values, features, envelopes = [], [], []
    for start in range(0, len(ws), BATCH):
        mel = listener.hear_mel(ws[start : start + BATCH])
        values.append(measure(mel))
        features.append(pool_mel(mel.numpy()))
        envelopes.append(Levels.of(mel).onset_strength.numpy())
        listener.advance(len(mel))
    return Heard(
        values={name: torch.cat([batch[name] for batch in values]).double().numpy() for name in values[0]},
        features=np.concatenate(features),
        envelopes=np.concatenate(envelopes),
    )


def sweep(
    listener: Listener, direction: Direction, *, w: np.ndarray, strengths: Sequence[float], unmoved: Heard | None = None
) -> Sweep:
    """Move loops along a direction and listen.

    Parameters
    ----------
    listener : Listener
        The networks.
    direction : Direction
        Where to.
    w : np.ndarray [shape=(n, w_dim)]
        Mapped latents of the loops.
    strengths : sequence of float
        How far, rising, 0 among them.
    unmoved : Heard, optional
        What was measured of the loops at 0, if that is known.

    Returns
    -------
    Sweep
        What was measured.
    """
    n_levels = listener.n_levels
    heard = tuple(
        unmoved if not strength and unmoved else hear(listener, move(w, [(direction, strength)], n_levels=n_levels))
        for strength in strengths
    )
    return Sweep(strengths=tuple(strengths), heard=heard)
