"""spectrogram -> audio -> envelope and seam: what is measured on the sound itself."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
import torch

from melgan_vocoder.format import LoopFormat
from melgan_vocoder.generator import Vocoder
from training.model_evaluation.onsets import audio_envelope
from training.model_evaluation.pitch import HeldNote, held_notes
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
    notes: list[list[HeldNote]]
    """Held notes of each loop, if pitch was asked for."""


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


def hear(loops: Iterable[np.ndarray], mel_format: LoopFormat, *, with_pitch: bool = False) -> Heard:
    """Measure the audio of loops.

    Parameters
    ----------
    loops : iterable of np.ndarray [shape=(n_samples,)]
        The loops, taken one by one; of any length.
    mel_format : LoopFormat
        Its `n_frames` are spread over each loop.
    with_pitch : bool
        Whether to look for held notes, which takes as long again.

    Returns
    -------
    Heard
        Envelopes, seams and notes.
    """
    rows = [
        (audio_envelope(audio, mel_format), seam_step(audio), held_notes(audio, mel_format) if with_pitch else [])
        for audio in loops
    ]
    envelopes = np.array([row[0] for row in rows], np.float32).reshape(-1, mel_format.n_frames)
    return Heard(envelopes=envelopes, seams=np.array([row[1] for row in rows]), notes=[row[2] for row in rows])
