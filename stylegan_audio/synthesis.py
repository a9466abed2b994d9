"""w -> mel: the synthesis network, circular in time, whole or in a window."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from melgan_vocoder.kept import keep, plays
from stylegan_audio.columns import Columns, take
from stylegan_audio.config import ModelConfig
from stylegan_audio.errors import ModelError
from stylegan_audio.layers import LEAKY_SLOPE, DoublingKernel, convolve_doubled, doubled

ROOT_2 = math.sqrt(2)
"""Gain of an activation; put into what it is given, for twice as much comes out where twice as much goes in."""


class Constants(NamedTuple):
    """What a steered convolution computes from its weights alone."""

    kernel: Tensor | DoublingKernel
    """The weights, as features are multiplied by them."""
    power: Tensor
    """Power of the weights, `[C_in, C_out]`."""
    offset: Tensor
    """Noise and bias, `[C_out, n_rows, n_columns]`."""


class StyledConv(nn.Module):
    """3 x 3 convolution steered by w, then fixed noise, bias and activation.

    Modulation scales the activations and demodulation the output, which equals scaling the weights of each sample
    (arXiv 1912.04958, section 2.2) and lets one batched convolution serve the batch.
    """

    noise: Tensor

    def __init__(self, in_channels: int, out_channels: int, *, w_dim: int, shape: tuple[int, int], up: bool) -> None:
        super().__init__()
        self.up = up
        self.style = nn.Linear(w_dim, in_channels)
        nn.init.ones_(self.style.bias)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3) / (9 * in_channels) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise", torch.randn(1, *shape))

    def forward(self, x: Tensor, w: Tensor, have: Columns, need: Columns, noise: Tensor | None = None) -> Tensor:
        """Draw columns.

        Parameters
        ----------
        x : Tensor [shape=(B, in_channels, n_rows, have.count)]
            Features; of the coarser level if this convolution doubles them.
        w : Tensor [shape=(B, w_dim)]
            Mapped latents.
        have, need : Columns
            Which columns `x` holds, and which are drawn (whole pairs of them if they are doubled).
        noise : Tensor [shape=(B, 1, n_rows, need.of)], optional
            Other noise than the layer's own.

        Returns
        -------
        Tensor [shape=(B, out_channels, n_rows, need.count)]
            Features of this level.
        """
        style = self.style(w)  # [B, C_in]
        x = x * style[:, :, None, None].to(x.dtype)
        first, count = (need.first // 2, need.count // 2) if self.up else (need.first, need.count)
        x = take(x, have, first - 1, count + 2)
        if plays() and x.device.type == "cpu":
            weights = (self.weight, self.bias, self.noise_strength, self.noise)
            kernel, power, offset = keep(self, self.playing_constants, weights=weights, dtype=x.dtype)
        else:
            kernel, power, offset = self.constants(x.dtype)
        if isinstance(kernel, DoublingKernel):
            x = convolve_doubled(x, kernel)
        else:
            x = F.conv2d(doubled(x)[..., 1:-1] if self.up else x, kernel, padding=(1, 0))
        scale = ROOT_2 * (style.square() @ power + 1e-8).rsqrt()  # [B, C_out]
        offset = take(
            offset if noise is None else self.offset(noise, x.dtype), Columns.whole(need.of), need.first, need.count
        )
        x = torch.addcmul(offset, x, scale[:, :, None, None].to(x.dtype))
        return F.leaky_relu_(x, LEAKY_SLOPE)

    def offset(self, noise: Tensor, dtype: torch.dtype) -> Tensor:
        """Add up noise and bias, `[B, C_out, n_rows, n_columns]`."""
        return (ROOT_2 * (noise * self.noise_strength + self.bias[:, None, None])).to(dtype)

    def constants(self, dtype: torch.dtype) -> Constants:
        """Compute what depends on the weights alone."""
        power = self.weight.square().sum(dim=(2, 3)).T
        return Constants(self.weight.to(dtype), power, self.offset(self.noise[None], dtype))

    def playing_constants(self, dtype: torch.dtype) -> Constants:
        """Compute what depends on the weights alone in the layout that is fastest on a CPU: channels last."""
        layout = torch.channels_last
        kernel = DoublingKernel.of(self.weight) if self.up else self.weight
        _, power, offset = self.constants(dtype)
        return Constants(
            kernel.to(dtype, memory_format=layout), power.contiguous(), offset.contiguous(memory_format=layout)
        )


class ToSpectrogram(nn.Module):
    """1 x 1 convolution from a level's features to spectrogram channels, steered by w, not demodulated."""

    def __init__(self, in_channels: int, *, w_dim: int, n_channels: int) -> None:
        super().__init__()
        self.style = nn.Linear(w_dim, in_channels)
        nn.init.ones_(self.style.bias)
        self.weight = nn.Parameter(torch.randn(n_channels, in_channels, 1, 1) / in_channels**0.5)
        self.bias = nn.Parameter(torch.zeros(n_channels))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        weight = self.weight[:, :, 0, 0] * self.style(w)[:, None]  # [B, n_channels, C_in]
        drawn = torch.bmm(weight.to(x.dtype), x.flatten(2)).float()
        return drawn.reshape(len(x), -1, *x.shape[2:]) + self.bias[:, None, None]


