"""Fixtures of loop model training: spectrograms in memory, settings at toy width, runs in a folder."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from melgan_vocoder.format import MelFormat
    from stylegan_audio.config import ModelConfig
    from training.gan.config import GanTrainingConfig
    from training.gan.reals import Material
    from training.gan.run import GanRun
    from training.gan.trainer import GanTrainer


def make_spectrograms(n: int, shape: tuple[int, int, int], floor: float) -> np.ndarray:
    """Loops with a hit on every beat, of random level and band, over silence: float16 `[n, 2, n_mels, n_frames]`."""
    rng = np.random.default_rng(11)
    beats = np.exp(-0.5 * (np.arange(shape[2]) % (shape[2] // 8)))
    bands = np.exp(-0.5 * ((np.arange(shape[1]) - rng.uniform(0, shape[1], (n, 1))) / 3) ** 2)
    mel = floor + rng.uniform(0.5, 1.5, (n, 1, 1)) * bands[:, :, None] * beats
    band_frequency = rng.uniform(-1, 1, mel.shape) * (mel > floor + 0.1)
    return np.stack([mel, band_frequency], axis=1).astype(np.float16)


@pytest.fixture
def toy(toy_config: "ModelConfig") -> "GanTrainingConfig":
    """Settings that fit `toy_format` and `toy_config`: eight loops a step."""
    from training.gan.config import BatchConfig, GanTrainingConfig, LossConfig, RunConfig

    return GanTrainingConfig(
        preset="toy",
        model=toy_config,
        batch=BatchConfig(batch_size=8, n_threads=1),
        loss=LossConfig(r1_every=2, r1_images=8),
        run=RunConfig(kimg=0.048, evaluate_kimg=0.032, pictures=0, sounds=0, log_every=2),
    )


@pytest.fixture
def material(toy_format: "MelFormat") -> "Material":
    from training.gan.reals import Material

    spectrograms = make_spectrograms(12, toy_format.spectrogram_shape, toy_format.floor)
    card = {"corpus": "hits on every beat", "license": "CC0-1.0", "provenance": "drawn here", "loops": 10}
    return Material(spectrograms=spectrograms, train=range(10), card=card, digest="abc")


@pytest.fixture
def make_trainer(toy: "GanTrainingConfig", toy_format: "MelFormat") -> Callable[..., "GanTrainer"]:
    """Makes a trainer; options replace sections of its settings."""
    import torch

    from training.gan.distributed import Ranks
    from training.gan.trainer import GanTrainer

    def make(**sections: object) -> "GanTrainer":
        return GanTrainer(with_sections(toy, **sections), toy_format, Ranks(device=torch.device("cpu")))

    return make


def with_sections(config: "GanTrainingConfig", **sections: object) -> "GanTrainingConfig":
    """Replace settings: a mapping replaces some of a section's."""
    for name, changes in sections.items():
        section = getattr(config, name)
        changed = dataclasses.replace(section, **changes) if isinstance(changes, dict) else changes
        config = dataclasses.replace(config, **{name: changed})
    return config


@pytest.fixture
def start_run(toy: "GanTrainingConfig", toy_format: "MelFormat", material: "Material") -> Callable[..., "GanRun"]:
    """Begins or resumes a run in a folder; options replace those of sections of its settings."""
    import torch

    from training.gan.distributed import Ranks
    from training.gan.run import GanRun

    def start(
        folder: pathlib.Path,
        *,
        begin_with: pathlib.Path | None = None,
        echo: Callable[[str], None] = lambda line: None,
        **sections: object,
    ) -> "GanRun":
        return GanRun(
            folder,
            material,
            with_sections(toy, **sections),
            ranks=Ranks(device=torch.device("cpu")),
            start=begin_with,
            mel_format=toy_format,
            echo=echo,
        )

    return start


@pytest.fixture(autouse=True)
def no_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run here writes TensorBoard files: that takes a second to import."""
    monkeypatch.setattr("training.run_log.open_board", lambda folder, first_step: None)
