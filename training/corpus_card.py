"""A corpus -> what the card of a model made from it says, and what tells it from others."""

import collections
import hashlib
import json

from training.corpus import Corpus

MAX_SOURCES = 8
"""Sources that a card names."""


def corpus_digest(corpus: Corpus) -> str:
    """Name a corpus by what it holds: 16 hexadecimal digits of its loops' sums."""
    sums = [entry.sha256 for entry in corpus.entries]
    return hashlib.sha256(json.dumps(sums).encode()).hexdigest()[:16]


def describe(corpus: Corpus, *, n_train: int) -> dict[str, object]:
    """Say for a card which loops there are, and under which licences."""
    genres = collections.Counter(entry.genre for entry in corpus.entries)
    licences = collections.Counter(entry.licence for entry in corpus.entries)
    return {
        "corpus": f"{len(corpus)} loops, {n_train} of them trained with: "
        + ", ".join(f"{count} {genre}" for genre, count in genres.most_common()),
        "license": ", ".join(sorted(licences)),
    }


def list_sources(corpus: Corpus) -> str:
    """Say for a card how many sources there are, and name the first ones."""
    sources = list(dict.fromkeys(entry.source for entry in corpus.entries))
    named = ", ".join(sources[:MAX_SOURCES])
    return f"{len(sources)} sources: {named}{', ...' if len(sources) > MAX_SOURCES else ''}"
