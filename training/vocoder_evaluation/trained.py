"""A vocoder file's network as what the evaluation measures: audio -> spectrogram -> audio."""

import numpy as np
import torch
from torch.nn import functional as F

from melgan_vocoder.generator import Vocoder
from melgan_vocoder.pqmf import N_BANDS
from melgan_vocoder.spectrogram import SpectrogramTransform
from training.procedural import GENRES, draw_loop
from training.procedural.synthesis import HELD_OUT
from training.vocoder_evaluation.real_loops import NamedLoop

BATCH = 4
"""Loops analysed at a time."""


class TrainedVocoder:
    """Resynthesise loops with a vocoder.

    Parameters
    ----------
    vocoder : Vocoder
        The network.
    """

    def __init__(self, vocoder: Vocoder) -> None:
        self.vocoder = vocoder
        self.transform = SpectrogramTransform(vocoder.mel_format)

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """Analyse and draw loops, float32 `[B, n_samples]`."""
        with torch.inference_mode():
            return self.vocoder(self.transform(torch.from_numpy(audio))).numpy()

    def analyse(self, audio: np.ndarray) -> np.ndarray:
        """Log-magnitude mel of loops in decades, `[B, n_mels, n_frames]`."""
        fmt = self.vocoder.mel_format
        with torch.inference_mode():
            parts = [self.transform.mel(torch.from_numpy(audio[at : at + BATCH])) for at in range(0, len(audio), BATCH)]
        return torch.cat(parts).numpy() * fmt.scale_log10 + fmt.center_log10


class ExcitationAlone:
    """Resynthesise loops with a vocoder's sinusoids, without its network.

    Parameters
    ----------
    vocoder : Vocoder
        Whose excitation.
    n_partials : int
        Sinusoids of a frame in each sub-band.
    """

    def __init__(self, vocoder: Vocoder, *, n_partials: int) -> None:
        self.vocoder, self.n_partials = vocoder, n_partials
        self.transform = SpectrogramTransform(vocoder.mel_format)

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """Analyse and draw loops, float32 `[B, n_samples]`."""
        excitation = self.vocoder.excitation
        with torch.inference_mode():
            spectrogram = self.transform(torch.from_numpy(audio))
            partials = excitation.read(spectrogram)
            lowest = excitation(partials, excitation.states(partials)[:, 0], self.n_partials)
            bands = F.pad(lowest, (0, 0, 0, N_BANDS - lowest.shape[1]))
            return self.vocoder.pqmf.synthesis(bands).numpy()


def unheard_loops(count: int) -> list[NamedLoop]:
    """Draw procedural loops that every corpus holds out of training, of each genre in turn."""
    genres = list(GENRES)
    chosen = [(genres[index % len(genres)], (1 + index // len(genres)) * HELD_OUT - 1) for index in range(count)]
    return [(f"{genre} {seed}", draw_loop(genre, seed)) for genre, seed in chosen]
