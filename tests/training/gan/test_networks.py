"""Networks that begin with what others learned: a model file, a folded run; and what does not fit is named."""

import dataclasses
import pathlib

import pytest
import torch

from melgan_vocoder.format import MelFormat
from stylegan_audio import SHIPPED_MODELS
from stylegan_audio.config import ModelConfig
from training.errors import TrainingError
from training.gan.config import GanTrainingConfig
from training.gan.networks import Networks, begin_with, make_networks, read_model


@pytest.fixture
def networks(toy: GanTrainingConfig, toy_format: MelFormat) -> Networks:
    return make_networks(toy, toy_format)


def test_weights_come_from_the_seed_alone(toy: GanTrainingConfig, toy_format: MelFormat, networks: Networks) -> None:
    torch.rand(3)
    again, other = make_networks(toy, toy_format), make_networks(dataclasses.replace(toy, seed=1), toy_format)
    for name, network in networks.named().items():
        for key, value in network.state_dict().items():
            assert torch.equal(value, again.named()[name].state_dict()[key])
    assert not torch.equal(networks.generator.synthesis.const, other.generator.synthesis.const)


def test_folded_copies_compute_the_same_and_leave_the_originals_alone(networks: Networks) -> None:
    z, x = torch.randn(4, 6), torch.randn(4, 2, 16, 64)
    folded = networks.folded()
    assert not any("parametrizations" in key for net in folded.named().values() for key in net.state_dict())
    torch.testing.assert_close(folded.averaged(z), networks.averaged(z))
    torch.testing.assert_close(folded.named()["discriminator"](x), networks.named()["discriminator"](x))
    assert any("parametrizations" in key for key in networks.generator.state_dict())


@pytest.mark.parametrize("lr_multiplier", [0.01, 0.5])
def test_networks_of_a_run_with_other_step_sizes_are_taken_over(
    toy: GanTrainingConfig, toy_format: MelFormat, networks: Networks, lr_multiplier: float
) -> None:
    optimiser = dataclasses.replace(toy.optimiser, mapping_lr_multiplier=lr_multiplier)
    other = make_networks(dataclasses.replace(toy, seed=1, optimiser=optimiser), toy_format)
    begin_with(networks, other.folded(), source="old")
    z, x = torch.randn(4, 6), torch.randn(4, 2, 16, 64)
    torch.testing.assert_close(networks.generator(z), other.generator(z))
    torch.testing.assert_close(networks.averaged(z), other.averaged(z))
    torch.testing.assert_close(networks.named()["discriminator"](x), other.named()["discriminator"](x))


def test_model_file_gives_its_generator_and_leaves_the_discriminator_fresh(
    toy: GanTrainingConfig, narrow_config: ModelConfig, model_path: pathlib.Path
) -> None:
    networks = make_networks(dataclasses.replace(toy, model=narrow_config), MelFormat())
    before = networks.named()["discriminator"].state_dict()["score.bias"].clone()
    known = read_model(model_path)
    begin_with(networks, known, source=model_path.name)
    z = torch.randn(2, narrow_config.z_dim)
    torch.testing.assert_close(networks.generator(z), known.generator(z))
    torch.testing.assert_close(networks.generator.w_avg, known.generator.w_avg)
    assert torch.equal(networks.named()["discriminator"].state_dict()["score.bias"], before)


def test_model_of_one_channel_is_refused() -> None:
    networks = make_networks(GanTrainingConfig(), MelFormat())
    known = read_model(SHIPPED_MODELS / "drums.safetensors")
    if known.generator.mel_format == MelFormat():
        pytest.skip("the shipped drums have two channels")
    with pytest.raises(
        TrainingError, match="spectrograms have 1 channels of format version 1, 2 of version 2 are needed"
    ):
        begin_with(networks, known, source="drums")


def test_model_of_other_sizes_is_refused(toy: GanTrainingConfig, toy_format: MelFormat, networks: Networks) -> None:
    config = dataclasses.replace(toy.model, channels=(7, 5, 5))
    other = make_networks(dataclasses.replace(toy, model=config), toy_format).folded()
    with pytest.raises(TrainingError, match=r"old: its generator has .*7, 5, 5.*, the preset needs .*7, 5, 4"):
        begin_with(networks, other, source="old")


def test_discriminator_of_other_sizes_is_refused(
    toy: GanTrainingConfig, toy_format: MelFormat, networks: Networks
) -> None:
    other = make_networks(dataclasses.replace(toy, discriminator_channels=(7, 5, 5)), toy_format).folded()
    with pytest.raises(TrainingError, match=r"old: its discriminator does not fit \(.*size mismatch"):
        begin_with(networks, other, source="old")
