"""Spectrograms -> the same loops turned, louder, brighter or with holes, so that no discriminator learns them by heart.

Nothing here leaves the set of spectrograms: rolls are by beats and circular, what is silent stays silent, holes go down
to the floor, and nothing is ever mirrored (a loop played backwards is another loop).
"""

import torch
from torch import Tensor, nn

from melgan_vocoder.format import LoopFormat
from training.gan.config import RISE, AugmentationConfig

N_CHANCES = 11
"""Uniform numbers that decide what happens to one loop: five whethers, six how muches."""


class Augmentation(nn.Module):
    """Vary loops with a probability that follows how sure the discriminator is of the reals.

    Parameters
    ----------
    config : AugmentationConfig
        What may happen, and the target.
    mel_format : LoopFormat
        Gives beats, bands and the floor.

    References
    ----------
    Karras et al. 2020, arXiv 2006.06676, sections 2 and 3.
    """

    probability: Tensor
    sign_sum: Tensor

    def __init__(self, config: AugmentationConfig, mel_format: LoopFormat) -> None:
        super().__init__()
        self.config = config
        self.mel_format = mel_format
        self.register_buffer("probability", torch.zeros(()))
        self.register_buffer("sign_sum", torch.zeros(()))

    def forward(self, spectrogram: Tensor, chances: Tensor) -> Tensor:
        """Vary loops; differentiable in them.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, 2, n_mels, n_frames)]
            Drawn or real.
        chances : Tensor [shape=(B, N_CHANCES)]
            Uniform from 0 to 1; the same chances do the same thing.

        Returns
        -------
        Tensor [shape=(B, 2, n_mels, n_frames)]
            Each of five variations happened with `probability`, independently.
        """
        if not self.config.target:
            return spectrogram
        happens = (chances[:, :5] < self.probability).to(spectrogram.dtype)
        roll, gain, tilt, bands, frames = happens.unbind(dim=1)
        much = chances[:, 5:]
        rolled = roll_beats(spectrogram, roll * much[:, 0], self.mel_format)
        line = torch.linspace(-1, 1, self.mel_format.n_mels, device=spectrogram.device)
        rise = gain * (2 * much[:, 1] - 1) * self.config.gain
        slope = tilt * (2 * much[:, 2] - 1) * self.config.tilt
        shifted = shift_level(rolled, rise[:, None] + slope[:, None] * line, self.mel_format)
        keep_bands = 1 - hole(self.mel_format.n_mels, self.config.cutout, much[:, 3]) * bands[:, None]
        keep_frames = 1 - hole(self.mel_format.n_frames, self.config.cutout, much[:, 4]) * frames[:, None]
        turned = roll_index(much[:, 5] * frames, self.mel_format.n_frames, step=1)  # the hole begins anywhere
        keep = keep_bands[:, :, None] * keep_frames.gather(1, turned)[:, None]
        return silence(shifted, keep[:, None], self.mel_format)

    @torch.no_grad()
    def adapt(self, real_sign: Tensor, *, step: int, batch_size: int) -> None:
        """Move the probability towards where the discriminator is as sure as the target says.

        Parameters
        ----------
        real_sign : Tensor [shape=()]
            Mean sign of the logits on this step's reals, -1 to 1.
        step : int
            Steps done before.
        batch_size : int
            Reals of a step.
        """
        every = self.config.every
        self.sign_sum += real_sign
        if not self.config.target or (step + 1) % every:
            return
        change = every * batch_size / (1000 * self.config.kimg)
        self.probability += change * torch.sign(self.sign_sum / every - self.config.target)
        self.probability.clamp_(0, self.config.greatest)
        self.sign_sum.zero_()


def roll_index(share: Tensor, n: int, *, step: int) -> Tensor:
    """Say which of `n` places each is taken from, rolled by a share of the round in whole steps: `[B, n]`."""
    shift = (share * (n // step)).long() * step
    return (torch.arange(n, device=share.device) - shift[:, None]) % n


def roll_beats(spectrogram: Tensor, share: Tensor, mel_format: LoopFormat) -> Tensor:
    """Turn loops `[B, 2, n_mels, n_frames]` by whole beats, `share` `[B]` of the round."""
    index = roll_index(share, mel_format.n_frames, step=mel_format.n_frames // mel_format.beats)
    return spectrogram.gather(3, index[:, None, None].expand_as(spectrogram))


def shift_level(spectrogram: Tensor, shift: Tensor, mel_format: LoopFormat) -> Tensor:
    """Shift channel 0 by `[B, n_mels]`, less near the floor, where it ends: silence stays silence."""
    mel, band_frequency = spectrogram[:, :1], spectrogram[:, 1:]
    share = ((mel - mel_format.floor) / RISE).clamp(0, 1)
    return torch.cat([mel + share * shift[:, None, :, None], band_frequency], dim=1)


def hole(n: int, greatest: float, share: Tensor) -> Tensor:
    """Mark a hole of up to `greatest` of `n` places with 1: `[B, n]`.

    Size and place are two digits of the one uniform number `share`: its sixteenth says the size, the rest the place.
    A hole may reach over the edges, so that every place is cut out equally often.
    """
    sixteenths = share * 16
    size = (sixteenths.floor() + 1) / 16 * greatest
    start = (sixteenths - sixteenths.floor()) * (1 + size) - size  # it may begin before the first place
    place = (torch.arange(n, device=share.device) + 0.5) / n
    return ((place >= start[:, None]) & (place < (start + size)[:, None])).to(share.dtype)


def silence(spectrogram: Tensor, keep: Tensor, mel_format: LoopFormat) -> Tensor:
    """Put both channels where `keep` is 0 to what silence has: the floor, and band frequency 0."""
    silent = torch.tensor([mel_format.floor, 0.0], device=spectrogram.device)[:, None, None]
    return torch.where(keep > 0, spectrogram, silent)
