"""w -> mel: against weight modulation as in the paper, seamless, steered level by level."""

import copy
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from stylegan_audio.columns import Columns
from stylegan_audio.errors import ModelError
from stylegan_audio.generator import Generator
from stylegan_audio.layers import double
from stylegan_audio.synthesis import StyledConv, Synthesis, ToSpectrogram


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def parameters(layer: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.double().numpy() for name, tensor in layer.state_dict().items()}


def modulated_convolution(x: np.ndarray, weight: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Equations 1 and 3 of arXiv 1912.04958 on the weights of one sample, then a plain sum over taps."""
    weight = weight * style[None, :, None, None]
    weight = weight / np.sqrt(np.square(weight).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    padded = np.pad(np.pad(x, ((0, 0), (0, 0), (1, 1)), mode="wrap"), ((0, 0), (1, 1), (0, 0)))
    n_rows, n_columns = x.shape[1:]
    return sum(
        np.einsum("oi,ihw->ohw", weight[:, :, row, column], padded[:, row : row + n_rows, column : column + n_columns])
        for row in range(3)
        for column in range(3)
    )


@pytest.mark.parametrize("learns", [False, True])
@pytest.mark.parametrize("up", [False, True])
def test_styled_conv_equals_modulating_the_weights_of_each_sample(
    rng: np.random.Generator, seeded_torch: None, up: bool, learns: bool
) -> None:
    layer = StyledConv(6, 5, w_dim=8, shape=(8, 16), up=up)
    layer.noise_strength.fill_(0.5)
    layer.bias.normal_()
    x, w = rng.standard_normal((3, 6, *((4, 8) if up else (8, 16)))), rng.standard_normal((3, 8))
    state = parameters(layer)
    resized = double(torch.from_numpy(x)).numpy() if up else x
    have, need = Columns.whole(x.shape[-1]), Columns.whole(16)
    with torch.set_grad_enabled(learns):  # what plays is computed in another order
        got = layer.double()(torch.from_numpy(x), torch.from_numpy(w), have, need).detach().numpy()
    assert got.shape == (3, 5, 8, 16)
    for sample in range(3):
        style = state["style.weight"] @ w[sample] + state["style.bias"]
        y = modulated_convolution(resized[sample], state["weight"], style)
        y = y + 0.5 * state["noise"] + state["bias"][:, None, None]
        np.testing.assert_allclose(got[sample], np.where(y > 0, y, 0.2 * y) * np.sqrt(2), atol=1e-8)


def test_styled_conv_starts_with_style_1_and_silent_noise(seeded_torch: None) -> None:
    layer = StyledConv(6, 5, w_dim=8, shape=(4, 8), up=False)
    assert torch.equal(layer.style(torch.zeros(1, 8)), torch.ones(1, 6))
    assert layer.noise_strength == 0
    assert "noise" in dict(layer.named_buffers())


def test_to_spectrogram_equals_modulation_without_demodulation(rng: np.random.Generator, seeded_torch: None) -> None:
    layer = ToSpectrogram(6, w_dim=8, n_channels=2)
    layer.bias.normal_()
    x, w, state = rng.standard_normal((3, 6, 4, 8)), rng.standard_normal((3, 8)), parameters(layer)
    style = w @ state["style.weight"].T + state["style.bias"]
    needed = np.einsum("oi,bi,bihw->bohw", state["weight"][:, :, 0, 0], style, x) + state["bias"][:, None, None]
    got = layer(torch.from_numpy(x).float(), torch.from_numpy(w).float())
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.numpy(), needed, atol=1e-5)


def test_spectrogram_is_the_doubled_sum_of_the_levels_shares(
    toy_generator: Generator, rng: np.random.Generator
) -> None:
    synthesis, shares = toy_generator.synthesis, []
    for level in synthesis.levels:
        level.to_spectrogram.register_forward_hook(lambda layer, inputs, share: shares.append(share))
    spectrogram = synthesis(torch.from_numpy(rng.standard_normal((2, 3, 8)).astype(np.float32)))
    assert [tuple(share.shape) for share in shares] == [(2, 2, 4, 16), (2, 2, 8, 32), (2, 2, 16, 64)]
    torch.testing.assert_close(spectrogram, double(double(shares[0]) + shares[1]) + shares[2])


def test_each_level_hears_its_own_w_and_leaves_coarser_ones_alone(
    toy_generator: Generator, rng: np.random.Generator
) -> None:
    synthesis, shares = toy_generator.synthesis, []
    for level in synthesis.levels:
        level.to_spectrogram.register_forward_hook(lambda layer, inputs, share: shares.append(share))
    ws = torch.from_numpy(rng.standard_normal((1, 3, 8)).astype(np.float32))
    synthesis(ws)
    for changed in range(3):
        other, before = ws.clone(), shares[:3]
        other[:, changed] += 1
        del shares[3:]
        synthesis(other)
        same = [torch.equal(one, two) for one, two in zip(before, shares[3:], strict=True)]
        assert same == [level < changed for level in range(3)]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_shape_and_dtype(toy_generator: Generator, rng: np.random.Generator, n_channels: int) -> None:
    synthesis = Synthesis(toy_generator.config, n_channels=n_channels)
    spectrogram = synthesis(torch.from_numpy(rng.standard_normal((3, 3, 8)).astype(np.float32)))
    assert spectrogram.shape == (3, n_channels, 16, 64)
    assert spectrogram.dtype == torch.float32
    assert spectrogram.isfinite().all()


def test_same_w_is_the_same_loop_bit_for_bit_alone_and_in_a_batch_within_rounding(
    toy_generator: Generator, rng: np.random.Generator
) -> None:
    ws = torch.from_numpy(rng.standard_normal((3, 3, 8)).astype(np.float32))
    batch = toy_generator.synthesis(ws)
    assert torch.equal(batch, toy_generator.synthesis(ws))
    alone = torch.cat([toy_generator.synthesis(one[None]) for one in ws])
    torch.testing.assert_close(batch, alone, atol=1e-5, rtol=0)


def test_half_precision_features_draw_nearly_the_same_in_float32(
    toy_generator: Generator, rng: np.random.Generator
) -> None:
    ws = torch.from_numpy(rng.standard_normal((2, 3, 8)).astype(np.float32))
    plain = toy_generator.synthesis(ws)
    features: list[torch.Tensor] = []
    toy_generator.synthesis.levels[2].conv.register_forward_hook(lambda layer, inputs, x: features.append(x))
    toy_generator.synthesis.feature_dtype = torch.bfloat16
    half = toy_generator.synthesis(ws)
    assert features[0].dtype == torch.bfloat16
    assert half.dtype == torch.float32
    assert 0 < (half - plain).abs().max() < 0.03 * plain.abs().max()


def roll_by_coarse_columns(network: Synthesis, n_columns: int) -> Synthesis:
    """A copy whose constant and noise begin later in the loop."""
    rolled = copy.deepcopy(network)
    rolled.const.copy_(rolled.const.roll(n_columns, -1))
    for index, level in enumerate(rolled.levels):
        for conv in (level.conv_up, level.conv):
            if conv is not None:
                conv.noise.copy_(conv.noise.roll(n_columns << index, -1))
    return rolled


def test_rolling_constant_and_noise_rolls_a_toy_loop(toy_generator: Generator, rng: np.random.Generator) -> None:
    ws = torch.from_numpy(rng.standard_normal((2, 3, 8)).astype(np.float32))
    plain = toy_generator.synthesis(ws)
    for n_columns in (1, 7, 15):
        rolled = roll_by_coarse_columns(toy_generator.synthesis, n_columns)(ws)
        torch.testing.assert_close(rolled, plain.roll(4 * n_columns, -1), atol=1e-5, rtol=0)


def test_rolling_constant_and_noise_by_an_eighth_rolls_the_shipped_loop_by_32_frames(generator: Generator) -> None:
    ws = generator.broadcast(generator.w_avg[None])
    rolled = roll_by_coarse_columns(generator.synthesis, 1)(ws)
    torch.testing.assert_close(rolled, generator.synthesis(ws).roll(32, -1), atol=1e-3, rtol=0)


def test_noise_is_that_of_the_model_unless_other_noise_is_given(toy_generator: Generator) -> None:
    synthesis = toy_generator.synthesis
    ws = torch.randn(2, synthesis.config.n_levels, synthesis.config.w_dim)
    own = [
        torch.stack([conv.noise[0] for conv in (level.conv_up, level.conv) if conv is not None]).expand(2, -1, -1, -1)
        for level in synthesis.levels
    ]
    assert [tuple(noise.shape[1:]) for noise in own] == synthesis.noise_shapes
    torch.testing.assert_close(synthesis(ws, own), synthesis(ws))
    drawn = [noise.clone() for noise in own]
    drawn[-1][1] = torch.randn_like(drawn[-1][1])
    differs = (synthesis(ws, drawn) - synthesis(ws)).abs().amax(dim=(1, 2, 3))
    assert differs[0] < 1e-5 < differs[1]


@pytest.mark.parametrize("n_frames", [1, 2, 13, 38, 63, 64, 150])
@pytest.mark.parametrize("first_frame", [0, 1, 5, 62, -7, 100])
def test_a_window_is_that_cut_of_the_whole(
    toy_generator: Generator, rng: np.random.Generator, first_frame: int, n_frames: int
) -> None:
    ws = torch.from_numpy(rng.standard_normal((2, 3, 8)).astype(np.float32))
    window = toy_generator.synthesis.window(ws, first_frame, n_frames)
    assert window.shape == (2, 2, 16, n_frames)
    whole = toy_generator.synthesis(ws)[..., torch.arange(first_frame, first_frame + n_frames) % 64]
    torch.testing.assert_close(window, whole, atol=1e-5, rtol=0)


def test_a_window_hears_the_noise_that_is_given(toy_generator: Generator, rng: np.random.Generator) -> None:
    synthesis = toy_generator.synthesis
    ws = torch.from_numpy(rng.standard_normal((2, 3, 8)).astype(np.float32))
    noise = [torch.randn(2, *shape) for shape in synthesis.noise_shapes]
    whole, window = synthesis(ws, noise), synthesis.window(ws, 60, 20, noise)
    torch.testing.assert_close(window, whole.roll(-60, -1)[..., :20], atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_window_of_the_shipped_model_is_that_cut_of_the_whole(generator: Generator, dtype: torch.dtype) -> None:
    synthesis = copy.deepcopy(generator.synthesis)
    synthesis.feature_dtype = dtype
    ws = generator.broadcast(generator.map(torch.randn(2, 256, generator=torch.Generator().manual_seed(5))))
    whole = synthesis(ws)
    for first_frame, n_frames in ((57, 78), (490, 60)):
        window = synthesis.window(ws, first_frame, n_frames)
        torch.testing.assert_close(window, whole.roll(-first_frame, -1)[..., :n_frames], atol=1e-4, rtol=0)


def test_a_window_computes_no_more_columns_than_it_needs_and_no_level_twice(toy_generator: Generator) -> None:
    synthesis = toy_generator.synthesis
    assert synthesis.needs(20, 10) == [Columns(2, 8, 16), Columns(8, 9, 32), Columns(20, 10, 64)]
    assert synthesis.needs(0, 60) == [Columns(0, 16, 16), Columns(0, 32, 32), Columns(0, 60, 64)]


def test_a_window_of_nothing_is_refused(toy_generator: Generator) -> None:
    with pytest.raises(ModelError, match="window has 0 frames, 1 or more are needed; ask for a part of the loop"):
        toy_generator.synthesis.window(torch.zeros(1, 3, 8), 0, 0)


def test_what_learns_draws_what_plays(toy_generator: Generator, rng: np.random.Generator) -> None:
    ws = torch.from_numpy(rng.standard_normal((2, 3, 8)).astype(np.float32))
    plays = toy_generator.synthesis(ws)
    with torch.enable_grad():
        learns = toy_generator.synthesis(ws)
    torch.testing.assert_close(plays, learns, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["weight", "bias", "noise_strength", "noise"])
def test_weights_that_change_are_heard_at_once_by_a_network_that_has_played(
    toy_generator: Generator, rng: np.random.Generator, name: str
) -> None:
    synthesis = copy.deepcopy(toy_generator.synthesis)
    synthesis.levels[1].conv_up.noise_strength.fill_(0.5)
    ws = torch.from_numpy(rng.standard_normal((1, 3, 8)).astype(np.float32))
    before, copied = synthesis(ws), copy.deepcopy(synthesis)
    for network in (synthesis, copied):
        changed = getattr(network.levels[1].conv_up, name)
        changed.add_(torch.randn_like(changed))
        after = network(ws)
        assert (after - before).abs().max() > 1e-3
        with torch.enable_grad():
            torch.testing.assert_close(after, network(ws), atol=1e-5, rtol=0)
        network.load_state_dict(toy_generator.synthesis.state_dict())
        network.levels[1].conv_up.noise_strength.fill_(0.5)
        torch.testing.assert_close(network(ws), before, atol=0, rtol=0)
