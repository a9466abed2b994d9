"""Audio of a loop -> its spectrogram in either format, at whatever tempo."""

import dataclasses
import functools

import numpy as np
import torch
from scipy import signal

from melgan_vocoder.format import LoopFormat, OneChannelFormat
from melgan_vocoder.one_channel import OneChannelTransform
from melgan_vocoder.spectrogram import SpectrogramTransform


@torch.inference_mode()
def analyse_loop(audio: np.ndarray, mel_format: LoopFormat) -> np.ndarray:
    """Analyse a loop, a format's frames spread over it.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        float32 in [-1, 1] at the format's sample rate, of any tempo; the sample after the last one is the first one.
    mel_format : OneChannelFormat or MelFormat
        The format.

    Returns
    -------
    np.ndarray [shape=(n_channels, n_mels, n_frames)]
        float32, channel 0 about -1 to 1.

    Raises
    ------
    VocoderError
        If the loop is shorter than the longest window.
    """
    if isinstance(mel_format, OneChannelFormat):
        audio, hop = whole_hops(audio, mel_format.n_frames)
        transform = one_channel_transform(dataclasses.replace(mel_format, hop_length=hop))
        return transform(torch.from_numpy(audio)[None])[0].numpy()
    spread = two_channel_transform(mel_format)
    return spread(torch.from_numpy(audio)[None], n_frames=mel_format.n_frames)[0].numpy()


one_channel_transform = functools.lru_cache(maxsize=8)(OneChannelTransform)
"""The transform of a format of version 1, kept: loops of one tempo share it."""
two_channel_transform = functools.lru_cache(maxsize=1)(SpectrogramTransform)
"""The transform of a format of version 2, kept."""


def whole_hops(audio: np.ndarray, n_frames: int) -> tuple[np.ndarray, int]:
    """Stretch a loop, by less than half a frame in all, to a whole number of samples a frame.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        A loop.
    n_frames : int
        Frames to be spread over it.

    Returns
    -------
    audio : np.ndarray [shape=(n_frames * hop,)]
        float32.
    hop : int
        Samples from one frame to the next.
    """
    hop = max(1, round(len(audio) / n_frames))
    if hop * n_frames == len(audio):
        return audio, hop
    return signal.resample(audio, hop * n_frames).astype(np.float32), hop
