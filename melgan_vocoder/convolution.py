"""Convolutions along time: what every network of the vocoder is built of."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from melgan_vocoder.kept import keep, plays

LEAKY_SLOPE = 0.2


class Convolution(nn.Conv2d):
    """Convolution along time in the layout `[B, C, 1, n]` with channels last (twice as fast as 1D), silence beyond it.

    Networks wrap their input once by all that their convolutions reach, and cut it off again in the end.
    """

    def __init__(self, in_channels: int, out_channels: int, size: int, *, dilation: int = 1) -> None:
        self.reach = dilation * (size // 2)
        super().__init__(in_channels, out_channels, (1, size), dilation=dilation, padding=(0, self.reach))
        self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve features of any precision, `[B, C_in, 1, n]` to `[B, C_out, 1, n]`."""
        if x.dtype == self.weight.dtype:
            return super().forward(x)
        if plays():
            weight, bias = keep(self, self.converted, weights=tuple(self.parameters()), dtype=x.dtype)
        else:
            weight, bias = self.converted(x.dtype)
        return self._conv_forward(x, weight, bias)

    def converted(self, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Convert weights."""
        return self.weight.to(dtype), None if self.bias is None else self.bias.to(dtype)


class ResidualBlock(nn.Module):
    """Dilated convolution and pointwise convolution beside an identity."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilated = Convolution(channels, channels, 3, dilation=dilation)
        self.pointwise = Convolution(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Refine features, `[B, channels, 1, n]`."""
        hidden = self.dilated(F.leaky_relu(x, LEAKY_SLOPE))
        return self.pointwise(F.leaky_relu(hidden, LEAKY_SLOPE, inplace=True)).add_(x)  # fresh memory is slow


def wrapped(x: Tensor, reach: int) -> Tensor:
    """Put `reach` steps of a loop's end before it and of its beginning after it, `[B, C, 1, n]`, channels last."""
    n = x.shape[-1]
    index = torch.arange(-reach, n + reach, device=x.device) % n
    return x.permute(0, 2, 3, 1).index_select(2, index).permute(0, 3, 1, 2)
