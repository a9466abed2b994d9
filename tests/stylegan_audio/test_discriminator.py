"""mel -> score: circular features, gradients, and the deviation over a batch."""

import numpy as np
import pytest
import torch
from torch import nn

from melgan_vocoder.format import MelFormat, OneChannelFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.discriminator import Discriminator, ResidualLevel, append_batch_deviation
from stylegan_audio.errors import ModelError
from stylegan_audio.layers import activate, halve, wrap_time


@pytest.fixture
def discriminator(toy_format: MelFormat, toy_config: ModelConfig, seeded_torch: None) -> Discriminator:
    return Discriminator(toy_format, toy_config)


def loops(rng: np.random.Generator, batch: int, *, n_channels: int = 2) -> torch.Tensor:
    return torch.from_numpy(rng.uniform(-1, 1, (batch, n_channels, 16, 64)).astype(np.float32))


def features(discriminator: Discriminator, spectrogram: torch.Tensor) -> torch.Tensor:
    """What the first dense layer is given, as a map of coarse columns."""
    seen: list[torch.Tensor] = []
    handle = discriminator.dense.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    discriminator(spectrogram)
    handle.remove()
    return seen[0].detach().unflatten(1, (-1, 4, 16))


@pytest.mark.parametrize("batch", [1, 3, 4, 8])
def test_one_finite_score_a_loop_for_any_batch(
    discriminator: Discriminator, rng: np.random.Generator, batch: int
) -> None:
    scores = discriminator(loops(rng, batch))
    assert scores.shape == (batch,)
    assert scores.dtype == torch.float32
    assert scores.isfinite().all()


@pytest.mark.parametrize("channel", [0, 1])
def test_both_channels_are_read(discriminator: Discriminator, rng: np.random.Generator, channel: int) -> None:
    spectrogram = loops(rng, 4)
    other = spectrogram.clone()
    other[:, channel] += 1
    assert not torch.equal(discriminator(spectrogram), discriminator(other))


def test_one_channel_of_the_older_format_is_scored(
    toy_config: ModelConfig, rng: np.random.Generator, seeded_torch: None
) -> None:
    discriminator = Discriminator(OneChannelFormat(n_mels=16, n_frames=64), toy_config)
    assert discriminator(loops(rng, 4, n_channels=1)).shape == (4,)


def test_residual_level_is_convolutions_beside_a_smoothed_shortcut(
    rng: np.random.Generator, seeded_torch: None
) -> None:
    level, x = ResidualLevel(3, 5), torch.from_numpy(rng.standard_normal((2, 3, 8, 16)).astype(np.float32))
    hidden = activate(nn.functional.conv2d(wrap_time(x), level.conv.weight, level.conv.bias))
    hidden = nn.functional.conv2d(wrap_time(halve(hidden)), level.conv_down.weight, level.conv_down.bias)
    shortcut = torch.einsum("oi,bihw->bohw", level.skip.weight[:, :, 0, 0], halve(x))
    torch.testing.assert_close(level(x), (activate(hidden) + shortcut) / 2**0.5, atol=1e-5, rtol=1e-5)
    assert level(x).shape == (2, 5, 4, 8)


def test_features_roll_with_the_spectrogram_one_column_in_4_frames(
    discriminator: Discriminator, rng: np.random.Generator
) -> None:
    spectrogram = loops(rng, 4)
    plain = features(discriminator, spectrogram)
    assert plain.shape == (4, 7, 4, 16)
    for n_columns in (1, 5, 15):
        rolled = features(discriminator, spectrogram.roll(4 * n_columns, -1))
        torch.testing.assert_close(rolled, plain.roll(n_columns, -1), atol=1e-5, rtol=0)
    assert (plain - plain.roll(1, -1)).abs().max() > 1e-3


def test_gradient_reaches_every_weight_and_every_cell_and_is_finite_on_equal_loops(
    discriminator: Discriminator, rng: np.random.Generator
) -> None:
    for batch in (loops(rng, 4), loops(rng, 1).repeat(4, 1, 1, 1)):
        discriminator.zero_grad()
        spectrogram = batch.requires_grad_()
        nn.functional.softplus(discriminator(spectrogram)).sum().backward()
        assert spectrogram.grad is not None
        assert (spectrogram.grad != 0).all()
        for name, weight in discriminator.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.isfinite().all(), name
            assert weight.grad.any(), name


def test_second_gradient_for_r1_is_finite(discriminator: Discriminator, rng: np.random.Generator) -> None:
    spectrogram = loops(rng, 4).requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(spectrogram).sum(), spectrogram, create_graph=True)
    gradient.square().sum().backward()
    first = discriminator.from_spectrogram.weight.grad
    assert first is not None
    assert first.isfinite().all()
    assert first.any()


@pytest.mark.parametrize(
    ("batch", "groups"), [(4, [[0, 1, 2, 3]]), (8, [[0, 2, 4, 6], [1, 3, 5, 7]]), (6, [[*range(6)]])]
)
def test_last_channel_is_the_mean_deviation_of_each_loops_group(
    rng: np.random.Generator, batch: int, groups: list[list[int]]
) -> None:
    x = rng.standard_normal((batch, 3, 4, 5)).astype(np.float32)
    got = append_batch_deviation(torch.from_numpy(x)).numpy()
    assert got.shape == (batch, 4, 4, 5)
    np.testing.assert_array_equal(got[:, :3], x)
    for group in groups:
        np.testing.assert_allclose(got[group, 3], x[group].std(axis=0).mean(), rtol=1e-4)


def test_equal_loops_deviate_by_nothing_and_a_lone_one_too(rng: np.random.Generator) -> None:
    one = torch.from_numpy(rng.standard_normal((1, 3, 4, 5)).astype(np.float32))
    for batch in (one, one.repeat(4, 1, 1, 1)):
        assert append_batch_deviation(batch)[:, 3].max() < 2e-4


def test_score_of_a_loop_depends_on_whether_the_others_are_equal_to_it(
    discriminator: Discriminator, rng: np.random.Generator
) -> None:
    different = loops(rng, 4).double()
    equal = different[:1].repeat(4, 1, 1, 1)
    network = discriminator.double()
    assert (network(different)[0] - network(equal)[0]).abs() > 1e-5


def test_architecture_that_does_not_read_the_format_is_refused(toy_config: ModelConfig) -> None:
    with pytest.raises(ModelError, match="discriminator: its architecture draws 16 x 64, the MelFormat needs 128 x 5"):
        Discriminator(MelFormat(), toy_config)
