"""mel -> sub-bands -> audio: the multi-band MelGAN generator, circular in time."""

import dataclasses
import math

from torch import Tensor, nn
from torch.nn import functional as F

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.pqmf import N_BANDS, PQMF, wrap

LEAKY_SLOPE = 0.2
KERNEL_EDGE = 7
MAX_SIZE = 4096
"""No size of a network is larger: a broken file shall not fill the memory."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class VocoderConfig:
    """Sizes of the generator."""

    channels: tuple[int, ...] = (384, 192, 96, 48)
    """Channels after the first convolution and after each upsampling stage."""
    strides: tuple[int, ...] = (3, 5, 5)
    """Upsampling of each stage; with `N_BANDS` sub-bands their product is the hop."""
    dilations: tuple[int, ...] = (1, 3, 9, 27)
    """Dilation of each residual block of a stage, in samples."""

    def __post_init__(self) -> None:
        for name in ("channels", "strides", "dilations"):
            sizes = tuple(getattr(self, name))
            object.__setattr__(self, name, sizes)
            if not sizes or not all(type(size) is int and 1 <= size <= MAX_SIZE for size in sizes):
                raise VocoderError(
                    f"vocoder {name} {str(sizes)[:60]}: whole numbers from 1 to {MAX_SIZE} are needed; correct them"
                )
        if len(self.channels) != len(self.strides) + 1:
            raise VocoderError(
                f"vocoder has {len(self.channels)} channels for {len(self.strides)} strides, one more than strides is "
                "needed; correct channels or strides"
            )


class ResidualBlock(nn.Module):
    """Dilated convolution and pointwise convolution beside an identity."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.dilated = nn.Conv1d(channels, channels, 3, dilation=dilation)
        self.pointwise = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.dilated(wrap(F.leaky_relu(x, LEAKY_SLOPE), self.dilation, self.dilation))
        return x + self.pointwise(F.leaky_relu(hidden, LEAKY_SLOPE))


class UpsamplingStage(nn.Module):
    """Transposed convolution of kernel `2 * stride`, then residual blocks of growing dilation."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.stride = stride
        self.up = nn.ConvTranspose1d(in_channels, out_channels, 2 * stride, stride=stride)
        self.blocks = nn.ModuleList(ResidualBlock(out_channels, dilation) for dilation in dilations)

    def forward(self, x: Tensor) -> Tensor:
        n_out = x.shape[-1] * self.stride
        start = self.stride + self.stride // 2  # one wrapped input frame, and half of the kernel's overlap
        x = self.up(wrap(F.leaky_relu(x, LEAKY_SLOPE), 1, 1))[..., start : start + n_out]
        for block in self.blocks:
            x = block(x)
        return x


class Vocoder(nn.Module):
    """Turn mel spectrograms of loops into audio, in one pass and circular in time.

    Parameters
    ----------
    mel_format : MelFormat
        The format of the spectrograms.
    config : VocoderConfig
        Sizes of the network.

    Raises
    ------
    VocoderError
        If strides times sub-bands are not the format's hop.

    References
    ----------
    Kumar et al. 2019, "MelGAN", arXiv 1910.06711; Yang et al. 2020, "Multi-band MelGAN", arXiv 2005.05106.
    """

    def __init__(self, mel_format: MelFormat, config: VocoderConfig) -> None:
        super().__init__()
        upsampling = math.prod(config.strides) * N_BANDS
        if upsampling != mel_format.hop_length:
            raise VocoderError(
                f"vocoder strides {config.strides} upsample by {upsampling}, the MelFormat needs "
                f"{mel_format.hop_length}; correct the strides"
            )
        self.mel_format = mel_format
        self.config = config
        n_in = mel_format.n_mels * mel_format.n_channels
        self.pre = nn.Conv1d(n_in, config.channels[0], KERNEL_EDGE)
        self.stages = nn.ModuleList(
            UpsamplingStage(n_in, n_out, stride=stride, dilations=config.dilations)
            for n_in, n_out, stride in zip(config.channels[:-1], config.channels[1:], config.strides, strict=True)
        )
        self.post = nn.Conv1d(config.channels[-1], N_BANDS, KERNEL_EDGE)
        self.pqmf = PQMF()

    def bands(self, spectrogram: Tensor) -> Tensor:
        """Draw the sub-bands of loops.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, n_channels, n_mels, n_frames)]
            As `MelFormat` says; any number of frames.

        Returns
        -------
        Tensor [shape=(B, N_BANDS, n_frames * hop_length // N_BANDS)]
            In [-1, 1].
        """
        half = KERNEL_EDGE // 2
        x = self.pre(wrap(spectrogram.flatten(1, 2), half, half))
        for stage in self.stages:
            x = stage(x)
        return self.post(wrap(F.leaky_relu(x, LEAKY_SLOPE), half, half)).tanh()

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Turn spectrograms into audio.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, n_channels, n_mels, n_frames)]
            As `MelFormat` says; any number of frames.

        Returns
        -------
        Tensor [shape=(B, n_frames * hop_length)]
            float32 audio, nominally in [-1, 1].
        """
        return self.pqmf.synthesis(self.bands(spectrogram).float())
