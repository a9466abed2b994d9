"""Convolutions along time: against explicit loops, circular at any length."""

import numpy as np
import pytest
import torch

from melgan_vocoder.convolution import Convolution, ResidualBlock


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


def direct_convolution(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, dilation: int) -> np.ndarray:
    """`[C, n]` to `[C', n]`, one sample at a time, taken modulo the loop."""
    size, n = weight.shape[-1], x.shape[1]
    y = np.zeros((len(weight), n))
    for t in range(n):
        y[:, t] = bias
        for tap in range(size):
            y[:, t] += weight[:, :, 0, tap] @ x[:, (t + (tap - size // 2) * dilation) % n]
    return y


def parameters(layer: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in layer.state_dict().items()}


def run(layer: torch.nn.Module, x: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return layer(torch.from_numpy(x)[None, :, None])[0, :, 0].numpy()


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("dilation", [1, 4, 9])
@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_equals_explicit_circular_convolution_also_where_it_reaches_round_the_loop(
    rng: np.random.Generator, seeded_torch: None, size: int, dilation: int, n: int
) -> None:
    layer, x = Convolution(4, 3, size, dilation=dilation).double(), rng.standard_normal((4, n))
    state = parameters(layer)
    needed = direct_convolution(x, state["weight"], state["bias"], dilation)
    np.testing.assert_allclose(run(layer, x), needed, atol=1e-12)


@pytest.mark.parametrize("dilation", [1, 3, 9, 27])
def test_residual_block_equals_explicit_dilated_convolution(
    rng: np.random.Generator, seeded_torch: None, dilation: int
) -> None:
    block, x = ResidualBlock(4, dilation).double(), rng.standard_normal((4, 20))
    state = parameters(block)
    hidden = leaky(direct_convolution(leaky(x), state["dilated.weight"], state["dilated.bias"], dilation))
    needed = x + direct_convolution(hidden, state["pointwise.weight"], state["pointwise.bias"], 1)
    np.testing.assert_allclose(run(block, x), needed, atol=1e-12)


def test_memory_layout_makes_no_difference(rng: np.random.Generator, seeded_torch: None) -> None:
    layer = Convolution(4, 3, 3, dilation=2)
    x = torch.from_numpy(rng.standard_normal((2, 4, 1, 30)).astype(np.float32))
    torch.testing.assert_close(layer(x.contiguous(memory_format=torch.channels_last)), layer(x), atol=1e-6, rtol=0)


def test_rolling_the_input_rolls_the_output(rng: np.random.Generator, seeded_torch: None) -> None:
    block, x = ResidualBlock(4, 3).double(), rng.standard_normal((4, 20))
    np.testing.assert_allclose(run(block, np.roll(x, 7, axis=1)), np.roll(run(block, x), 7, axis=1), atol=1e-12)
