"""A corpus's spectrograms -> the reals of each step."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from training.corpus import Corpus
from training.corpus_card import corpus_digest, describe, list_sources
from training.errors import TrainingError
from training.gan.draws import make_rng


class LoopSpectrograms(Protocol):
    """What reals need of `training.spectrograms.Spectrograms`."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, i: int) -> np.ndarray:
        """Read one: float16 `[2, n_mels, n_frames]`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Material:
    """What a run learns from."""

    spectrograms: LoopSpectrograms
    """The loops' spectrograms."""
    train: Sequence[int]
    """Which of them it learns from."""
    card: Mapping[str, object]
    """Where they come from, for the model file."""
    digest: str = ""
    """What tells this corpus from others."""

    @classmethod
    def of(cls, corpus: Corpus, spectrograms: LoopSpectrograms) -> "Material":
        """Take what a corpus has for training.

        Parameters
        ----------
        corpus : Corpus
            The corpus.
        spectrograms : LoopSpectrograms
            Of its loops, in the same order.

        Returns
        -------
        Material
            Its loops and their provenance.
        """
        train = corpus.split("train")
        card = {**describe(corpus, n_train=len(train)), "provenance": list_sources(corpus), "loops": len(train)}
        return cls(spectrograms=spectrograms, train=train, card=card, digest=corpus_digest(corpus))


class RealBatches:
    """Go round the reals in a new order each time, all of them before any again.

    Parameters
    ----------
    material : Material
        The loops; at least one to learn from.
    batch_size : int
        Reals of a step, over all GPUs.
    seed : int
        What their order is drawn from.
    rows : slice
        Which of a step's reals are read here.

    Raises
    ------
    TrainingError
        If there is no loop to learn from.
    """

    def __init__(self, material: Material, *, batch_size: int, seed: int, rows: slice) -> None:
        if not len(material.train):
            raise TrainingError("corpus has 0 loops to train with, at least 1 is needed; build a larger corpus")
        self.material = material
        self.batch_size = batch_size
        self.seed = seed
        self.rows = rows
        self.order = functools.lru_cache(maxsize=4)(self.draw_order)

    def draw_order(self, round_number: int) -> np.ndarray:
        """Draw the order of one round."""
        return np.random.default_rng([self.seed, round_number]).permutation(len(self.material.train))

    def batch(self, step: int) -> np.ndarray:
        """Read the reals of one step, about half of them turned by one bar: the same loop, its other bar first.

        Parameters
        ----------
        step : int >= 0
            Its number; the same one always gives the same batch.

        Returns
        -------
        np.ndarray [shape=(n, 2, n_mels, n_frames)]
            float16; the rows that are read here.
        """
        is_turned = make_rng(self.seed, step, "bars").random(self.batch_size) < 0.5
        numbers = range(step * self.batch_size, (step + 1) * self.batch_size)[self.rows]
        loops = [self.read(number) for number in numbers]
        return np.stack(
            [turn_bar(loop) if turned else loop for loop, turned in zip(loops, is_turned[self.rows], strict=True)]
        )

    def read(self, number: int) -> np.ndarray:
        """Read the real of a place in the sequence of all reals ever shown."""
        round_number, place = divmod(number, len(self.material.train))
        return self.material.spectrograms[int(self.material.train[self.order(round_number)[place]])]


def turn_bar(spectrogram: np.ndarray) -> np.ndarray:
    """Turn a loop of two bars by one."""
    return np.roll(spectrogram, spectrogram.shape[-1] // 2, axis=-1)
