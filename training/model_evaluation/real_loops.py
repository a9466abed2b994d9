"""Corpus -> real loops in a model's own format."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from melgan_vocoder.format import LoopFormat, MelFormat, OneChannelFormat
from melgan_vocoder.loop_analysis import analyse_loop
from training.corpus import Corpus
from training.errors import TrainingError
from training.model_evaluation.loop_set import Advance
from training.spectrograms import open_spectrograms

BATCH = 8
"""Loops read at a time."""


class Spectrograms(Protocol):
    """Spectrograms by the number of the loop."""

    def __getitem__(self, i: int) -> np.ndarray:
        """Read or compute one: `[n_channels, n_mels, n_frames]`."""
        ...


class OneChannelSpectrograms:
    """Spectrograms of version 1 of a corpus's loops, computed as they are asked for.

    Parameters
    ----------
    corpus : Corpus
        Loops of any length; the format's frames are spread over each.
    mel_format : OneChannelFormat
        The format.
    """

    def __init__(self, corpus: Corpus, mel_format: OneChannelFormat) -> None:
        self.corpus = corpus
        self.mel_format = mel_format

    def __getitem__(self, i: int) -> np.ndarray:
        """Analyse a loop: float32 `[1, n_mels, n_frames]`."""
        return analyse_loop(self.corpus.loop(i), self.mel_format)


class RealLoops:
    """Loops of a corpus, as spectrograms and as audio.

    Use `RealLoops.open`.

    Parameters
    ----------
    corpus : Corpus
        The loops.
    spectrograms : Spectrograms
        Their spectrograms, by the same numbers.
    """

    def __init__(self, corpus: Corpus, spectrograms: Spectrograms) -> None:
        self.corpus = corpus
        self.spectrograms = spectrograms

    @classmethod
    def open(
        cls, corpus: Corpus, mel_format: LoopFormat, *, device: str = "cpu", advance: Advance | None = None
    ) -> "RealLoops":
        """Open the loops of a corpus in a model's format.

        Parameters
        ----------
        corpus : Corpus
            The loops.
        mel_format : LoopFormat
            The model's format.
        device : str
            Where spectrograms of two channels are computed, if they have not been.
        advance : callable, optional
            Called with a count of loops, `len(corpus)` in all, while that is done.

        Returns
        -------
        RealLoops
            The loops.

        Raises
        ------
        TrainingError
            If the format is none that loops can be analysed in.
        """
        if isinstance(mel_format, OneChannelFormat):
            return cls(corpus, OneChannelSpectrograms(corpus, mel_format))
        if mel_format != MelFormat():
            raise TrainingError(
                f"model has MelFormat version {mel_format.version} of other numbers, those of this version of "
                "loopmorph are needed; export the model again"
            )
        return cls(corpus, open_spectrograms(corpus, device=device, advance=advance))

    def batches(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Read spectrograms.

        Parameters
        ----------
        numbers : sequence of int
            Loops of the corpus.

        Yields
        ------
        np.ndarray [shape=(B, n_channels, n_mels, n_frames)]
            float32, `B` at most `BATCH`.
        """
        for start in range(0, len(numbers), BATCH):
            chosen = [self.spectrograms[i] for i in numbers[start : start + BATCH]]
            yield np.stack(chosen).astype(np.float32)

    def audio(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Read the audio of loops, one by one: float32 `[n_samples]`."""
        return (self.corpus.loop(i) for i in numbers)
