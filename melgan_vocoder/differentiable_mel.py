"""audio -> mel with torch: the twin of `mel` that gradients and GPUs can pass through."""

import torch
from torch import Tensor, nn

from melgan_vocoder.format import MelFormat
from melgan_vocoder.mel import mel_filter_bank, require_loop_length


class DifferentiableMel(nn.Module):
    """Normalised log-mel spectrogram of loops, circular in time.

    Agrees with `melgan_vocoder.mel.mel_spectrogram` within 1e-3.

    Parameters
    ----------
    mel_format : MelFormat
        The format.
    """

    window: Tensor
    filter_bank: Tensor

    def __init__(self, mel_format: MelFormat) -> None:
        super().__init__()
        self.mel_format = mel_format
        self.register_buffer("window", torch.hann_window(mel_format.n_fft), persistent=False)
        self.register_buffer("filter_bank", torch.from_numpy(mel_filter_bank(mel_format)), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Analyse loops.

        Parameters
        ----------
        audio : Tensor [shape=(B, n_samples)]
            float32 in [-1, 1].

        Returns
        -------
        Tensor [shape=(B, n_mels, n_samples // hop_length)]
            About -1 to 1.

        Raises
        ------
        VocoderError
            If the length is not a whole number of hops, or shorter than half a window.
        """
        fmt = self.mel_format
        require_loop_length(audio.shape[-1], fmt)
        half = fmt.n_fft // 2
        wrapped = torch.cat([audio[:, -half:], audio, audio[:, :half]], dim=-1)
        spectrum = torch.stft(wrapped, fmt.n_fft, fmt.hop_length, window=self.window, center=False, return_complex=True)
        magnitude = spectrum[..., : audio.shape[-1] // fmt.hop_length].abs()  # [B, 1 + n_fft // 2, n_frames]
        bands = self.filter_bank @ magnitude / (fmt.n_fft / 4)
        log_bands = torch.log10(bands.clamp_min(10.0**fmt.floor_log10))
        return (log_bands - fmt.center_log10) / fmt.scale_log10
