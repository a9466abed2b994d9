"""A vocoder's training from its first step, or from its last checkpoint, to its file."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from melgan_vocoder.format import MelFormat
from melgan_vocoder.vocoder_file import load_vocoder, save_vocoder
from training.batch_queue import BatchQueue
from training.checkpoint import Progress, read_checkpoint, write_checkpoint
from training.run import Limits, TrainingRun
from training.run_log import RunLog
from training.vocoder.batches import BatchMaker, stretch
from training.vocoder.config import VocoderTrainingConfig
from training.vocoder.material import Material
from training.vocoder.preset import VOCODER_PRESETS
from training.vocoder.trainer import VocoderTrainer

KIND = "loopmorph vocoder training"


class VocoderRun(TrainingRun):
    """Train a vocoder in a folder, going on where the folder's checkpoint left off.

    Parameters
    ----------
    folder : pathlib.Path
        Where settings, checkpoint, log and vocoder file lie; made if missing.
    material : Material
        The loops.
    config : VocoderTrainingConfig
        All settings.
    device : torch.device
        Where it is trained.
    start : pathlib.Path, optional
        A vocoder file whose weights a new run begins with.
    echo : callable
        Shows one line to the user.

    Raises
    ------
    LoopmorphError
        If the folder holds a run of other settings or a broken checkpoint, or `start` does not fit.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        material: Material,
        config: VocoderTrainingConfig,
        *,
        device: torch.device,
        start: pathlib.Path | None = None,
        echo: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self.material = material
        self.config = config = dataclasses.replace(config, corpus=material.digest)
        self.mel_format = MelFormat()
        VOCODER_PRESETS.keep(folder, config, is_begun=self.checkpoint.exists())
        limits = config.run
        self.limits = Limits(
            steps=limits.steps,
            minutes=limits.minutes,
            checkpoint_minutes=limits.checkpoint_minutes,
            evaluate_every=limits.evaluate_every,
            log_every=limits.log_every,
            max_bad_steps=config.optimiser.max_bad_steps,
        )
        self.trainer = VocoderTrainer(config, self.mel_format, device)
        self.progress = Progress()
        if self.checkpoint.exists():
            self.progress = self.restore()
            echo(f"{folder}: goes on from step {self.progress.step}")
        elif start is not None:
            self.trainer.start_from(load_vocoder(start), source=start.name)
        sample_rate = self.mel_format.sample_rate
        self.log = RunLog(folder, first_step=self.progress.step, sample_rate=sample_rate, echo=echo)

    def open_queue(self) -> BatchQueue:
        """Begin to prepare batches."""
        maker = BatchMaker(
            self.material.corpus,
            self.material.train,
            config=self.config.batch,
            cut_frames=self.trainer.analysis.cut_frames,
            mel_format=self.mel_format,
            seed=self.config.seed,
        )
        return BatchQueue(maker.batch, first_step=self.progress.step, n_threads=self.config.batch.n_threads)

    def train_step(self, batch: np.ndarray) -> dict[str, Tensor] | None:
        """Take one step: losses by name, or None if one was not finite."""
        return self.trainer.train_step(batch, step=self.progress.step, progress=self.share_done)

    def evaluate(self) -> None:
        """Hear the held-out loops."""
        figures: dict[str, list[float]] = {}
        for index in self.material.held_out[: self.config.run.evaluation_loops]:
            loop, hop = self.material.corpus.loop(int(index)), self.mel_format.hop_length
            losses, audio = self.trainer.evaluate(
                stretch(loop, round(loop.size / hop) * hop) if loop.size % hop else loop
            )
            self.log.sound(self.progress.step, f"loop {index}", audio)
            for name, loss in losses.items():
                figures.setdefault(name, []).append(loss)
        if figures:
            losses = {name: float(np.mean(values)) for name, values in figures.items()}
            self.log.figures(self.progress.step, losses, kind="held_out")
            self.progress = dataclasses.replace(self.progress, losses=losses)

    def save(self) -> None:
        """Write the checkpoint."""
        trainer = self.trainer
        write_checkpoint(
            self.checkpoint,
            self.progress,
            kind=KIND,
            mel_format=self.mel_format,
            networks=trainer.networks,
            optimisers=trainer.optimisers,
        )

    def restore(self) -> Progress:
        """Read the checkpoint."""
        trainer = self.trainer
        return read_checkpoint(
            self.checkpoint,
            kind=KIND,
            mel_format=self.mel_format,
            networks=trainer.networks,
            optimisers=trainer.optimisers,
        )

    def finish(self) -> pathlib.Path:
        """Write the vocoder file."""
        card = {
            **self.material.card,
            "preset": self.config.preset,
            "seed": self.config.seed,
            "steps": self.progress.step,
            "minutes": round(self.progress.elapsed_s / 60, 1),
            "metrics": {f"held_out_{name}": round(loss, 4) for name, loss in self.progress.losses.items()},
        }
        path = self.folder / "vocoder.safetensors"
        save_vocoder(path, self.trainer.averaged, card=card)
        return path
