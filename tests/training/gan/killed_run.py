"""A run of a few steps that saves after each; as a script it kills itself, as kill -9 would, in the midst of a save."""

import itertools
import os
import pathlib
import signal
import sys

import numpy as np
import torch

from melgan_vocoder.format import MelFormat
from stylegan_audio.config import ModelConfig
from training import checkpoint
from training.gan.config import BatchConfig, GanTrainingConfig, LossConfig, RunConfig
from training.gan.distributed import Ranks
from training.gan.reals import Material
from training.gan.run import GanRun


def start(folder: pathlib.Path, spectrograms: np.ndarray) -> GanRun:
    """Begin or resume the run."""
    config = GanTrainingConfig(
        model=ModelConfig(z_dim=6, w_dim=8, mapping_layers=2, channels=(7, 5, 4)),
        batch=BatchConfig(batch_size=8, n_threads=1),
        loss=LossConfig(r1_every=2, r1_images=8),
        run=RunConfig(kimg=0.048, checkpoint_minutes=1, pictures=0, sounds=0, log_every=2),
    )
    material = Material(spectrograms=spectrograms, train=range(len(spectrograms)), card={"corpus": "hits"})
    ranks = Ranks(device=torch.device("cpu"))
    mel_format = MelFormat(n_mels=16, n_linear=4, n_frames=64)
    return GanRun(folder, material, config, ranks=ranks, mel_format=mel_format, echo=print)


def train(run: GanRun) -> None:
    """Train to the end; each look at the clock is a minute later, so that each step is saved."""
    minutes = itertools.count()
    run.run(lambda progress, figures: None, clock=lambda: 60.0 * next(minutes))


def kill_in_save(number: int) -> None:
    """Let a save be the last: half of the file is written, then the process is gone."""
    saves = itertools.count(1)
    save_file = checkpoint.save_file

    def save(tensors: object, path: pathlib.Path, metadata: object) -> None:
        save_file(tensors, path, metadata=metadata)
        if next(saves) == number:
            os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint.save_file = save


if __name__ == "__main__":
    kill_in_save(4)
    train(start(pathlib.Path(sys.argv[1]), np.load(sys.argv[2])))
