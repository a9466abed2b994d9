"""audio -> mel with numpy and librosa: the reference that the torch twin must agree with."""

import librosa
import numpy as np

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat


def mel_filter_bank(mel_format: MelFormat) -> np.ndarray:
    """Build the triangular bands of a format.

    Parameters
    ----------
    mel_format : MelFormat
        The format.

    Returns
    -------
    np.ndarray [shape=(n_mels, 1 + n_fft // 2)]
        float32 weights of each FFT bin in each band, peak at most 1 (Slaney's mel scale, no area normalisation).
    """
    return librosa.filters.mel(
        sr=mel_format.sample_rate,
        n_fft=mel_format.n_fft,
        n_mels=mel_format.n_mels,
        fmin=mel_format.f_min_hz,
        fmax=mel_format.f_max_hz,
        norm=None,
    )


def mel_spectrogram(audio: np.ndarray, mel_format: MelFormat) -> np.ndarray:
    """Analyse loops as normalised log-mel spectrograms, circular in time.

    Parameters
    ----------
    audio : np.ndarray [shape=(..., n_samples)]
        Loops in [-1, 1]; `n_samples` a multiple of `hop_length`. The sample after the last one is the first one.
    mel_format : MelFormat
        The format.

    Returns
    -------
    np.ndarray [shape=(..., n_mels, n_samples // hop_length)]
        float32, about -1 to 1; frame `t` is centred on sample `t * hop_length`.

    Raises
    ------
    VocoderError
        If the length is not a whole number of hops, or shorter than half a window.
    """
    require_loop_length(audio.shape[-1], mel_format)
    half = mel_format.n_fft // 2
    wrapped = np.concatenate([audio[..., -half:], audio, audio[..., :half]], axis=-1).astype(np.float32)
    frames = librosa.util.frame(wrapped, frame_length=mel_format.n_fft, hop_length=mel_format.hop_length)
    frames = frames[..., : audio.shape[-1] // mel_format.hop_length]
    window = librosa.filters.get_window("hann", mel_format.n_fft, fftbins=True).astype(np.float32)
    magnitude = np.abs(np.fft.rfft(frames * window[:, None], axis=-2)).astype(np.float32)
    bands = mel_filter_bank(mel_format) @ magnitude / (mel_format.n_fft / 4)  # a full-scale sine peaks at 1
    log_bands = np.log10(np.maximum(bands, 10.0**mel_format.floor_log10))
    return ((log_bands - mel_format.center_log10) / mel_format.scale_log10).astype(np.float32)


def require_loop_length(n_samples: int, mel_format: MelFormat) -> None:
    """Check that audio can be analysed as a loop of whole frames.

    Raises
    ------
    VocoderError
        If the length is not a multiple of `hop_length`, or shorter than half a window.
    """
    if n_samples % mel_format.hop_length or n_samples < mel_format.n_fft // 2:
        raise VocoderError(
            f"audio has {n_samples} samples, a multiple of {mel_format.hop_length} of at least "
            f"{mel_format.n_fft // 2} is needed; cut or pad the loop"
        )
