"""spectrogram -> sub-bands -> audio: a multi-band MelGAN on an excitation of integrated phase, circular in time."""

import dataclasses
import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from melgan_vocoder.convolution import LEAKY_SLOPE, Convolution, ResidualBlock, wrapped
from melgan_vocoder.correction import OVERSHOOT, WINDOW, DrawnMel, LevelChange, ShortTimeFilter, power
from melgan_vocoder.errors import VocoderError
from melgan_vocoder.excitation import N_EXCITED, TINY, Excitation, magnitude_power
from melgan_vocoder.format import MelFormat, OneChannelFormat
from melgan_vocoder.one_channel import OneChannelTransform
from melgan_vocoder.pqmf import N_BANDS, N_TAPS, PQMF, design_filters
from melgan_vocoder.stand_in import REACH, StandIn

MAX_SIZE = 4096
"""No size of a network is larger: a broken file shall not fill the memory."""
LEAST_LEVEL = 10.0**-4.5
"""Level that quieter sub-bands are divided by, so that nothing is divided by zero."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class VocoderConfig:
    """Sizes of the generator."""

    channels: tuple[int, ...] = (256, 128, 64)
    """Channels at the rate of frames, and after each upsampling."""
    strides: tuple[int, ...] = (3, 5, 5)
    """Upsampling after each stage; the last one goes straight to samples of the sub-bands."""
    dilations: tuple[int, ...] = (1, 3)
    """Dilation of each residual block of a stage, in steps of that stage."""
    stand_in_channels: int = 192
    """Channels of the network that stands in for band frequency in one-channel spectrograms."""

    def __post_init__(self) -> None:
        for name in ("channels", "strides", "dilations"):
            sizes = tuple(getattr(self, name))
            object.__setattr__(self, name, sizes)
            require_sizes(name, sizes)
        require_sizes("stand_in_channels", (self.stand_in_channels,))
        if len(self.channels) != len(self.strides):
            raise VocoderError(
                f"vocoder has {len(self.channels)} channels for {len(self.strides)} strides, as many are needed; "
                "correct channels or strides"
            )


def require_sizes(name: str, sizes: tuple[int, ...]) -> None:
    """Check that sizes are whole numbers from 1 to `MAX_SIZE`."""
    if not sizes or not all(type(size) is int and 1 <= size <= MAX_SIZE for size in sizes):
        raise VocoderError(
            f"vocoder {name} {str(sizes)[:60]}: whole numbers from 1 to {MAX_SIZE} are needed; correct them"
        )


class Stage(nn.Module):
    """Take in the excitation, refine at one rate, and go on to the next one (by sub-pixel convolution)."""

    def __init__(
        self, channels: int, out_channels: int, *, stride: int, n_excitation: int, dilations: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.stride = stride
        self.size = n_excitation // N_EXCITED
        self.reach = sum(dilations) + 1
        self.excite = Convolution(n_excitation, channels, 1)
        self.blocks = nn.ModuleList(ResidualBlock(channels, dilation) for dilation in dilations)
        self.up = Convolution(channels, stride * out_channels, 3)

    def forward(self, x: Tensor, excitation: Tensor, *, is_cut: bool = False) -> Tensor:
        """Refine.

        Parameters
        ----------
        x : Tensor [shape=(B, channels, 1, n)]
            Features.
        excitation : Tensor [shape=(B, N_EXCITED, n * n_excitation // N_EXCITED)]
            Samples of the lowest sub-bands; more at both ends are left out.
        is_cut : bool
            Whether this is no loop: then `reach` steps less at each end are refined.

        Returns
        -------
        Tensor [shape=(B, out_channels, 1, n * stride)] or [shape=(B, out_channels, 1, (n - 2 * reach) * stride)]
            Features of the next stage.
        """
        n = x.shape[-1]
        x = self.excite(fold(middle(excitation, n * self.size).to(x.dtype), n)).add_(x)
        x = x if is_cut else wrapped(x, self.reach)
        for block in self.blocks:
            x = block(x)
        x = self.up(F.leaky_relu(x, LEAKY_SLOPE, inplace=True))[..., self.reach : -self.reach]
        x = x.permute(0, 2, 3, 1)  # [B, 1, n, stride * out_channels]
        return x.reshape(x.shape[0], 1, x.shape[2] * self.stride, -1).permute(0, 3, 1, 2)


class Rendering(NamedTuple):
    """Audio, and what a window needs of it to sound on from there."""

    audio: Tensor
    """float32 `[B, n_frames * hop_length]`, nominally in [-1, 1]."""
    states: Tensor
    """State of the excitation at each frame, `[B, 2, n_bands, n_frames]`: see `Excitation`."""


class Vocoder(nn.Module):
    """Turn spectrograms of loops into audio, in one pass and circular in time.

    The excitation carries the phase of partials. The network modulates it, and adds what it lacks: transients, noise,
    everything above. What it hears and adds is relative to the level of each sub-band, which is read from the
    spectrogram: silence is silent by construction. What has been drawn is analysed again, and filtered to the levels
    that were asked for.

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
    Kumar et al. 2019, "MelGAN", arXiv 1910.06711; Yang et al. 2020, "Multi-band MelGAN", arXiv 2005.05106; Shi et al.
    2016, "Real-time single image and video super-resolution", arXiv 1609.05158 (sub-pixel convolution); Morrison et
    al. 2022, "Chunked autoregressive GAN", arXiv 2110.10139 (why phase has to be given).
    """

    share: Tensor
    least: Tensor
    most: Tensor

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
        self.is_half = False
        """Whether to convolve in bfloat16: faster where the processor multiplies it, some 50 dB below the sound."""
        self.stand_in = StandIn(mel_format, channels=config.stand_in_channels)
        self.excitation = Excitation(mel_format)
        self.pre = Convolution(mel_format.n_mels * mel_format.n_channels, config.channels[0], 3)
        samples = [N_EXCITED * math.prod(config.strides[index:]) for index in range(len(config.strides))]
        self.stages = nn.ModuleList(
            Stage(n_in, n_out, stride=stride, n_excitation=n_samples, dilations=config.dilations)
            for n_in, n_out, stride, n_samples in zip(
                config.channels, (*config.channels[1:], N_BANDS + N_EXCITED), config.strides, samples, strict=True
            )
        )
        self.pqmf = PQMF()
        self.filter = ShortTimeFilter(mel_format)
        self.drawn_mel = DrawnMel(mel_format)
        self.change = LevelChange(mel_format, mel_format.band_centers_hz)
        self.one_channel = OneChannelTransform(OneChannelFormat(n_mels=mel_format.n_mels))
        self.one_channel_change = LevelChange(mel_format, self.one_channel.centers_hz)
        limit = mel_format.frequency_limit
        buffers = {
            "share": torch.from_numpy(sub_band_shares(mel_format)).float(),
            "least": torch.tensor([mel_format.floor, -limit])[:, None, None],
            "most": torch.tensor([mel_format.ceiling, limit])[:, None, None],
        }
        for name, tensor in buffers.items():
            self.register_buffer(name, tensor, persistent=False)

    def halo(self, n_channels: int) -> int:
        """Frames to either side that a window of a spectrogram of one or two channels depends on."""
        return self.filter_halo(n_channels) + self.network_halo + (REACH if n_channels == 1 else 0)

    @property
    def network_halo(self) -> int:
        """Frames to either side that sub-bands depend on: one that all stages are given, and what each adds."""
        steps_a_frame = np.cumprod([1, *self.config.strides[:-1]])
        return math.ceil(1 + sum(stage.reach / steps for stage, steps in zip(self.stages, steps_a_frame)))

    def filter_halo(self, n_channels: int) -> int:
        """Frames to either side that the filter for levels depends on: those it joins, and what they hear."""
        fmt = self.mel_format
        window = WINDOW if n_channels == 1 else max(fmt.low_window, WINDOW)
        gate = 0 if n_channels == 1 else (fmt.gate_frames + 1) * fmt.hop_length + fmt.gate_window // 2
        joined = WINDOW // 2 // fmt.hop_length * fmt.hop_length
        return math.ceil((joined + max(window // 2, gate) + N_TAPS // 2) / fmt.hop_length)

    def render(self, spectrogram: Tensor) -> Rendering:
        """Turn spectrograms of loops into audio, as `forward` does, and tell its phases.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, 2, n_mels, n_frames)] or [shape=(B, 1, n_mels, n_frames)]
            As of `forward`.

        Returns
        -------
        Rendering
            Whole loops.
        """
        bands, states = self.draw(self.complete(spectrogram))
        return Rendering(self.join(bands, spectrogram), states)

    def window(self, spectrogram: Tensor, states_in: Tensor) -> Rendering:
        """Turn a window of loops into audio.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, 2, n_mels, halo + n_frames + halo)] or [shape=(B, 1, ...)]
            The window, and as many more frames at each end as `halo` says.
        states_in : Tensor [shape=(B, 2, n_bands, halo + 1)]
            States of what sounds there, from the first frame of the halo to the first one of the window: phases go on
            from there.

        Returns
        -------
        Rendering
            The window alone. If `states_in` are those of the whole loop it is that part of the whole, within rounding.

        Raises
        ------
        VocoderError
            If the window has no frame, or there are not as many states as needed.
        """
        n_channels, n_frames = spectrogram.shape[1], spectrogram.shape[-1]
        halo = self.halo(n_channels)
        if n_frames <= 2 * halo or states_in.shape[-1] != halo + 1:
            raise VocoderError(
                f"window has {n_frames} frames and {states_in.shape[-1]} states, more than {2 * halo} frames and "
                f"{halo + 1} states are needed; add {halo} frames at each end, and the states up to its first frame"
            )
        states_in = states_in[..., REACH:] if n_channels == 1 else states_in
        bands, states = self.draw(self.complete(spectrogram, is_cut=True), states_in, is_cut=True)
        joined = self.filter_halo(n_channels)
        bands = middle(bands, (n_frames - 2 * (halo - joined)) * self.excitation.hop)
        audio = self.join(bands, middle(spectrogram, n_frames - 2 * (halo - joined)))
        inner = n_frames - 2 * halo
        return Rendering(middle(audio, inner * self.mel_format.hop_length), middle(states, inner))

    def bands(self, spectrogram: Tensor, state_in: Tensor | None = None) -> Tensor:
        """Draw the sub-bands.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, 2, n_mels, n_frames)]
            As `MelFormat` says; a loop of any number of frames, or a cut.
        state_in : Tensor [shape=(B, 2, n_bands)], optional
            State of the excitation at the first frame, if it is a cut: see `Excitation.states`.

        Returns
        -------
        Tensor [shape=(B, N_BANDS, n_frames * hop_length // N_BANDS)]
            float32, nominally in [-1, 1].
        """
        return self.draw(spectrogram, state_in)[0]

    def draw(
        self, spectrogram: Tensor, states_in: Tensor | None = None, *, is_cut: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Draw the sub-bands as `bands` does, of a cut only those that convolutions see whole; also give all states."""
        spectrogram = torch.minimum(torch.maximum(spectrogram, self.least), self.most)  # a model may overshoot
        with torch.autocast(spectrogram.device.type, enabled=False):  # phase and level need float32
            partials = self.excitation.read(spectrogram)
            states = self.excitation.states(partials, states_in)
            excitation = self.excitation(partials, states[:, 0])
            level = self.level(spectrogram)
        relative = excitation / level[:, :N_EXCITED].clamp_min(LEAST_LEVEL)
        x = spectrogram.flatten(1, 2)[:, :, None]
        if self.is_half:
            x, relative = x.bfloat16(), relative.bfloat16()
        x = x.contiguous(memory_format=torch.channels_last) if is_cut else wrapped(x, 1)
        x = self.pre(x)[..., 1:-1]
        for stage in self.stages:
            x = stage(x, relative, is_cut=is_cut)
        level, excitation = middle(level, x.shape[-1]), middle(excitation, x.shape[-1])
        drawn, modulation = x[:, :N_BANDS, 0] * level, x[:, N_BANDS:, 0]
        return drawn + F.pad(excitation * (1 + modulation), (0, 0, 0, N_BANDS - N_EXCITED)), states

    def level(self, spectrogram: Tensor) -> Tensor:
        """Read the level of each sub-band from a spectrogram.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, 2, n_mels, n_frames)]
            As `MelFormat` says.

        Returns
        -------
        Tensor [shape=(B, N_BANDS, n_frames * hop_length // N_BANDS)]
            Root of the power in the sub-band, in straight lines between frames; 0 where all its bands are silent.
        """
        fmt = self.mel_format
        mel = spectrogram[:, 0]
        held = self.share @ (magnitude_power(mel, fmt) * (mel > fmt.floor + 1e-3))
        level = held.clamp_min(TINY).sqrt() * (held > 0)  # [B, N_BANDS, n_frames]
        between = torch.arange(self.excitation.hop, device=mel.device) / self.excitation.hop
        following = level.roll(-1, dims=-1)
        return (level[..., None] + (following - level)[..., None] * between).flatten(2)

    def forward(self, spectrogram: Tensor, state_in: Tensor | None = None) -> Tensor:
        """Turn spectrograms into audio.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, 2, n_mels, n_frames)] or [shape=(B, 1, n_mels, n_frames)]
            As `MelFormat` says, or as `OneChannelFormat` says: then `stand_in` turns it into the other one.
        state_in : Tensor [shape=(B, 2, n_bands)], optional
            As in `bands`.

        Returns
        -------
        Tensor [shape=(B, n_frames * hop_length)]
            float32 audio, nominally in [-1, 1].
        """
        return self.join(self.bands(self.complete(spectrogram), state_in), spectrogram)

    def complete(self, spectrogram: Tensor, *, is_cut: bool = False) -> Tensor:
        """Let the other network stand in for a second channel where there is none; a cut loses what that reaches."""
        if spectrogram.shape[1] > 1:
            return spectrogram
        mel = spectrogram.bfloat16() if self.is_half else spectrogram
        return self.stand_in.cut(mel) if is_cut else self.stand_in(mel)

    def join(self, bands: Tensor, spectrogram: Tensor) -> Tensor:
        """Turn sub-bands into audio at the levels of their spectrogram.

        Parameters
        ----------
        bands : Tensor [shape=(B, N_BANDS, n)]
            What `bands` drew.
        spectrogram : Tensor [shape=(B, 2, n_mels, n_frames)] or [shape=(B, 1, n_mels, n_frames)]
            What it was drawn from.

        Returns
        -------
        Tensor [shape=(B, n_frames * hop_length)]
            float32 audio.
        """
        fmt = self.mel_format
        asked = spectrogram[:, 0].clamp(fmt.floor, fmt.ceiling)
        with torch.autocast(bands.device.type, enabled=False):  # the filter needs float32
            bands = bands.float()
            audio = self.pqmf.synthesis(bands)
            spectrum = self.filter.split(audio)
            if spectrogram.shape[1] == 1:
                change = asked - self.one_channel.mel(power(spectrum).clamp_min(TINY).sqrt().mT)
                return self.filter.join(self.one_channel_change(spectrum, change))
            change = OVERSHOOT * (asked - self.drawn_mel(audio, bands[:, 0], spectrum))
            return self.filter.join(self.change(spectrum, change))


def middle(x: Tensor, n: int) -> Tensor:
    """Leave out as much at both ends of the last axis as makes it `n` long."""
    margin = (x.shape[-1] - n) // 2
    return x[..., margin : margin + n]


def fold(excitation: Tensor, n: int) -> Tensor:
    """Lay the samples of each of `n` steps into channels: `[B, C, n * size]` to `[B, C * size, 1, n]`."""
    steps = excitation.reshape(*excitation.shape[:2], n, -1).transpose(2, 3).flatten(1, 2)
    return steps[:, :, None].contiguous(memory_format=torch.channels_last)


def sub_band_shares(mel_format: MelFormat) -> np.ndarray:
    """Tell how much of a band's power each sub-band holds.

    Parameters
    ----------
    mel_format : MelFormat
        The format.

    Returns
    -------
    np.ndarray [shape=(N_BANDS, n_mels)]
        float64, columns sum to 1.
    """
    _, synthesis = design_filters()
    turns = np.outer(np.arange(synthesis.shape[1]), mel_format.band_centers_hz / mel_format.sample_rate)
    shares = np.abs(synthesis @ np.exp(-2j * np.pi * turns)) ** 2
    return shares / shares.sum(axis=0)
