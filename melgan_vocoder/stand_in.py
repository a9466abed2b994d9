"""one channel -> two: what stands in for band frequency where a model draws magnitudes alone."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from melgan_vocoder.convolution import LEAKY_SLOPE, Convolution, ResidualBlock
from melgan_vocoder.format import MelFormat
from melgan_vocoder.pqmf import wrap

DILATIONS = (1, 2, 4)
REACH = 2 + sum(DILATIONS)
"""Frames to either side that the network hears."""


class StandIn(nn.Module):
    """Turn spectrograms of version 1 (log-magnitude in mel bands) into those of version 2, circular in time.

    Parameters
    ----------
    mel_format : MelFormat
        The format to turn them into.
    channels : int
        Width of the network.
    """

    def __init__(self, mel_format: MelFormat, *, channels: int) -> None:
        super().__init__()
        self.mel_format = mel_format
        self.pre = Convolution(mel_format.n_mels, channels, 5)
        self.blocks = nn.ModuleList(ResidualBlock(channels, dilation) for dilation in DILATIONS)
        self.post = Convolution(channels, mel_format.n_channels * mel_format.n_mels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """Draw both channels.

        Parameters
        ----------
        mel : Tensor [shape=(B, 1, 128, n_frames)]
            As `OneChannelFormat` says.

        Returns
        -------
        Tensor [shape=(B, 2, n_mels, n_frames)]
            As `MelFormat` says.
        """
        return self.cut(wrap(mel.flatten(1, 2), REACH, REACH)[:, None])

    def cut(self, mel: Tensor) -> Tensor:
        """Draw both channels of a cut, `[B, 1, 128, n_frames + 2 * REACH]` to `[B, 2, n_mels, n_frames]`, float32.

        Convolutions take the precision of what they are given.
        """
        fmt = self.mel_format
        x = self.pre(mel.flatten(1, 2)[:, :, None].contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            x = block(x)
        drawn = self.post(F.leaky_relu(x[..., REACH:-REACH], LEAKY_SLOPE))[:, :, 0].float()
        drawn = drawn.unflatten(1, (fmt.n_channels, fmt.n_mels))
        limit = fmt.frequency_limit
        return torch.stack([drawn[:, 0].clamp_min(fmt.floor), drawn[:, 1].clamp(-limit, limit)], dim=1)
