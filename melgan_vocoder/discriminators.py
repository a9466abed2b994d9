"""audio -> scores of how real it sounds: on the waveform at several rates, on spectrograms of several windows.

Training alone needs these; they see cuts of loops, so unlike the generator they pad with zeros.
"""

import dataclasses
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from melgan_vocoder.errors import VocoderError

LEAKY_SLOPE = 0.2
CHANNELS_A_GROUP = 4
"""Channels that share a filter of the grouped convolutions (MelGAN, appendix A)."""
POWER_FLOOR = 1e-10
"""Added to the power of a bin, so that silence has a gradient."""


class Judgement(NamedTuple):
    """What one discriminator says about audio."""

    score: Tensor
    """`[B, ...]` logits, one for each patch: above 0 (hinge) or near 1 (least squares) for what sounds real."""
    features: list[Tensor]
    """What its hidden layers saw, for feature matching."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DiscriminatorConfig:
    """Sizes of the discriminators."""

    n_scales: int = 3
    """Waveform discriminators: the first hears the audio, each further one half the rate of the last; 0 to 5."""
    scale_channels: int = 16
    """Channels of the first layer of a waveform discriminator; a multiple of 4."""
    max_scale_channels: int = 256
    """No layer of a waveform discriminator has more; a multiple of `scale_channels`."""
    windows: tuple[int, ...] = (2048, 1024, 512)
    """Window of each spectrogram discriminator, in samples; its hop is a quarter of it."""
    resolution_channels: int = 32
    """Channels of a spectrogram discriminator."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "windows", tuple(self.windows))
        if not 0 <= self.n_scales <= 5 or self.n_scales + len(self.windows) == 0:
            raise VocoderError(
                f"discriminator n_scales {self.n_scales} with {len(self.windows)} windows: 0 to 5 scales, and at least "
                "one scale or window, are needed; correct n_scales or windows"
            )
        if self.scale_channels % CHANNELS_A_GROUP or self.max_scale_channels % self.scale_channels:
            raise VocoderError(
                f"discriminator scale_channels {self.scale_channels} of at most {self.max_scale_channels}: a multiple "
                f"of {CHANNELS_A_GROUP} that divides max_scale_channels is needed; correct them"
            )
        if any(window < 64 for window in self.windows) or self.resolution_channels < 1:
            raise VocoderError(
                f"discriminator windows {self.windows} with {self.resolution_channels} channels: at least 64 samples "
                "and 1 channel are needed; correct windows or resolution_channels"
            )


class WaveformDiscriminator(nn.Module):
    """Score audio on its waveform: strided grouped convolutions with long kernels.

    References
    ----------
    Kumar et al. 2019, "MelGAN", arXiv 1910.06711, section 2.2 and appendix A; here with a cap on the channels.
    """

    def __init__(self, *, channels: int, max_channels: int) -> None:
        super().__init__()
        layers = [weight_norm(nn.Conv1d(1, channels, 15, padding=7))]
        n_in = channels
        for _ in range(4):
            n_out = min(4 * n_in, max_channels)
            groups = n_in // CHANNELS_A_GROUP
            layers.append(weight_norm(nn.Conv1d(n_in, n_out, 41, stride=4, padding=20, groups=groups)))
            n_in = n_out
        layers.append(weight_norm(nn.Conv1d(n_in, n_in, 5, padding=2)))
        self.layers = nn.ModuleList(layers)
        self.score = weight_norm(nn.Conv1d(n_in, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> Judgement:
        """Score audio `[B, n_samples]`."""
        return judge(audio[:, None], self.layers, self.score)


class SpectrogramDiscriminator(nn.Module):
    """Score audio on one magnitude spectrogram, with convolutions that are wide in time and stride over frequency.

    References
    ----------
    Jang et al. 2021, "UnivNet", arXiv 2106.07889, section 2.2.

    Notes
    -----
    The paper's magnitudes are linear; here their square root is taken, so that quiet highs count beside loud lows.
    """

    window: Tensor

    def __init__(self, *, window: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(window), persistent=False)
        self.layers = nn.ModuleList(
            [
                weight_norm(nn.Conv2d(1, channels, (9, 3), padding=(4, 1))),
                *(weight_norm(nn.Conv2d(channels, channels, (9, 3), (2, 1), padding=(4, 1))) for _ in range(3)),
                weight_norm(nn.Conv2d(channels, channels, 3, padding=1)),
            ]
        )
        self.score = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> Judgement:
        """Score audio `[B, n_samples]`."""
        n = self.window.shape[0]
        spectrum = torch.stft(audio.float(), n, n // 4, window=self.window, center=False, return_complex=True)
        power = (spectrum.real.square() + spectrum.imag.square()) * (4 / n) ** 2  # a full-scale sine peaks at 1
        return judge((power + POWER_FLOOR).pow(0.25)[:, None], self.layers, self.score)


class Discriminators(nn.Module):
    """Score audio with every discriminator.

    Parameters
    ----------
    config : DiscriminatorConfig
        Which ones, and their sizes.
    """

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            WaveformDiscriminator(channels=config.scale_channels, max_channels=config.max_scale_channels)
            for _ in range(config.n_scales)
        )
        self.resolutions = nn.ModuleList(
            SpectrogramDiscriminator(window=window, channels=config.resolution_channels) for window in config.windows
        )

    def forward(self, audio: Tensor) -> list[Judgement]:
        """Score audio.

        Parameters
        ----------
        audio : Tensor [shape=(B, n_samples)]
            Cuts of loops, at least as long as the longest window; loudness levelled (these hear no level below -50 dB).

        Returns
        -------
        list of Judgement
            The waveform discriminators', fastest rate first, then the spectrogram discriminators'.
        """
        judgements = [resolution(audio) for resolution in self.resolutions]
        slower = audio
        by_scale = []
        for index, scale in enumerate(self.scales):
            if index:
                slower = F.avg_pool1d(slower[:, None], 4, stride=2, padding=1, count_include_pad=False)[:, 0]
            by_scale.append(scale(slower))
        return by_scale + judgements


def judge(x: Tensor, layers: nn.ModuleList, score: nn.Module) -> Judgement:
    """Run features through layers and score what comes out."""
    features = []
    for layer in layers:
        x = F.leaky_relu(layer(x), LEAKY_SLOPE)
        features.append(x)
    return Judgement(score(x), features)
