"""mel -> levels: how loud each band of a loop is at each moment, whatever the loudness of the loop."""

import dataclasses

import numpy as np
import torch
from scipy import signal
from torch import Tensor

from directions.k_weighting import K_WEIGHTING
from melgan_vocoder.format import MelFormat

FORMAT = MelFormat()
FLOOR_DB = -60.0
"""Faintest level that counts, re the loudness of the loop."""
SILENCE = 1e-12
"""Mean power of a loop without sound."""
SIXTEENTHS = 32
"""Of a loop."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Levels:
    """Levels of loops, all at one loudness: a deck plays every loop at the same one."""

    power: Tensor
    """Power of each band re the K-weighted power of the loop, `[B, n_mels, n_frames]`."""
    level_db: Tensor
    """The same in decibels, from `FLOOR_DB`."""
    rise_db: Tensor
    """By how much each band is louder than a frame earlier, 0 where it is not, `[B, n_mels, n_frames]`."""
    loudness_db: Tensor
    """K-weighted level of each loop re a full-scale sine, `[B]`."""

    @classmethod
    def of(cls, mel: Tensor) -> "Levels":
        """Read the levels of loops.

        Parameters
        ----------
        mel : Tensor [shape=(B, n_mels, n_frames)]
            Channel 0 of `MelFormat`, of whole loops.
        """
        mel = mel.clamp_max(FORMAT.ceiling)
        power = 10.0 ** (2 * (mel * FORMAT.scale_log10 + FORMAT.center_log10))
        power = power * (mel > FORMAT.floor + 1e-3)
        weight = torch.from_numpy(k_weights()).to(mel)
        loudness = (weight @ power).mean(dim=-1) + SILENCE  # [B]
        power = power / loudness[:, None, None]
        level_db = 10 * torch.log10(power + 10 ** (FLOOR_DB / 10))
        rise_db = (level_db - level_db.roll(1, dims=-1)).clamp_min(0)
        return cls(power=power, level_db=level_db, rise_db=rise_db, loudness_db=10 * loudness.log10())

    @property
    def onset_strength(self) -> Tensor:
        """Mean rise of all bands at each frame, in decibels, `[B, n_frames]`."""
        return self.rise_db.mean(dim=1)


def centers_hz(like: Tensor) -> Tensor:
    """Centres of the bands, `[n_mels]`."""
    return torch.from_numpy(FORMAT.band_centers_hz).to(like)


def between(low_hz: float, high_hz: float) -> slice:
    """Bands whose centres lie between two frequencies."""
    return slice(*np.searchsorted(FORMAT.band_centers_hz, (low_hz, high_hz)).tolist())


def k_weights() -> np.ndarray:
    """Weigh the power of each band as the ear does.

    Returns
    -------
    np.ndarray [shape=(n_mels,)]
        float64.

    References
    ----------
    As of `K_WEIGHTING`.
    """
    _, response = signal.sosfreqz(K_WEIGHTING, worN=FORMAT.band_centers_hz, fs=FORMAT.sample_rate)
    return np.abs(response) ** 2
