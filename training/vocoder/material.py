"""A corpus -> what a run learns from, what it is heard on, and what its card says of both."""

import collections
import dataclasses
from collections.abc import Mapping, Sequence

from training.corpus import Corpus
from training.corpus_card import corpus_digest, describe
from training.vocoder.batches import LoopCorpus


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


def by_turns(indices: Sequence[int], genres: Sequence[str]) -> list[int]:
    """Order loops so that genres take turns."""
    seen: collections.Counter[str] = collections.Counter()
    turns = []
    for index, genre in zip(indices, genres, strict=True):
        turns.append((seen[genre], genre, index))
        seen[genre] += 1
    return [index for _, _, index in sorted(turns)]
