"""Which loops an evaluation compares, and how much work that is."""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from training.errors import TrainingError

MIN_LOOPS = 40
"""Fewer held-out loops say nothing about a distribution."""
MIN_PATHS = 20
"""The path length is measured at a tenth as many places as there are loops, but not at fewer."""
MAX_TRAINING_LOOPS = 20_000
"""So many training loops are searched for ones that the model may have memorised."""
MAX_SEED = 2**31 - 1
"""Largest seed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """What to compare.

    Raises
    ------
    TrainingError
        If a number is out of its range.
    """

    n_loops: int = 2000
    """Loops of the model, and as many held-out ones; fewer where the corpus has fewer. At least `MIN_LOOPS`."""
    n_heard: int = 256
    """So many of them are turned into audio, if there is a vocoder."""
    genres: tuple[str, ...] = ()
    """Genres of the corpus to compare with; all if empty."""
    truncation_psi: float = 1.0
    """Truncation of the model's loops, 0 to 1 (none)."""
    bfloat16: bool = False
    """Whether to draw as the instrument does on processors that multiply bfloat16; paths are measured in float32."""
    seed: int = 0
    """What loops, bins and paths are drawn from, 0 to `MAX_SEED`."""

    def __post_init__(self) -> None:
        limits = {
            "n_loops": (MIN_LOOPS, 1_000_000),
            "n_heard": (1, 1_000_000),
            "truncation_psi": (0, 1),
            "seed": (0, MAX_SEED),
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise TrainingError(f"{name} is {value}, a number from {least} to {most} is needed; choose another")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """The loops of an evaluation, by their numbers in the corpus."""

    config: EvaluationConfig
    """What was asked for."""
    held_out: list[int]
    """Loops the model has never seen, `n_loops` of them."""
    training: list[int]
    """Loops it has: the first `n_loops` are the reference, the next `n_loops` fit bins and components."""
    n_heard: int
    """Loops of each kind that become audio."""
    n_paths: int
    """Places at which the path length is measured."""

    @property
    def n_loops(self) -> int:
        """Loops of each kind that are compared."""
        return len(self.held_out)

    @property
    def n_bins(self) -> int:
        """Bins: 100 for 2000 loops, as in LoopTest, and as many loops a bin where there are fewer."""
        return int(np.clip(self.n_loops // 20, 2, 100))

    @property
    def work(self) -> int:
        """Loops that will be read, drawn or heard, for a progress bar."""
        return 2 * self.n_loops + len(self.training) + 2 * self.n_paths + self.n_heard


class Splits(Protocol):
    """What a plan has to know of a corpus."""

    def split(self, name: str, *, genre: str | None = None) -> list[int]:
        """As of `training.corpus.Corpus.split`."""
        ...


def make_plan(corpus: Splits, config: EvaluationConfig, *, with_audio: bool) -> Plan:
    """Draw the loops of an evaluation.

    Parameters
    ----------
    corpus : Corpus
        Where they are from.
    config : EvaluationConfig
        How many, and of which genres.
    with_audio : bool
        Whether some will be heard through a vocoder.

    Returns
    -------
    Plan
        The same one for the same corpus and config.

    Raises
    ------
    TrainingError
        If the corpus has fewer than `MIN_LOOPS` held-out loops of these genres, or twice as many training loops.
    """
    rng = np.random.default_rng([config.seed, 0])
    held_out, training = (shuffled(corpus, name, config.genres, rng) for name in ("held_out", "train"))
    n_loops = min(config.n_loops, len(held_out), len(training) // 2)
    if n_loops < MIN_LOOPS:
        which = f" of {', '.join(config.genres)}" if config.genres else ""
        raise TrainingError(
            f"corpus: has {len(held_out)} held-out and {len(training)} training loops{which}, at least {MIN_LOOPS} and "
            f"{2 * MIN_LOOPS} are needed; add loops or choose other genres"
        )
    return Plan(
        config=config,
        held_out=held_out[:n_loops],
        training=training[:MAX_TRAINING_LOOPS],
        n_heard=min(config.n_heard, n_loops) if with_audio else 0,
        n_paths=max(MIN_PATHS, n_loops // 10),
    )


def shuffled(corpus: Splits, name: str, genres: Sequence[str], rng: np.random.Generator) -> list[int]:
    """Find the loops of a split, all genres mixed."""
    found = corpus.split(name) if not genres else [i for genre in genres for i in corpus.split(name, genre=genre)]
    return [int(i) for i in rng.permutation(np.array(sorted(set(found)), int))]
