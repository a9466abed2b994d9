"""spectrogram -> audio -> envelope and seam: what is measured on the sound itself."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
import torch

from melgan_vocoder.format import LoopFormat
from melgan_vocoder.generator import Vocoder
from training.model_evaluation.onsets import audio_envelope
from training.vocoder_evaluation.seam import seam_step

Listen = Callable[[np.ndarray], np.ndarray]
"""Spectrograms `[B, n_channels, n_mels, n_frames]` to audio `[B, n_samples]`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heard:
    """What was measured on the audio of loops."""

    envelopes: np.ndarray
    """Their onset envelopes, `[n, n_frames]`."""
    seams: np.ndarray
    """The step over each loop's end re the largest elsewhere in it, `[n]`."""


def listen_through(vocoder: Vocoder) -> Listen:
    """Make a function that plays spectrograms through a vocoder.

    Parameters
    ----------
    vocoder : Vocoder
        The network, on any device.

    Returns
    -------
    callable
        float32 spectrograms `[B, n_channels, n_mels, n_frames]` to float32 audio `[B, n_samples]`.
    """
    device = next(vocoder.parameters()).device

    def listen(spectrograms: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return vocoder(torch.from_numpy(spectrograms).to(device)).cpu().numpy()

    return listen


def hear(loops: Iterable[np.ndarray], mel_format: LoopFormat) -> Heard:
    """Measure the audio of loops.

    Parameters
    ----------
    loops : iterable of np.ndarray [shape=(n_samples,)]
        The loops, taken one by one; of any length.
    mel_format : LoopFormat
        Its `n_frames` are spread over each loop.

    Returns
    -------
    Heard
        Envelopes and seams.
    """
    rows = [(audio_envelope(audio, mel_format), seam_step(audio)) for audio in loops]
    envelopes = np.array([row[0] for row in rows], np.float32).reshape(-1, mel_format.n_frames)
    return Heard(envelopes=envelopes, seams=np.array([row[1] for row in rows]))
