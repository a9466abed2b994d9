"""One step: what it moves, what it leaves, and that each preset makes two."""

import dataclasses

import numpy as np
import pytest
import torch

from melgan_vocoder.discriminators import DiscriminatorConfig
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from training.errors import TrainingError
from training.vocoder.command import PRESETS
from training.vocoder.config import VocoderTrainingConfig
from training.vocoder.preset import VOCODER_PRESETS
from training.vocoder.trainer import VocoderTrainer


def make(config: VocoderTrainingConfig) -> VocoderTrainer:
    return VocoderTrainer(config, MelFormat(), torch.device("cpu"))


def cuts(trainer: VocoderTrainer, rng: np.random.Generator) -> np.ndarray:
    shape = (trainer.config.batch.batch_size, trainer.analysis.cut_frames * 375)
    return rng.uniform(-0.3, 0.3, shape).astype(np.float32)


def at_toy_width(config: VocoderTrainingConfig) -> VocoderTrainingConfig:
    """A preset with its own losses and hardly any channels or cuts."""
    toy = VOCODER_PRESETS.load("toy")
    n_windows = len(config.discriminator.windows)
    windows = config.discriminator.windows[:n_windows]
    discriminator = dataclasses.replace(toy.discriminator, windows=windows, n_scales=config.discriminator.n_scales)
    batch = dataclasses.replace(config.batch, batch_size=2)
    optimiser = dataclasses.replace(config.optimiser, discriminator_from_step=1)
    return dataclasses.replace(
        config, generator=toy.generator, discriminator=discriminator, batch=batch, optimiser=optimiser
    )


@pytest.mark.parametrize("name", PRESETS)
def test_preset_makes_two_steps_at_toy_width(name: str, rng: np.random.Generator) -> None:
    config = at_toy_width(VOCODER_PRESETS.load(name))
    trainer = make(config)
    before = {key: value.clone() for key, value in trainer.vocoder.named_parameters()}
    for step in range(2):
        losses = trainer.train_step(cuts(trainer, rng), step=step, progress=step / 2)
        assert losses is not None
        assert all(loss.isfinite() for loss in losses.values())
    expected = {"stft", "band", "mel", "stand_in", "total"}
    adversarial = {"discriminator", "adversarial", "feature"} if config.loss.adversarial_weight else set()
    assert set(losses) == expected | adversarial
    assert all(not torch.equal(value, before[key]) for key, value in trainer.vocoder.named_parameters())


def test_total_is_the_weighted_sum(toy: VocoderTrainingConfig, rng: np.random.Generator) -> None:
    trainer = make(toy)
    losses = trainer.train_step(cuts(trainer, rng), step=2, progress=0)
    assert losses is not None
    weights = {"stft": 1, "band": 0.5, "mel": 2, "stand_in": 1, "adversarial": 0.4, "feature": 1}
    expected = sum(weight * losses[name] for name, weight in weights.items())
    torch.testing.assert_close(losses["total"], torch.as_tensor(expected))


def test_discriminators_rest_before_their_step(toy: VocoderTrainingConfig, rng: np.random.Generator) -> None:
    trainer = make(toy)
    assert trainer.adversary is not None
    weights = [value.clone() for value in trainer.adversary.discriminators.parameters()]
    losses = trainer.train_step(cuts(trainer, rng), step=1, progress=0)
    assert losses is not None
    assert "adversarial" not in losses
    assert all(map(torch.equal, weights, trainer.adversary.discriminators.parameters()))
    trainer.train_step(cuts(trainer, rng), step=2, progress=0)
    assert not any(map(torch.equal, weights, trainer.adversary.discriminators.parameters()))


def test_average_follows_the_weights(toy: VocoderTrainingConfig, rng: np.random.Generator) -> None:
    trainer = make(toy)
    first = trainer.vocoder.pre.weight.detach().clone()
    trainer.train_step(cuts(trainer, rng), step=0, progress=0)
    now = trainer.vocoder.pre.weight.detach()
    torch.testing.assert_close(trainer.averaged.pre.weight, first + 0.9 * (now - first))
    assert not any(value.requires_grad for value in trainer.averaged.parameters())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_step_without_finite_loss_moves_nothing(
    toy: VocoderTrainingConfig, rng: np.random.Generator, bad: float
) -> None:
    trainer = make(toy)
    before = [value.clone() for network in trainer.networks.values() for value in network.state_dict().values()]
    broken = cuts(trainer, rng)
    broken[0, 7000] = bad
    for step in (0, 2):
        assert trainer.train_step(broken, step=step, progress=0) is None
    after = [value for network in trainer.networks.values() for value in network.state_dict().values()]
    assert all(map(torch.equal, before, after))


@pytest.mark.parametrize("level", [0.0, 1e-3], ids=["digital silence", "-60 dB"])
def test_quiet_batch_makes_a_step(toy: VocoderTrainingConfig, rng: np.random.Generator, level: float) -> None:
    trainer = make(toy)
    losses = trainer.train_step(cuts(trainer, rng) * np.float32(level), step=2, progress=0)
    assert losses is not None
    assert all(value.isfinite().all() for value in trainer.vocoder.parameters())


def test_losses_fall_on_one_batch(toy: VocoderTrainingConfig, rng: np.random.Generator) -> None:
    calm = dataclasses.replace(toy, loss=dataclasses.replace(toy.loss, adversarial_weight=0))
    trainer = make(dataclasses.replace(calm, optimiser=dataclasses.replace(toy.optimiser, learning_rate=0.01)))
    batch = cuts(trainer, rng)
    totals = []
    for step in range(12):
        losses = trainer.train_step(batch, step=step, progress=0)
        assert losses is not None
        totals.append(float(losses["total"]))
    assert totals[-1] < 0.9 * totals[0]


def test_evaluation_hears_a_whole_loop(toy: VocoderTrainingConfig, corpus: object) -> None:
    losses, audio = make(toy).evaluate(corpus.loop(0))  # type: ignore[attr-defined]
    assert set(losses) == {"mel", "stft", "stand_in"}
    assert all(np.isfinite(loss) for loss in losses.values())
    assert audio.shape == (192_000,)


def test_vocoder_of_other_sizes_is_refused(toy: VocoderTrainingConfig) -> None:
    other = Vocoder(MelFormat(), VocoderConfig(channels=(4, 4, 4), stand_in_channels=4))
    with pytest.raises(
        TrainingError, match=r"old\.safetensors: its vocoder has .*, the preset needs .*; choose another"
    ):
        make(toy).start_from(other, source="old.safetensors")


def test_discriminator_sizes_come_from_the_settings(toy: VocoderTrainingConfig) -> None:
    config = dataclasses.replace(toy, discriminator=DiscriminatorConfig(n_scales=0, windows=(256,)))
    adversary = make(config).adversary
    assert adversary is not None
    assert len(adversary.judge(torch.zeros(1, 4000))) == 1
