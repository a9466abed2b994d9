"""A corpus -> what a run learns from, what it is heard on, and what its card says of both."""

import collections
import dataclasses
import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from training.corpus import Corpus
from training.corpus_card import corpus_digest, describe
from training.vocoder.batches import LoopCorpus

RECORDING_SHARE = 0.25
"""Share of the draws that go to recordings, however few they are."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Material:
    """What a run learns from."""

    corpus: LoopCorpus
    """The loops."""
    train: Sequence[int]
    """Which of them it is trained with."""
    held_out: Sequence[int]
    """Which of them it is only heard on, the first ones first."""
    card: Mapping[str, object]
    """Where they come from, for the vocoder file."""
    digest: str = ""
    """What tells this corpus from others."""

    @classmethod
    def of(cls, corpus: Corpus) -> "Material":
        """Take a corpus with its own splits.

        Parameters
        ----------
        corpus : Corpus
            The corpus.

        Returns
        -------
        Material
            Its loops; held-out ones in an order that hears every genre early.
        """
        train, held_out = corpus.split("train"), corpus.split("held_out")
        return cls(
            corpus=corpus,
            train=train,
            held_out=by_turns(held_out, [corpus.entries[index].genre for index in held_out]),
            card=describe(corpus, n_train=len(train)),
            digest=corpus_digest(corpus),
        )

    def beside(self, recordings: Sequence[np.ndarray]) -> "Material":
        """Add recordings to train with, which are drawn more often than as many loops.

        Parameters
        ----------
        recordings : sequence of np.ndarray [shape=(n_samples,)]
            float32 loops in [-1, 1].

        Returns
        -------
        Material
            `RECORDING_SHARE` of its draws, or a little more, are recordings; held-out loops are as before.
        """
        n_loops = 1 + max([*self.train, *self.held_out])
        draws = math.ceil(RECORDING_SHARE / (1 - RECORDING_SHARE) * len(self.train) / len(recordings))
        train = [*self.train, *list(range(n_loops, n_loops + len(recordings))) * draws]
        sums = [self.digest, *(hashlib.sha256(loop.tobytes()).hexdigest() for loop in recordings)]
        return dataclasses.replace(
            self,
            corpus=Enlarged(self.corpus, recordings, n_loops),
            train=train,
            card={**self.card, "corpus": f"{self.card['corpus']}; {len(recordings)} recordings"},
            digest=hashlib.sha256("".join(sums).encode()).hexdigest()[:16],
        )


@dataclasses.dataclass(frozen=True)
class Enlarged:
    """A corpus, and recordings after its last loop."""

    corpus: LoopCorpus
    """The corpus."""
    recordings: Sequence[np.ndarray]
    """float32 loops `[n_samples]`."""
    n_loops: int
    """Loops of the corpus: the index of the first recording."""

    def loop(self, i: int) -> np.ndarray:
        """Give a loop, float32 `[n_samples]` in [-1, 1]."""
        return self.corpus.loop(i) if i < self.n_loops else self.recordings[i - self.n_loops]


def by_turns(indices: Sequence[int], genres: Sequence[str]) -> list[int]:
    """Order loops so that genres take turns."""
    seen: collections.Counter[str] = collections.Counter()
    turns = []
    for index, genre in zip(indices, genres, strict=True):
        turns.append((seen[genre], genre, index))
        seen[genre] += 1
    return [index for _, _, index in sorted(turns)]
