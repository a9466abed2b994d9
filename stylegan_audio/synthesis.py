"""w -> mel: the synthesis network, circular in time."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylegan_audio.config import ModelConfig
from stylegan_audio.layers import activate, double, wrap_time


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

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None = None) -> Tensor:
        style = self.style(w)  # [B, C_in]
        x = x * style[:, :, None, None].to(x.dtype)
        x = F.conv2d(wrap_time(double(x) if self.up else x), self.weight.to(x.dtype))
        power = style.square() @ self.weight.square().sum(dim=(2, 3)).T  # [B, C_out]
        x = x * (power + 1e-8).rsqrt()[:, :, None, None].to(x.dtype)
        noise = (self.noise if noise is None else noise) * self.noise_strength
        return activate(x + (noise + self.bias[:, None, None]).to(x.dtype))


class ToSpectrogram(nn.Module):
    """1 x 1 convolution from a level's features to spectrogram channels, steered by w, not demodulated."""

    def __init__(self, in_channels: int, *, w_dim: int, n_channels: int) -> None:
        super().__init__()
        self.style = nn.Linear(w_dim, in_channels)
        nn.init.ones_(self.style.bias)
        self.weight = nn.Parameter(torch.randn(n_channels, in_channels, 1, 1) / in_channels**0.5)
        self.bias = nn.Parameter(torch.zeros(n_channels))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        x = x * self.style(w)[:, :, None, None].to(x.dtype)
        return F.conv2d(x, self.weight.to(x.dtype), self.bias.to(x.dtype)).float()


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

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if self.conv_up is not None:
            x = self.conv_up(x, w, None if noise is None else noise[:, :1])
        x = self.conv(x, w, None if noise is None else noise[:, -1:])
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
        const = self.const.to(self.feature_dtype).expand(ws.shape[0], -1, -1, -1)
        noise = noise or [None] * self.config.n_levels
        x, spectrogram = self.levels[0](const, ws[:, 0], noise[0])
        for index in range(1, self.config.n_levels):
            x, share = self.levels[index](x, ws[:, index], noise[index])
            spectrogram = double(spectrogram) + share
        return spectrogram
