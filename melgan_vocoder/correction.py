"""audio that was drawn -> the same at the levels that were asked for, band by band and frame by frame.

One step of analysis by synthesis. No convolution can see what its own noise and the beating of its partials add up to;
here that is measured, and made up for by a filter that changes with time.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from melgan_vocoder.format import LoopFormat, MelFormat
from melgan_vocoder.pqmf import N_BANDS, wrap
from melgan_vocoder.spectrogram import OVERSAMPLING, BandGroup, Gate, band_weights, hann, scaled, sine_power, squared

WINDOW = 2048
"""Window (periodic Hann) of the filter's frames, in samples; that of the format's higher bands."""
HIGHEST_HZ = 21_000.0
"""Nothing above is played: no band tells of it."""
OVERSHOOT = 1.15
"""Frames overlap, and each is diluted by its neighbours: so much more than the change that is needed is asked for."""
LEAST_CHANGE, MOST_CHANGE = -2.0, 0.6
"""Change of a band's magnitude, as a power of ten: -40 to 12 dB."""


class ShortTimeFilter(nn.Module):
    """Split audio into the spectra of overlapping frames, up to `HIGHEST_HZ`, and join filtered ones, circular in time.

    Parameters
    ----------
    mel_format : LoopFormat
        Gives the samples from one frame to the next.

    References
    ----------
    Griffin and Lim 1984, "Signal estimation from modified short-time Fourier transform", IEEE Trans. ASSP 32 (2),
    eq. 6.
    """

    window: Tensor
    joining: Tensor

    def __init__(self, mel_format: LoopFormat) -> None:
        super().__init__()
        self.hop = hop_length = mel_format.hop_length
        self.n_bins = len(frequencies_hz(mel_format))
        self.n_hops = -(-WINDOW // hop_length)
        window = np.zeros(self.n_hops * hop_length)
        window[:WINDOW] = hann(WINDOW)
        overlap = (window**2).reshape(self.n_hops, hop_length).sum(axis=0)
        buffers = {"window": window[:WINDOW], "joining": (window / np.tile(overlap, self.n_hops))[:WINDOW]}
        for name, array in buffers.items():
            self.register_buffer(name, torch.from_numpy(array).float(), persistent=False)

    def split(self, audio: Tensor) -> Tensor:
        """Transform frames centred on each hop, `[B, n_samples]` to complex `[B, n_frames, n_bins]`."""
        frames = wrap(audio[:, None], WINDOW // 2, WINDOW // 2)[:, 0].unfold(-1, WINDOW, self.hop)
        return torch.fft.rfft(frames[:, : audio.shape[-1] // self.hop] * self.window)[..., : self.n_bins]

    def join(self, spectrum: Tensor) -> Tensor:
        """Transform frames back and add them up, complex `[B, n_frames, n_bins]` to `[B, n_samples]`."""
        frames = torch.fft.irfft(spectrum, WINDOW) * self.joining
        n_frames = frames.shape[1]
        hops = frames.new_zeros(len(frames), n_frames + self.n_hops - 1, self.hop)
        for first in range(self.n_hops):
            part = frames[..., first * self.hop : (first + 1) * self.hop]
            hops[:, first : first + n_frames, : part.shape[-1]] += part
        loop = hops[:, :n_frames]
        for beyond in hops[:, n_frames:].split(n_frames, dim=1):
            loop[:, : beyond.shape[1]] += beyond
        return loop.flatten(1).roll(-(WINDOW // 2), dims=1)


class DrawnMel(nn.Module):
    """Analyse audio for channel 0 as `SpectrogramTransform.mel` does, within 0.005 decades, in a quarter of the time.

    The bands with the long window are read from the lowest sub-band, at a fifth of the rate; the others from bins
    that lie twice as far apart: in the skirts of a pure tone, 40 dB below it, that may be 0.1 decades off.

    Parameters
    ----------
    mel_format : MelFormat
        The format.
    """

    low_window: Tensor
    low_weights: Tensor
    high_weights: Tensor

    def __init__(self, mel_format: MelFormat) -> None:
        super().__init__()
        self.mel_format = mel_format
        low = mel_format.band_centers_hz < mel_format.window_split_hz
        low_bands = BandGroup.of(mel_format, low, window=mel_format.low_window)
        self.low_gate = Gate(mel_format, low_bands)
        self.high_gate = Gate(mel_format, BandGroup.of(mel_format, ~low, window=mel_format.high_window))
        window = mel_format.low_window // N_BANDS
        high_weights = band_weights(mel_format, frequencies_hz(mel_format))[~low].T
        buffers = {
            "low_window": torch.from_numpy(hann(window)),
            "low_weights": low_bands.power_weights().T * N_BANDS**2,
            "high_weights": torch.from_numpy(high_weights / (sine_power(WINDOW) / OVERSAMPLING)),
        }
        for name, tensor in buffers.items():
            self.register_buffer(name, tensor.float(), persistent=False)

    def forward(self, audio: Tensor, lowest: Tensor, spectrum: Tensor) -> Tensor:
        """Analyse.

        Parameters
        ----------
        audio : Tensor [shape=(B, n_samples)]
            float32.
        lowest : Tensor [shape=(B, n_samples // N_BANDS)]
            Its lowest sub-band.
        spectrum : Tensor [shape=(B, n_frames, n_bins)]
            Its frames, as `ShortTimeFilter.split` transforms them.

        Returns
        -------
        Tensor [shape=(B, n_mels, n_frames)]
            Channel 0, as `MelFormat` says.
        """
        fmt, n_frames, window = self.mel_format, spectrum.shape[1], len(self.low_window)
        frames = wrap(lowest[:, None], window // 2, window // 2)[:, 0]
        frames = frames.unfold(-1, window, fmt.hop_length // N_BANDS)[:, :n_frames]
        long = torch.fft.rfft(frames * self.low_window, OVERSAMPLING * window)[..., : len(self.low_weights)]
        low = torch.minimum((power(long) @ self.low_weights).mT, self.low_gate(audio, n_frames))
        high = torch.minimum((power(spectrum) @ self.high_weights).mT, self.high_gate(audio, n_frames))
        return scaled(torch.cat([low, high], dim=1), fmt)


class LevelChange(nn.Module):
    """Filter audio so that each band of each frame changes by a given amount.

    Parameters
    ----------
    mel_format : LoopFormat
        Gives sample rate and scale.
    centers_hz : np.ndarray [shape=(n_mels,)]
        Centres of the bands; between two of them the change, in decibels, runs in a straight line.
    """

    between: Tensor

    def __init__(self, mel_format: LoopFormat, centers_hz: np.ndarray) -> None:
        super().__init__()
        grid = frequencies_hz(mel_format)
        between = np.stack([np.interp(grid, centers_hz, unit) for unit in np.eye(len(centers_hz))])
        nepers = math.log(10) * mel_format.scale_log10
        self.register_buffer("between", torch.from_numpy(between * nepers).float(), persistent=False)
        self.least, self.most = LEAST_CHANGE / mel_format.scale_log10, MOST_CHANGE / mel_format.scale_log10

    def forward(self, spectrum: Tensor, change: Tensor) -> Tensor:
        """Filter.

        Parameters
        ----------
        spectrum : Tensor [shape=(B, n_frames, n_bins)]
            Frames, as `ShortTimeFilter.split` transforms them.
        change : Tensor [shape=(B, n_mels, n_frames)]
            Change of each band's channel 0; what goes beyond the limits is cut off.

        Returns
        -------
        Tensor [shape=(B, n_frames, n_bins)]
            Filtered frames, for `ShortTimeFilter.join`.
        """
        return spectrum * (change.clamp(self.least, self.most).mT @ self.between).exp()


def frequencies_hz(mel_format: LoopFormat) -> np.ndarray:
    """Frequencies of the bins of a frame, up to `HIGHEST_HZ`, float64 `[n_bins]`."""
    grid = np.arange(1 + WINDOW // 2) * mel_format.sample_rate / WINDOW
    return grid[grid <= HIGHEST_HZ]


def power(spectrum: Tensor) -> Tensor:
    """Power of each bin of a complex spectrum."""
    return squared((spectrum.real, spectrum.imag))
