"""mel -> a score of how real it looks: the residual StyleGAN2 discriminator, circular in time."""

import itertools
import math

import torch
from torch import Tensor, nn

from melgan_vocoder.format import LoopFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.layers import activate, halve, wrap_time

GROUP_SIZE = 4
"""Loops compared by the minibatch standard deviation."""


class ResidualLevel(nn.Module):
    """Two convolutions that halve both axes, beside a smoothed 1 x 1 shortcut."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, in_channels, 3)
        self.conv_down = nn.Conv2d(in_channels, out_channels, 3)
        self.skip = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        hidden = activate(self.conv(wrap_time(x)))
        hidden = activate(self.conv_down(wrap_time(halve(hidden))))
        return (hidden + self.skip(halve(x))) / math.sqrt(2)


class Discriminator(nn.Module):
    """Score spectrograms; the generator's mirror image.

    Parameters
    ----------
    mel_format : LoopFormat
        The format of the spectrograms.
    config : ModelConfig
        Sizes, as of the generator.

    References
    ----------
    Karras et al. 2020, arXiv 1912.04958, section 4.1 (residual discriminator); Karras et al. 2018, arXiv 1710.10196,
    section 3 (minibatch standard deviation).
    """

    def __init__(self, mel_format: LoopFormat, config: ModelConfig) -> None:
        super().__init__()
        config.require_fits(mel_format, source="discriminator")
        finest_first = config.channels[::-1]
        self.from_spectrogram = nn.Conv2d(mel_format.n_channels, finest_first[0], 1)
        self.levels = nn.ModuleList(ResidualLevel(n_in, n_out) for n_in, n_out in itertools.pairwise(finest_first))
        coarsest = finest_first[-1]
        self.conv = nn.Conv2d(coarsest + 1, coarsest, 3)
        self.dense = nn.Linear(coarsest * config.const_height * config.const_width, coarsest)
        self.score = nn.Linear(coarsest, 1)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Score spectrograms.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, n_channels, n_mels, n_frames)]
            About -1 to 1.

        Returns
        -------
        Tensor [shape=(B,)]
            Logits: above 0 for what looks real.
        """
        x = activate(self.from_spectrogram(spectrogram))
        for level in self.levels:
            x = level(x)
        x = activate(self.conv(wrap_time(append_batch_deviation(x))))
        return self.score(activate(self.dense(x.flatten(1))))[:, 0]


def append_batch_deviation(x: Tensor) -> Tensor:
    """Add a channel that says how much the loops of a group differ, so that sameness can be punished.

    Parameters
    ----------
    x : Tensor [shape=(B, C, n_rows, n_columns)]
        Features.

    Returns
    -------
    Tensor [shape=(B, C + 1, n_rows, n_columns)]
        The last channel is the mean standard deviation over the loop's group of `GROUP_SIZE` (or, where `B` is no
        multiple of it, over the whole batch).
    """
    group = GROUP_SIZE if x.shape[0] % GROUP_SIZE == 0 else x.shape[0]
    grouped = x.reshape(group, -1, *x.shape[1:])  # loops B/group apart share a group
    deviation = (grouped.var(dim=0, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))  # [B / group]
    channel = deviation.repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])
    return torch.cat([x, channel.to(x.dtype)], dim=1)
