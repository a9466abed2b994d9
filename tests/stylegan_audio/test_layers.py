"""Pieces of the networks: activation, padding, resampling against explicit kernels, equalised learning rate."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from melgan_vocoder.format import MelFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.discriminator import Discriminator
from stylegan_audio.generator import Generator
from stylegan_audio.layers import activate, double, equalise, fold, halve, unfold, wrap_time
from stylegan_audio.mapping import Mapping

SHAPES = [(4, 16), (2, 2), (6, 4)]


def features(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.standard_normal((2, 3, *shape)).astype(np.float32)


def doubling_matrix(n: int, *, circular: bool) -> np.ndarray:
    """Zeros between the samples, then 1 3 3 1 / 4: each output is 3/4 of the nearest, 1/4 of the next nearest."""
    matrix = np.zeros((2 * n, n))
    for i in range(n):
        for output, near, far in ((2 * i, i, i - 1), (2 * i + 1, i, i + 1)):
            matrix[output, near] += 0.75
            matrix[output, far % n if circular else min(max(far, 0), n - 1)] += 0.25
    return matrix


def halving_matrix(n: int, *, circular: bool) -> np.ndarray:
    """1 3 3 1 / 8 around the middle of each pair."""
    matrix = np.zeros((n // 2, n))
    for i in range(n // 2):
        for j, tap in zip(range(2 * i - 1, 2 * i + 3), (1 / 8, 3 / 8, 3 / 8, 1 / 8), strict=True):
            matrix[i, j % n if circular else min(max(j, 0), n - 1)] += tap
    return matrix


def test_activation_is_leaky_relu_times_root_2_and_keeps_the_variance(rng: np.random.Generator) -> None:
    x = rng.standard_normal(20_000)
    y = activate(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(y, np.maximum(x, 0.2 * x) * math.sqrt(2))
    assert np.square(y).mean() == pytest.approx(1, abs=0.08)


def test_wrap_time_pads_time_circularly_and_frequency_with_zeros(rng: np.random.Generator) -> None:
    x = features(rng, (3, 5))
    circular = np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1)), mode="wrap")
    needed = np.pad(circular, ((0, 0), (0, 0), (1, 1), (0, 0)))
    np.testing.assert_array_equal(wrap_time(torch.from_numpy(x)).numpy(), needed)


@pytest.mark.parametrize("shape", [*SHAPES, (1, 1), (3, 5)])
def test_double_equals_the_explicit_kernel(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    x = features(rng, shape)
    needed = doubling_matrix(shape[0], circular=False) @ x @ doubling_matrix(shape[1], circular=True).T
    np.testing.assert_allclose(double(torch.from_numpy(x)).numpy(), needed, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_halve_equals_the_explicit_kernel(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    x = features(rng, shape)
    needed = halving_matrix(shape[0], circular=False) @ x @ halving_matrix(shape[1], circular=True).T
    np.testing.assert_allclose(halve(torch.from_numpy(x)).numpy(), needed, atol=1e-5)


def test_resampling_keeps_a_constant_and_rolls_with_its_input(rng: np.random.Generator) -> None:
    level, x = torch.full((1, 2, 4, 8), 0.7), torch.from_numpy(features(rng, (4, 8)))
    torch.testing.assert_close(double(level), torch.full((1, 2, 8, 16), 0.7))
    torch.testing.assert_close(halve(level), torch.full((1, 2, 2, 4), 0.7))
    torch.testing.assert_close(double(x.roll(3, -1)), double(x).roll(6, -1))
    torch.testing.assert_close(halve(x.roll(6, -1)), halve(x).roll(3, -1))


@pytest.mark.parametrize("lr_multiplier", [1.0, 0.01])
def test_equalise_stores_normal_weights_and_scales_them_by_the_fan_in(seeded_torch: None, lr_multiplier: float) -> None:
    network = nn.Sequential(nn.Linear(50, 80), nn.Conv2d(40, 30, 3))
    network.requires_grad_(False)
    biases = [layer.bias.clone() for layer in network]
    assert equalise(network, lr_multiplier=lr_multiplier) is network
    for layer, bias, fan_in in zip(network, biases, (50, 40 * 9), strict=True):
        stored = layer.parametrizations.weight.original
        assert stored.std().item() == pytest.approx(1 / lr_multiplier, rel=0.05)
        torch.testing.assert_close(layer.weight, stored * lr_multiplier / math.sqrt(fan_in))
        assert torch.equal(layer.bias, bias)


def test_equalised_weights_learn_at_the_same_speed_whatever_the_width(seeded_torch: None) -> None:
    steps = []
    for width in (4, 400):
        layer = equalise(nn.Linear(width, 1, bias=False))
        before = layer.weight.detach().clone()
        optimiser = torch.optim.Adam(layer.parameters(), lr=0.01)
        layer(torch.ones(1, width)).sum().backward()
        optimiser.step()
        steps.append((((layer.weight - before) / before.std()).abs().mean()).item())
    assert 0.4 < steps[0] / steps[1] < 2.5  # without: 0.1


@pytest.mark.parametrize("kind", ["mapping", "generator", "discriminator"])
def test_fold_keeps_outputs_and_gives_plain_names_back(
    toy_format: MelFormat, toy_config: ModelConfig, seeded_torch: None, kind: str
) -> None:
    network, x = {
        "mapping": (Mapping(toy_config), torch.randn(4, 6)),
        "generator": (Generator(toy_format, toy_config), torch.randn(4, 6)),
        "discriminator": (Discriminator(toy_format, toy_config), torch.randn(4, *toy_format.spectrogram_shape)),
    }[kind]
    plain = list(network.state_dict())
    plain_output = network(x)
    equalise(network, lr_multiplier=0.5)
    equalised_output = network(x)
    folded = fold(copy.deepcopy(network))
    torch.testing.assert_close(folded(x), equalised_output)
    assert set(folded.state_dict()) == set(plain) != set(network.state_dict())
    assert not torch.allclose(equalised_output, plain_output)


def test_folded_weights_can_still_be_learned() -> None:
    layer = fold(equalise(nn.Linear(3, 2)))
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight.requires_grad


def test_unfold_undoes_fold(toy_format: MelFormat, toy_config: ModelConfig, seeded_torch: None) -> None:
    equalised, other = (equalise(Generator(toy_format, toy_config), lr_multiplier=0.5) for _ in range(2))
    z = torch.randn(4, 6)
    folded = fold(copy.deepcopy(equalised))
    other.load_state_dict(unfold(other, folded.state_dict()))
    torch.testing.assert_close(other(z), equalised(z))
