"""A loop model's training from its first step, or from its last checkpoint, to its end."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
from torch import Tensor

from melgan_vocoder.format import MelFormat
from training.batch_queue import BatchQueue
from training.checkpoint import Progress, read_checkpoint, write_checkpoint
from training.gan.config import GanTrainingConfig
from training.gan.distributed import Ranks
from training.gan.networks import begin_with, read_model
from training.gan.pictures import Loudspeaker, draw_picture, sample_loops, save_picture
from training.gan.preset import GAN_PRESETS
from training.gan.reals import Material, RealBatches
from training.gan.saved_run import CARD, EVALUATION, KIND, read_run, write_entries
from training.gan.trainer import GanTrainer
from training.interrupt import Interrupt
from training.run import Limits, TrainingRun
from training.run_log import RunLog, SilentRunLog


class GanRun(TrainingRun):
    """Train a loop model in a folder, going on where the folder's checkpoint left off.

    Parameters
    ----------
    folder : pathlib.Path
        Where settings, checkpoint, log and sample pictures lie; made if missing.
    material : Material
        The spectrograms.
    config : GanTrainingConfig
        All settings.
    ranks : Ranks
        The processes that train together; the first one writes.
    start : pathlib.Path, optional
        A model file, or the folder of a run, whose weights a new run begins with.
    mel_format : MelFormat, optional
        The format of the spectrograms; `MelFormat()` by default.
    echo : callable
        Shows one line to the user.

    Raises
    ------
    LoopmorphError
        If the folder holds a run of other settings or a broken checkpoint, or `start` does not fit.
    """

    unit = "images"

    def __init__(
        self,
        folder: pathlib.Path,
        material: Material,
        config: GanTrainingConfig,
        *,
        ranks: Ranks,
        start: pathlib.Path | None = None,
        mel_format: MelFormat | None = None,
        echo: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self.material = material
        self.config = config = dataclasses.replace(config, corpus=material.digest)
        self.mel_format = mel_format or MelFormat()
        self.ranks = ranks
        self.is_told = ranks.is_first
        self.echo = echo
        self.per_step = config.batch.batch_size
        self.limits = make_limits(config)
        if ranks.is_first:
            GAN_PRESETS.keep(folder, config, is_begun=self.checkpoint.exists())
            write_entries(folder / CARD, material.card)
            if not self.checkpoint.exists():
                (folder / EVALUATION).unlink(missing_ok=True)  # of a run whose checkpoint was removed
        ranks.wait()
        self.trainer = GanTrainer(config, self.mel_format, ranks)
        self.progress = Progress()
        if self.checkpoint.exists():
            self.progress = self.restore()
            echo(f"{folder}: goes on from {self.label}")
        elif start is not None:
            self.begin(start)
        for network in self.trainer.networks.values():
            ranks.share(network)
        self.loudspeaker: Loudspeaker | None = None
        self.log = self.open_log()

    @property
    def label(self) -> str:
        """How far the run is, in words."""
        return f"{self.kimg:.5g} kimg"

    @property
    def position(self) -> dict[str, float]:
        """What the log says of how far the run is, beside the step."""
        return {"kimg": self.kimg}

    @property
    def kimg(self) -> float:
        """Thousands of reals seen."""
        return self.progress.step * self.per_step / 1000

    def begin(self, start: pathlib.Path) -> None:
        """Take the weights of a model file or of a run's folder."""
        known = read_run(start, self.mel_format).networks if start.is_dir() else read_model(start)
        begin_with(self.trainer.made, known, source=str(start))

    def open_log(self) -> RunLog:
        """Begin or continue the log; only the first process has one."""
        if not self.ranks.is_first:
            return SilentRunLog()
        sample_rate = self.mel_format.sample_rate
        return RunLog(self.folder, first_step=self.progress.step, sample_rate=sample_rate, echo=self.echo)

    def open_queue(self) -> BatchQueue:
        """Begin to read reals."""
        batch = self.config.batch
        reals = RealBatches(self.material, batch_size=batch.batch_size, seed=self.config.seed, rows=self.trainer.rows)
        return BatchQueue(reals.batch, first_step=self.progress.step, n_threads=batch.n_threads)

    def should_end(self, interrupt: Interrupt) -> bool:
        """Whether the next step is not to be taken: by the first process's clock, or because any is interrupted."""
        return self.ranks.agree(interrupt.is_asked or (self.ranks.is_first and self.is_done))

    def train_step(self, batch: np.ndarray) -> dict[str, Tensor] | None:
        """Take one step: losses by name, or None if a gradient was not finite."""
        return self.trainer.train_step(batch, step=self.progress.step)

    def evaluate(self) -> None:
        """Draw and play sample loops of the running mean."""
        limits, step = self.config.run, self.progress.step
        if not self.ranks.is_first or not max(limits.pictures, limits.sounds):
            return
        loops = sample_loops(self.trainer.averaged, max(limits.pictures, limits.sounds))
        if limits.pictures:
            pixels = draw_picture(loops[: limits.pictures].float().cpu().numpy(), floor=self.mel_format.floor)
            save_picture(self.folder / "pictures" / f"{round(self.kimg * 1000):09d}.png", pixels)
            self.log.picture(step, "loops", pixels)
        if limits.sounds:
            if self.loudspeaker is None:
                self.loudspeaker = Loudspeaker(self.trainer.device)
                if self.loudspeaker.reason:
                    self.echo(f"no sounds in TensorBoard: {self.loudspeaker.reason}")
            for number, audio in enumerate(self.loudspeaker.play(loops[: limits.sounds])):
                self.log.sound(step, f"loop {number}", audio)

    def save(self) -> None:
        """Write the checkpoint."""
        if self.ranks.is_first:
            write_checkpoint(
                self.checkpoint,
                self.progress,
                kind=KIND,
                mel_format=self.mel_format,
                networks=self.trainer.networks,
                optimisers=self.trainer.optimisers,
            )

    def restore(self) -> Progress:
        """Read the checkpoint."""
        return read_checkpoint(
            self.checkpoint,
            kind=KIND,
            mel_format=self.mel_format,
            networks=self.trainer.networks,
            optimisers=self.trainer.optimisers,
        )

    def finish(self) -> pathlib.Path:
        """Name the checkpoint, which `export` makes a model file of."""
        return self.checkpoint


def make_limits(config: GanTrainingConfig) -> Limits:
    """Turn limits in thousands of images into steps."""
    run, batch_size = config.run, config.batch.batch_size
    return Limits(
        steps=max(1, round(1000 * run.kimg / batch_size)),
        minutes=run.minutes,
        checkpoint_minutes=run.checkpoint_minutes,
        evaluate_every=max(1, round(1000 * run.evaluate_kimg / batch_size)),
        log_every=run.log_every,
        max_bad_steps=config.optimiser.max_bad_steps,
    )
