"""A process of several that train together; run by `test_distributed` as torchrun would, prints its losses as JSON."""

import json
import os
import sys

import numpy as np

from melgan_vocoder.format import MelFormat
from stylegan_audio.config import ModelConfig
from training.gan.config import BatchConfig, GanTrainingConfig, LossConfig
from training.gan.distributed import Ranks
from training.gan.reals import Material, RealBatches
from training.gan.trainer import GanTrainer


def train(spectrograms: np.ndarray, n_steps: int) -> list[dict[str, float]]:
    """Train for some steps, with whatever companions there are."""
    ranks = Ranks.join("cpu")
    config = GanTrainingConfig(
        model=ModelConfig(z_dim=6, w_dim=8, mapping_layers=2, channels=(7, 5, 4)),
        batch=BatchConfig(batch_size=8),
        loss=LossConfig(r1_every=4, r1_images=8, mixing_share=0.5, path_length_weight=0.5),
    )
    trainer = GanTrainer(config, MelFormat(n_mels=16, n_linear=4, n_frames=64), ranks)
    for network in trainer.networks.values():
        ranks.share(network)
    material = Material(spectrograms=spectrograms, train=range(len(spectrograms)), card={})
    reals = RealBatches(material, batch_size=8, seed=0, rows=trainer.rows)
    told = []
    for step in range(n_steps):
        figures = trainer.train_step(reals.batch(step), step=step) or {}
        told.append({name: value.item() for name, value in figures.items()})
    assert ranks.agree(ranks.rank == 1) == (ranks.n_ranks == 2)
    ranks.wait()
    ranks.leave()
    return told


if __name__ == "__main__":
    print(json.dumps(train(np.load(sys.argv[1]), int(sys.argv[2]))), flush=True)
    os._exit(0)  # threads of gloo may outlive their group, and then abort an interpreter that ends by itself
