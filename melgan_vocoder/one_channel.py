"""audio -> mel of format version 1: what the one-channel models draw, and the stand-in learns from."""

import librosa
import torch
from torch import Tensor, nn

from melgan_vocoder.format import OneChannelFormat
from melgan_vocoder.pqmf import wrap
from melgan_vocoder.spectrogram import require_loop_length


class OneChannelTransform(nn.Module):
    """Analyse loops as spectrograms of one channel, circular in time.

    The magnitude under one periodic Hann window, summed in Slaney's mel bands (peak 1, no area normalisation),
    floored and scaled as the format says.
    """

    window: Tensor
    filter_bank: Tensor

    def __init__(self, mel_format: OneChannelFormat | None = None) -> None:
        super().__init__()
        fmt = self.mel_format = mel_format or OneChannelFormat()
        bank = librosa.filters.mel(
            sr=fmt.sample_rate, n_fft=fmt.n_fft, n_mels=fmt.n_mels, fmin=fmt.f_min_hz, fmax=fmt.f_max_hz, norm=None
        )
        self.register_buffer("window", torch.hann_window(fmt.n_fft), persistent=False)
        self.register_buffer("filter_bank", torch.from_numpy(bank), persistent=False)

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
        bands = self.filter_bank @ magnitude / (fmt.n_fft / 4)  # a full-scale sine peaks at 1
        log_bands = torch.log10(bands.clamp_min(10.0**fmt.floor_log10))
        return ((log_bands - fmt.center_log10) / fmt.scale_log10)[:, None]
