"""Convolutions along time, circular: what every network of the vocoder is built of."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAKY_SLOPE = 0.2


class Convolution(nn.Conv2d):
    """Convolution along time, circular, in the layout `[B, C, 1, n]` with channels last (twice as fast as 1D)."""

    def __init__(self, in_channels: int, out_channels: int, size: int, *, dilation: int = 1) -> None:
        super().__init__(in_channels, out_channels, (1, size), dilation=dilation)
        self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last)
        self.reach = dilation * (size // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, `[B, in_channels, 1, n]` to `[B, out_channels, 1, n]`."""
        n = x.shape[-1]
        left = x[..., torch.arange(-self.reach, 0, device=x.device) % n]
        right = x[..., torch.arange(self.reach, device=x.device) % n]
        return super().forward(torch.cat([left, x, right], dim=-1) if self.reach else x)


class ResidualBlock(nn.Module):
    """Dilated convolution and pointwise convolution beside an identity."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilated = Convolution(channels, channels, 3, dilation=dilation)
        self.pointwise = Convolution(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Refine features, `[B, channels, 1, n]`."""
        hidden = F.leaky_relu(self.dilated(F.leaky_relu(x, LEAKY_SLOPE)), LEAKY_SLOPE)
        return x + self.pointwise(hidden)
