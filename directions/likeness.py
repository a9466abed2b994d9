"""How alike two loops are: the mean difference of their mels, at one loudness, in decibels."""

import dataclasses

import torch
from torch import Tensor
from torch.nn import functional as F

from melgan_vocoder.format import LoopFormat

FAINTEST_DB = -60.0
"""Level of a band re the loop's, below which it is not heard."""
TINY = 1e-12
POOLS = ((1, 1), (2, 4), (4, 16), (16, 32))
"""Bands and frames that are heard as one: from single hits to the balance of a bar."""
FAR = 0.25
"""Share of the distance of two random loops, from which on a loop is not the one that was asked for. With the shipped
drums loops of their own come to 0.13 and 0.15, a plain beat to 0.19, noise to 0.31, a held chord to 0.33."""
COARSE = POOLS[2]
"""What is compared first."""


def heard_db(mel: Tensor, mel_format: LoopFormat) -> Tensor:
    """Bring loops to one loudness, as decks do, and leave out what is not heard.

    Parameters
    ----------
    mel : Tensor [shape=(B, n_mels, n_frames)]
        Channel 0 of spectrograms.
    mel_format : LoopFormat
        Their format.

    Returns
    -------
    Tensor [shape=(B, n_mels, n_frames)]
        Level of each band re the mean level of the loop, in dB, smoothly bounded at `FAINTEST_DB`.
    """
    power = 10.0 ** (2 * (mel * mel_format.scale_log10 + mel_format.center_log10))
    loudness = power.sum(dim=1).mean(dim=-1)[:, None, None]
    return 10 * torch.log10(power / (loudness + TINY) + 10 ** (FAINTEST_DB / 10))


def pooled(level_db: Tensor, pool: tuple[int, int]) -> Tensor:
    """Average so many bands and frames, `[B, n_mels, n_frames]` to `[B, n_mels // bands, n_frames // frames]`."""
    return F.avg_pool2d(level_db, pool)


def distance_db(one: Tensor, other: Tensor) -> Tensor:
    """Mean difference of levels `[B, n_mels, n_frames]` of each pair, `[B]`."""
    return (one - other).abs().mean(dim=(1, 2))


def distances_db(ones: Tensor, others: Tensor) -> Tensor:
    """Mean difference of levels of all pairs, `[n, n_mels, n_frames]` and `[m, ...]` to `[n, m]`."""
    return torch.cdist(ones.flatten(1), others.flatten(1), p=1) / ones[0].numel()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fidelity:
    """How near a model comes to a loop, beside what chance gives; all in dB, mean differences over bands and frames."""

    distance_db: float
    """From the loop to what the model draws for it."""
    nearest_db: float
    """From the loop to the nearest of the model's random loops."""
    spread_db: float
    """Between two random loops of the model, on average."""

    @property
    def share(self) -> float:
        """Distance re that of two random loops."""
        return self.distance_db / self.spread_db

    @property
    def is_far(self) -> bool:
        """Whether the model does not know such a sound."""
        return self.share > FAR

    def tell(self) -> str:
        """Say in a line how near it is, and what that means."""
        meaning = (
            "far: the model does not know such a sound, and plays the nearest that it has"
            if self.is_far
            else "near: the same loop, as the model plays it"
        )
        return (
            f"{self.distance_db:.1f} dB off, {self.share:.0%} of the way from one random loop to another "
            f"({self.spread_db:.1f} dB; the nearest random one is {self.nearest_db:.1f} dB off): {meaning}"
        )
