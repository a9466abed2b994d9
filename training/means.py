"""What the log says of many steps: the mean of each loss; and when too many steps had none."""

import pathlib
from collections.abc import Mapping

from torch import Tensor

from training.errors import TrainingError


class Means:
    """Mean of each loss over the steps since it was last taken; counts steps without a finite loss.

    Parameters
    ----------
    max_bad_steps : int
        How many in a row are borne.
    checkpoint : pathlib.Path
        Where the run's checkpoint lies, for the error message.
    """

    def __init__(self, max_bad_steps: int, *, checkpoint: pathlib.Path) -> None:
        self.max_bad_steps = max_bad_steps
        self.checkpoint = checkpoint
        self.n_bad = 0
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def add(self, losses: Mapping[str, Tensor] | None, *, step: int) -> None:
        """Count a step; `losses` is None if they were not finite.

        Raises
        ------
        TrainingError
            If too many in a row were not.
        """
        if losses is None:
            self.n_bad += 1
            if self.n_bad >= self.max_bad_steps:
                last = f"from {self.checkpoint}" if self.checkpoint.is_file() else "anew"
                raise TrainingError(
                    f"losses up to step {step + 1} were not finite {self.n_bad} times in a row, finite ones are "
                    f"needed; lower learning_rate or check the corpus, then run again: it begins {last}"
                )
            return
        self.n_bad = 0
        for name, loss in losses.items():
            self.sums[name] = self.sums[name] + loss if name in self.sums else loss
            self.counts[name] = self.counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """Give the means, and begin anew."""
        means = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        self.sums, self.counts = {}, {}
        return means
