"""Settings: every preset loads and fits its machine, and what does not fit is named."""

import dataclasses

import pytest

from melgan_vocoder.format import MelFormat
from stylegan_audio.config import ModelConfig
from training.errors import TrainingError
from training.gan.command import PRESETS
from training.gan.config import (
    AugmentationConfig,
    BatchConfig,
    GanTrainingConfig,
    LossConfig,
    OptimiserConfig,
    RunConfig,
)
from training.gan.preset import GAN_PRESETS


def test_command_offers_the_presets_that_there_are() -> None:
    assert sorted(PRESETS) == GAN_PRESETS.names()


@pytest.mark.parametrize("name", PRESETS)
def test_preset_draws_whole_spectrograms_in_whole_parts(name: str) -> None:
    config = GAN_PRESETS.load(name)
    assert config.preset == name
    config.model.require_fits(MelFormat(), source=name)
    assert config.loss.r1_images % (4 * config.batch.n_parts(1)) == 0


def test_base_is_the_measured_recipe() -> None:
    base = GAN_PRESETS.load("base")
    assert base.model == ModelConfig()
    assert (base.batch.batch_size, base.optimiser.betas, base.optimiser.learning_rate) == (64, (0.0, 0.99), 0.002)
    assert (base.loss.r1_gamma, base.loss.r1_every, base.loss.r1_images) == (0.2, 16, 32)
    assert (base.loss.path_length_weight, base.loss.mixing_share) == (0, 0)
    assert (base.optimiser.ema_kimg, base.optimiser.ema_share) == (10, 0.05)


@pytest.mark.parametrize(("n_ranks", "per_pass", "parts"), [(1, 0, 1), (2, 0, 2), (1, 16, 4), (2, 16, 4), (4, 16, 4)])
def test_step_is_cut_by_processes_and_passes(n_ranks: int, per_pass: int, parts: int) -> None:
    assert BatchConfig(batch_size=64, images_per_pass=per_pass).n_parts(n_ranks) == parts


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (BatchConfig, {"batch_size": 6}, "batch_size is 6, a multiple of 4 is needed; correct it in the preset"),
        (BatchConfig, {"batch_size": 0}, "batch_size is 0, at least 1"),
        (BatchConfig, {"images_per_pass": 3}, "images_per_pass is 3, a multiple of 4"),
        (LossConfig, {"r1_gamma": -1}, "r1_gamma is -1, a number from 0"),
        (LossConfig, {"r1_every": 0}, "r1_every is 0, at least 1"),
        (LossConfig, {"r1_images": 6}, "r1_images is 6, a multiple of 4"),
        (LossConfig, {"mixing_share": 2}, "mixing_share is 2, a share"),
        (AugmentationConfig, {"target": 1}, "target is 1, a number from 0 to below 1"),
        (AugmentationConfig, {"kimg": 0}, "kimg is 0, a number above 0"),
        (AugmentationConfig, {"every": 0}, "every is 0, at least 1"),
        (AugmentationConfig, {"gain": 0.5}, "gain is 0.5, at most 0.45 with a tilt of 0.15"),
        (AugmentationConfig, {"cutout": 1.1}, "cutout is 1.1, a number from 0 to 1"),
        (OptimiserConfig, {"learning_rate": 0}, "learning_rate is 0, a number above 0"),
        (OptimiserConfig, {"betas": (0.0, 1.0)}, r"betas is \(0.0, 1.0\), two numbers"),
        (OptimiserConfig, {"frozen_levels": -1}, "frozen_levels is -1, at least 0"),
        (OptimiserConfig, {"precision": "float16"}, "precision is 'float16', float32 or bfloat16"),
        (RunConfig, {"kimg": 0}, "kimg is 0, a number above 0"),
        (RunConfig, {"minutes": -1}, "minutes is -1, at least 0"),
        (GanTrainingConfig, {"discriminator_channels": (4, 4)}, r"discriminator_channels is \(4, 4\), 6 counts"),
        (GanTrainingConfig, {"optimiser": OptimiserConfig(frozen_levels=6)}, "frozen_levels is 6, fewer than the 6"),
        (GanTrainingConfig, {"batch": BatchConfig(batch_size=4)}, "r1_images is 32, at most batch_size, 4, is needed"),
    ],
)
def test_impossible_value_is_refused(kind: type, settings: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        kind(**settings)


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"x\.yaml: loss has 'gamma', one of band_frequency_by_loudness, "):
        GAN_PRESETS.read("loss: {gamma: 3}", source="x.yaml")


def test_discriminator_may_have_channels_of_its_own() -> None:
    config = GanTrainingConfig(discriminator_channels=(1, 2, 3, 4, 5, 6))
    assert config.discriminator == dataclasses.replace(config.model, channels=(1, 2, 3, 4, 5, 6))
    assert GanTrainingConfig().discriminator == ModelConfig()
