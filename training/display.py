"""What the terminal shows of a run."""

import time
from collections.abc import Mapping

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from training.checkpoint import Progress as RunProgress
from training.run import TrainingRun

PARTS = 10_000
"""Parts of the bar: it follows steps or minutes, whichever ends the run."""


class Display:
    """A progress bar with losses, speed and the time left.

    Parameters
    ----------
    run : TrainingRun
        What it shows.
    """

    def __init__(self, run: TrainingRun) -> None:
        self.training = run
        columns = (
            TextColumn("{task.fields[label]}"),
            BarColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}"),
        )
        self.bar = Progress(*columns, refresh_per_second=2, speed_estimate_period=120)
        done = int(PARTS * run.share_done)
        self.task = self.bar.add_task("", total=PARTS, completed=done, label=run.label, text="")
        self.first_step, self.began = run.progress.step, time.monotonic()

    def __enter__(self) -> "Display":
        self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.live.transient = self.training.progress.step == self.first_step  # nothing was done: nothing is shown
        self.bar.stop()

    def show(self, progress: RunProgress, figures: Mapping[str, float]) -> None:
        """Show how far the run is."""
        n_done = (progress.step - self.first_step) * self.training.per_step
        speed = n_done / max(time.monotonic() - self.began, 1e-9)
        losses = " ".join(f"{name} {value:.3f}" for name, value in figures.items())
        skipped = f" skipped {progress.skipped}" if progress.skipped else ""
        done = min(PARTS, int(PARTS * self.training.share_done))
        text = f"{speed:.1f} {self.training.unit}/s {losses}{skipped}"
        self.bar.update(self.task, completed=done, label=self.training.label, text=text)
