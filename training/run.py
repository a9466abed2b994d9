"""A training from its first step, or from its last checkpoint, to its end: the loop that all trainings share."""

import abc
import dataclasses
import pathlib
import time
from collections.abc import Callable, Mapping

import numpy as np
from torch import Tensor

from training.batch_queue import BatchQueue
from training.checkpoint import Progress
from training.errors import TrainingError
from training.interrupt import Interrupt
from training.means import Means
from training.run_log import RunLog

Show = Callable[[Progress, Mapping[str, float]], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """When a run ends, and how often it saves, evaluates and writes."""

    steps: int
    """Steps of the whole run."""
    minutes: float
    """Minutes of the whole run, pauses between not counted; 0 for no limit."""
    checkpoint_minutes: float
    """Minutes from one checkpoint to the next."""
    evaluate_every: int
    """Steps from one evaluation to the next."""
    log_every: int
    """Steps whose mean losses make one line of the log."""
    max_bad_steps: int
    """Steps in a row that may be skipped for a loss that is not finite."""


class TrainingRun(abc.ABC):
    """Train in a folder; its heirs say what, and fill the fields.

    Attributes
    ----------
    folder : pathlib.Path
        Where settings, checkpoint, log and what was trained lie.
    limits : Limits
        Limits and intervals.
    progress : Progress
        How far the run is.
    log : RunLog
        Where figures go.
    """

    folder: pathlib.Path
    limits: Limits
    progress: Progress
    log: RunLog
    unit = "steps"
    """What the display counts."""
    per_step = 1
    """How many of them a step is."""
    is_told = True
    """Whether this process speaks to the user; of several that train together one does."""
    saved_label = ""
    """The label of what was last saved; empty if nothing was."""

    @property
    def checkpoint(self) -> pathlib.Path:
        """Where the checkpoint lies."""
        return self.folder / "checkpoint.safetensors"

    @property
    def is_done(self) -> bool:
        """Whether steps or minutes are used up."""
        return self.share_done >= 1

    @property
    def share_done(self) -> float:
        """How much of the run is done; 1 is the end."""
        limits = self.limits
        return progress_share(self.progress.step, self.progress.elapsed_s, steps=limits.steps, minutes=limits.minutes)

    @property
    def label(self) -> str:
        """How far the run is, in words."""
        return f"step {self.progress.step}"

    @property
    def position(self) -> dict[str, float]:
        """What the log says of how far the run is, beside the step."""
        return {}

    def run(self, show: Show, *, clock: Callable[[], float] = time.monotonic) -> pathlib.Path | None:
        """Train to the end, or until the user interrupts.

        Parameters
        ----------
        show : callable
            Called after each step with the progress and the last figures.
        clock : callable
            Gives seconds.

        Returns
        -------
        pathlib.Path or None
            What was trained; None if interrupted. A checkpoint is written either way.

        Raises
        ------
        TrainingError
            If too many steps in a row give no finite loss, or the user interrupts a second time.
        """
        self.saved_label = self.label if self.checkpoint.exists() else ""
        try:
            queue = self.open_queue()
            try:
                with Interrupt(is_told=self.is_told) as interrupt:
                    self.train(queue, show, interrupt=interrupt, clock=clock)
            finally:
                queue.close()
                self.log.close()
            return self.finish() if self.is_done else None
        except KeyboardInterrupt:
            raise TrainingError(self.tell_stop()) from None

    def tell_stop(self) -> str:
        """Say what a run that stopped at once has left."""
        if not self.saved_label:
            return "stopped at once, no checkpoint had been saved; run the same command again to begin anew"
        return (
            f"stopped at once; {self.checkpoint} was saved at {self.saved_label}, the same command goes on from there"
        )

    def train(self, queue: BatchQueue, show: Show, *, interrupt: Interrupt, clock: Callable[[], float]) -> None:
        """Go through the steps; save now and then, and at the end."""
        limits, means = self.limits, Means(self.limits.max_bad_steps, checkpoint=self.checkpoint)
        figures: Mapping[str, float] = {}
        began = saved = clock()
        before_s = self.progress.elapsed_s
        while not self.should_end(interrupt):
            losses = self.train_step(queue.take())
            means.add(losses, step=self.progress.step)
            step, skipped = self.progress.step + 1, self.progress.skipped + (losses is None)
            elapsed_s = before_s + clock() - began
            self.progress = dataclasses.replace(self.progress, step=step, skipped=skipped, elapsed_s=elapsed_s)
            if step % limits.log_every == 0:
                figures = means.take()
                told = {**figures, **self.position, "skipped": skipped, "elapsed_s": elapsed_s}
                self.log.figures(step, told, kind="training")
            if step % limits.evaluate_every == 0 or self.is_done:
                self.evaluate()
            if clock() - saved >= 60 * limits.checkpoint_minutes:
                self.keep()
                saved = clock()
            show(self.progress, figures)
        self.keep()

    def keep(self) -> None:
        """Save, and remember what was saved."""
        self.save()
        self.saved_label = self.label

    def should_end(self, interrupt: Interrupt) -> bool:
        """Whether the next step is not to be taken."""
        return self.is_done or interrupt.is_asked

    @abc.abstractmethod
    def open_queue(self) -> BatchQueue:
        """Begin to prepare batches."""

    @abc.abstractmethod
    def train_step(self, batch: np.ndarray) -> Mapping[str, Tensor] | None:
        """Take one step: losses by name, or None if one was not finite, so that it was skipped."""

    @abc.abstractmethod
    def evaluate(self) -> None:
        """Look at, or listen to, what is trained."""

    @abc.abstractmethod
    def save(self) -> None:
        """Write the checkpoint."""

    @abc.abstractmethod
    def finish(self) -> pathlib.Path:
        """Write what was trained."""


def progress_share(step: int, elapsed_s: float, *, steps: int, minutes: float) -> float:
    """How much of a run is done, by whichever limit ends it first.

    Parameters
    ----------
    step : int
        Steps done.
    elapsed_s : float
        Seconds trained.
    steps : int
        Limit in steps.
    minutes : float
        Limit in minutes; 0 for none. With one, step sizes depend on the machine's speed.

    Returns
    -------
    float
        From 0 on; 1 is the end.
    """
    by_time = elapsed_s / (60 * minutes) if minutes else 0.0
    return max(step / steps, by_time)
