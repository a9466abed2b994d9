"""Convolutions along time: against explicit loops, silence beyond them; loops wrapped for them."""

import numpy as np
import pytest
import torch

from melgan_vocoder.convolution import Convolution, ResidualBlock, wrapped


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


def direct_convolution(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, dilation: int) -> np.ndarray:
    """`[C, n]` to `[C', n]`, one sample at a time, silence around it."""
    size, n = weight.shape[-1], x.shape[1]
    y = np.zeros((len(weight), n))
    for t in range(n):
        y[:, t] = bias
        for tap in range(size):
            heard = t + (tap - size // 2) * dilation
            if 0 <= heard < n:
                y[:, t] += weight[:, :, 0, tap] @ x[:, heard]
    return y


def parameters(layer: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in layer.state_dict().items()}


def run(layer: torch.nn.Module, x: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return layer(torch.from_numpy(x)[None, :, None])[0, :, 0].numpy()


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("dilation", [1, 4, 9])
@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_equals_explicit_convolution_also_where_it_reaches_beyond_both_ends(
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


@pytest.mark.parametrize(("n", "reach"), [(1, 3), (5, 2), (5, 5), (4, 9)])
def test_wrapped_loop_has_its_end_before_it_and_its_beginning_after_it(
    rng: np.random.Generator, n: int, reach: int
) -> None:
    x = rng.standard_normal((2, 3, 1, n))
    got = wrapped(torch.from_numpy(x), reach)
    np.testing.assert_array_equal(got.numpy(), x[..., np.arange(-reach, n + reach) % n])
    assert got.is_contiguous(memory_format=torch.channels_last)


def test_rolling_a_wrapped_loop_rolls_the_output(rng: np.random.Generator, seeded_torch: None) -> None:
    block, x = ResidualBlock(4, 3).double(), torch.from_numpy(rng.standard_normal((1, 4, 1, 20)))
    with torch.inference_mode():
        plain, rolled = (block(wrapped(each, 3))[..., 3:-3] for each in (x, x.roll(7, -1)))
    torch.testing.assert_close(rolled, plain.roll(7, -1), atol=1e-12, rtol=0)


@pytest.mark.parametrize("learns", [False, True])
def test_features_of_another_precision_meet_weights_of_theirs(
    rng: np.random.Generator, seeded_torch: None, learns: bool
) -> None:
    layer = Convolution(4, 3, 3)
    x = torch.from_numpy(rng.standard_normal((2, 4, 1, 30)).astype(np.float32))
    with torch.set_grad_enabled(learns):
        half = layer(x.bfloat16())
        assert half.dtype == torch.bfloat16
        torch.testing.assert_close(half.float(), layer(x), atol=0.02, rtol=0.02)
        with torch.no_grad():
            layer.bias.add_(1)
        torch.testing.assert_close(layer(x.bfloat16()).float(), half.float() + 1, atol=0.02, rtol=0.02)
    assert half.requires_grad == learns