class Level(nn.Module):
    """One resolution: convolutions steered by w, and the level's share of the spectrogram."""

    def __init__(self, config: ModelConfig, index: int, *, n_channels: int) -> None:
        super().__init__()
        channels, shape = config.channels[index], config.level_shape(index)
        self.conv_up = (
            None
            if index == 0
            else StyledConv(config.channels[index - 1], channels, w_dim=config.w_dim, shape=shape, up=True)
        )
        self.conv = StyledConv(channels, channels, w_dim=config.w_dim, shape=shape, up=False)
        self.to_spectrogram = ToSpectrogram(channels, w_dim=config.w_dim, n_channels=n_channels)

    def forward(
        self, x: Tensor, w: Tensor, have: Columns, need: Columns, noise: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        if self.conv_up is not None:
            drawn = up_columns(need)
            x = self.conv_up(x, w, have, drawn, None if noise is None else noise[:, :1])
            have = drawn
        x = self.conv(x, w, have, need, None if noise is None else noise[:, -1:])
        return x, self.to_spectrogram(x, w)


class Synthesis(nn.Module):
    """Draw spectrograms of loops from mapped latents.

    Parameters
    ----------
    config : ModelConfig
        Sizes of the network.
    n_channels : int
        Channels of the spectrogram.

    References
    ----------
    Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", arXiv 1912.04958.
    """

    def __init__(self, config: ModelConfig, *, n_channels: int) -> None:
        super().__init__()
        self.config = config
        self.feature_dtype = torch.float32  # or torch.bfloat16, where the processor multiplies it: twice as fast
        self.const = nn.Parameter(torch.randn(config.channels[0], config.const_height, config.const_width))
        self.levels = nn.ModuleList(Level(config, index, n_channels=n_channels) for index in range(config.n_levels))

    @property
    def n_frames(self) -> int:
        """Frames of a loop."""
        return self.config.level_shape(self.config.n_levels - 1)[1]

    @property
    def noise_shapes(self) -> list[tuple[int, int, int]]:
        """Shape of each level's noise, coarsest first: `(n_convolutions, n_rows, n_columns)`."""
        return [(1 if index == 0 else 2, *self.config.level_shape(index)) for index in range(self.config.n_levels)]

    def forward(self, ws: Tensor, noise: Sequence[Tensor | None] | None = None) -> Tensor:
        """Draw spectrograms.

        Parameters
        ----------
        ws : Tensor [shape=(B, n_levels, w_dim)]
            One mapped latent for each level, coarsest first; equal ones for a plain loop, different ones to mix the
            rhythm of one loop with the timbre of another.
        noise : sequence of Tensor [shape=(B, n_convolutions, n_rows, n_columns)], optional
            Standard normal noise of each level, of `noise_shapes`: redrawn for every loop in training. By default the
            noise that the model was made with, so that the same w is the same loop, bit for bit.

        Returns
        -------
        Tensor [shape=(B, n_channels, n_mels, n_frames)]
            float32, about -1 to 1, lowest band first.
        """
        return self.window(ws, 0, self.n_frames, noise)

    def window(
        self, ws: Tensor, first_frame: int, n_frames: int, noise: Sequence[Tensor | None] | None = None
    ) -> Tensor:
        """Draw a part of spectrograms, at each level no more columns than it needs.

        Parameters
        ----------
        ws : Tensor [shape=(B, n_levels, w_dim)]
            As of `forward`.
        first_frame : int
            The first frame; any number, for a loop has no ends.
        n_frames : int
            How many; more than the loop has go round it, and are drawn once.
        noise : sequence of Tensor [shape=(B, n_convolutions, n_rows, n_columns)], optional
            As of `forward`, of the whole loop.

        Returns
        -------
        Tensor [shape=(B, n_channels, n_mels, n_frames)]
            Those frames of what `forward` draws, within rounding.

        Raises
        ------
        ModelError
            If no frame is asked for.
        """
        if n_frames < 1:
            raise ModelError(f"window has {n_frames} frames, 1 or more are needed; ask for a part of the loop")
        have = Columns.whole(self.config.const_width)
        x = self.const.to(self.feature_dtype).expand(ws.shape[0], -1, -1, -1)
        spectrogram = x.new_zeros(())
        for index, need in enumerate(self.needs(first_frame, n_frames)):
            if index:
                spectrogram = doubled_columns(spectrogram, have, need)
            x, share = self.levels[index](x, ws[:, index], have, need, None if noise is None else noise[index])
            spectrogram, have = spectrogram + share, need
        return take(spectrogram, have, first_frame, n_frames)

    def needs(self, first_frame: int, n_frames: int) -> list[Columns]:
        """Tell which columns of each level a window needs, coarsest first."""
        needs = [Columns(first_frame, n_frames, self.n_frames).capped()]
        for _ in range(1, self.config.n_levels):
            needs.insert(0, up_columns(needs[0]).coarser())
        return needs


def up_columns(need: Columns) -> Columns:
    """Columns that a level's first convolution draws for its second one."""
    return need.widened(1).even()


def doubled_columns(spectrogram: Tensor, have: Columns, need: Columns) -> Tensor:
    """Double columns of a spectrogram and cut out those of the next level that are needed."""
    pairs = need.even()
    coarse = take(spectrogram, have, pairs.first // 2 - 1, pairs.count // 2 + 2)
    return take(doubled(coarse)[..., 2:-2], pairs, need.first, need.count)
