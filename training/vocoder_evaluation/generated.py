"""Spectrograms that a model draws -> audio -> spectrograms: what a vocoder is really fed."""

import numpy as np
import torch

from melgan_vocoder.format import OneChannelFormat
from melgan_vocoder.generator import Vocoder
from melgan_vocoder.one_channel import OneChannelTransform
from melgan_vocoder.spectrogram import SpectrogramTransform
from stylegan_audio.generator import Generator
from stylegan_audio.latent import seed_latent
from training.vocoder_evaluation.resynthesis import Advance

TRUNCATION_PSI = 0.8
"""That of the loops that are played."""
BATCH = 4
"""Loops drawn at a time."""


def generated_mel_l1(vocoder: Vocoder, generator: Generator, *, n_loops: int, advance: Advance) -> float:
    """Draw loops of a model, let a vocoder play them, and compare the analysis of what it played.

    Parameters
    ----------
    vocoder : Vocoder
        The vocoder under test.
    generator : Generator
        A model of one channel (format version 1) or two.
    n_loops : int
        Loops of the seeds from 0 on.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    float
        Mean distance of log-magnitudes in decades, in the model's own format.
    """
    fmt = generator.mel_format
    transform = OneChannelTransform() if isinstance(fmt, OneChannelFormat) else SpectrogramTransform(vocoder.mel_format)
    z = np.stack([seed_latent(seed, generator.config.z_dim) for seed in range(n_loops)])
    distances = []
    with torch.inference_mode():
        for start in range(0, n_loops, BATCH):
            drawn = generator(torch.from_numpy(z[start : start + BATCH]), truncation_psi=TRUNCATION_PSI)
            heard = transform(vocoder(drawn))
            drawn_mel = drawn[:, 0].clamp_min(fmt.floor)  # below the floor there is nothing to hear
            distances += (heard[:, 0] - drawn_mel).abs().mean(dim=(1, 2)).tolist()
            advance(len(drawn))
    return float(np.mean(distances)) * fmt.scale_log10
