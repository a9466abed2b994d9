"""audio -> mel of format version 1: what the one-channel models draw, and the stand-in learns from."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from melgan_vocoder.format import OneChannelFormat
from melgan_vocoder.pqmf import wrap
from melgan_vocoder.spectrogram import require_loop_length, triangles

BREAK_HZ, BREAK_MEL = 1000.0, 15.0
"""Where Slaney's mel scale turns from straight to logarithmic."""
MELS_AN_OCTAVE = 27 * math.log(2) / math.log(6.4)


class OneChannelTransform(nn.Module):
    """Analyse loops as spectrograms of one channel, circular in time.

    The magnitude under one periodic Hann window, summed in Slaney's mel bands (peak 1, no area normalisation),
    floored and scaled as the format says.

    References
    ----------
    Slaney 1998, "Auditory Toolbox", Interval Research technical report 1998-010 (the mel scale).
    """

    window: Tensor
    filter_bank: Tensor
    """float32 `[n_mels, 1 + n_fft // 2]`."""

    def __init__(self, mel_format: OneChannelFormat | None = None) -> None:
        super().__init__()
        fmt = self.mel_format = mel_format or OneChannelFormat()
        low, high = slaney_mel(np.array([fmt.f_min_hz, fmt.f_max_hz]))
        knots = slaney_hz(np.linspace(low, high, fmt.n_mels + 2))
        self.centers_hz = knots[1:-1]
        grid = np.arange(1 + fmt.n_fft // 2) * fmt.sample_rate / fmt.n_fft
        self.register_buffer("window", torch.hann_window(fmt.n_fft), persistent=False)
        self.register_buffer("filter_bank", torch.from_numpy(triangles(knots, grid)).float(), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Analyse loops.

        Parameters
        ----------
        audio : Tensor [shape=(B, n_samples)]
            float32 in [-1, 1].

        Returns
        -------
        Tensor [shape=(B, 1, n_mels, n_samples // hop_length)]
            About -1 to 1.

        Raises
        ------
        VocoderError
            If the length is not a whole number of hops, or shorter than half a window.
        """
        fmt = self.mel_format
        require_loop_length(audio.shape[-1], hop_length=fmt.hop_length, window=fmt.n_fft // 2)
        half = fmt.n_fft // 2
        wrapped = wrap(audio[:, None], half, half)[:, 0]
        spectrum = torch.stft(wrapped, fmt.n_fft, fmt.hop_length, window=self.window, center=False, return_complex=True)
        magnitude = spectrum[..., : audio.shape[-1] // fmt.hop_length].abs()  # [B, 1 + n_fft // 2, n_frames]
        return self.mel(magnitude)[:, None]

    def mel(self, magnitude: Tensor) -> Tensor:
        """Sum magnitudes of the lowest bins `[B, n_bins, n_frames]` in bands: a spectrogram `[B, n_mels, n_frames]`."""
        fmt = self.mel_format
        bank = self.filter_bank[:, : magnitude.shape[1]]
        bands = bank @ magnitude / (fmt.n_fft / 4)  # a full-scale sine peaks at 1
        return (torch.log10(bands.clamp_min(10.0**fmt.floor_log10)) - fmt.center_log10) / fmt.scale_log10


def slaney_mel(frequency_hz: np.ndarray) -> np.ndarray:
    """Turn hertz into Slaney's mel."""
    octaves = np.log2(np.maximum(frequency_hz, BREAK_HZ) / BREAK_HZ)
    return np.minimum(frequency_hz, BREAK_HZ) * (BREAK_MEL / BREAK_HZ) + MELS_AN_OCTAVE * octaves


def slaney_hz(mel: np.ndarray) -> np.ndarray:
    """Invert `slaney_mel`."""
    octaves = np.maximum(mel - BREAK_MEL, 0) / MELS_AN_OCTAVE
    return np.minimum(mel, BREAK_MEL) * (BREAK_HZ / BREAK_MEL) * 2**octaves
