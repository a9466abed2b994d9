"""A corpus -> cuts of its loops, varied: the same for the same seed and step."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from scipy import fft

from melgan_vocoder.format import MelFormat
from training.errors import TrainingError
from training.vocoder.config import BatchConfig

MIX_GAIN_DB = (-12.0, 0.0)
"""Gain of the second loop of a mix."""


class LoopCorpus(Protocol):
    """What batches need of a `training.corpus.Corpus`."""

    def loop(self, i: int) -> np.ndarray:
        """Give a loop, float32 `[n_samples]` in [-1, 1]."""


class BatchMaker:
    """Draw batches of varied cuts.

    Parameters
    ----------
    corpus : LoopCorpus
        Where loops come from.
    indices : sequence of int
        Which loops to draw from; at least one.
    config : BatchConfig
        How cuts are varied.
    cut_frames : int
        Length of a cut with all that surrounds it, in frames.
    mel_format : MelFormat
        Gives the length of a frame.
    seed : int >= 0
        What everything is drawn from.

    Raises
    ------
    TrainingError
        If there is no loop to draw from.
    """

    def __init__(
        self,
        corpus: LoopCorpus,
        indices: Sequence[int],
        *,
        config: BatchConfig,
        cut_frames: int,
        mel_format: MelFormat,
        seed: int,
    ) -> None:
        if not len(indices):
            raise TrainingError("corpus has 0 loops to train with, at least 1 is needed; build a larger corpus")
        self.corpus = corpus
        self.indices = indices
        self.config = config
        self.n_samples = cut_frames * mel_format.hop_length
        self.hop_length = mel_format.hop_length
        self.seed = seed

    def batch(self, step: int) -> np.ndarray:
        """Draw the batch of one step.

        Parameters
        ----------
        step : int >= 0
            Its number; the same one always gives the same batch.

        Returns
        -------
        np.ndarray [shape=(batch_size, n_samples)]
            float32 in [-1, 1].
        """
        rng = np.random.default_rng([self.seed, step])
        return np.stack([self.cut(rng) for _ in range(self.config.batch_size)])

    def cut(self, rng: np.random.Generator) -> np.ndarray:
        """Draw one varied cut: float32 `[n_samples]`."""
        config = self.config
        loop = self.draw_loop(rng)
        if rng.random() < config.mix_share:
            loop = mix(loop, self.draw_loop(rng), shift=int(rng.integers(loop.size)), gain_db=rng.uniform(*MIX_GAIN_DB))
        if rng.random() < config.resample_share:
            semitones = rng.uniform(-config.resample_semitones, config.resample_semitones)
            loop = resample(loop, semitones=semitones, hop_length=self.hop_length)
        piece = circular_cut(loop, start=int(rng.integers(loop.size)), n_samples=self.n_samples)
        gain = 10 ** (draw_gain_db(rng, config.gain_db) / 20) * rng.choice((-1.0, 1.0))
        return scale(piece, gain)

    def draw_loop(self, rng: np.random.Generator) -> np.ndarray:
        """Draw a loop of the corpus."""
        return self.corpus.loop(int(self.indices[int(rng.integers(len(self.indices)))]))


def draw_gain_db(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    """Draw a gain in decibels: the greatest is the likeliest, the least has no likelihood (a triangle)."""
    least, greatest = limits
    return least + (greatest - least) * float(rng.random()) ** 0.5


def mix(loop: np.ndarray, other: np.ndarray, *, shift: int, gain_db: float) -> np.ndarray:
    """Add another loop, turned by `shift` samples and at `gain_db`, played at the first one's length."""
    if other.size != loop.size:
        other = stretch(other, loop.size)
    return loop + np.roll(other, shift) * np.float32(10 ** (gain_db / 20))


def resample(loop: np.ndarray, *, semitones: float, hop_length: int) -> np.ndarray:
    """Play a loop faster or slower, its pitch moving along; it stays a loop of whole frames.

    Parameters
    ----------
    loop : np.ndarray [shape=(n_samples,)]
        The loop.
    semitones : float
        Pitch, higher if above 0; up to half a semitone lower, where the length transforms fast.
    hop_length : int
        The new length is a multiple of it.

    Returns
    -------
    np.ndarray [shape=(n,)]
        float32; band-limited, without a seam.
    """
    frames = loop.size / hop_length / 2 ** (semitones / 12)
    return stretch(loop, fft.next_fast_len(max(1, round(frames))) * hop_length)


def stretch(loop: np.ndarray, n: int) -> np.ndarray:
    """Play a loop at another length, its pitch moving along; float32 `[n]`, band-limited, without a seam."""
    spectrum = fft.rfft(loop)
    return (fft.irfft(spectrum[: n // 2 + 1], n) * (n / loop.size)).astype(np.float32, copy=False)


def circular_cut(loop: np.ndarray, *, start: int, n_samples: int) -> np.ndarray:
    """Cut `n_samples` out of a loop from sample `start` on, going round as often as needed."""
    turns = -(-(start + n_samples) // loop.size)
    return np.concatenate([loop] * turns)[start : start + n_samples] if turns > 1 else loop[start : start + n_samples]


def scale(audio: np.ndarray, gain: float) -> np.ndarray:
    """Amplify audio, by less where it would exceed full scale."""
    peak = float(np.abs(audio).max())
    if abs(gain) * peak > 1:
        gain /= abs(gain) * peak
    return audio * np.float32(gain)
