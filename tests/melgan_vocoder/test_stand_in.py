"""one channel -> two: shapes, ranges, circular and local in time."""

import numpy as np
import pytest
import torch

from melgan_vocoder.format import MelFormat
from melgan_vocoder.stand_in import StandIn

FORMAT = MelFormat()
HALO = 9
"""Frames that the network sees to either side: 2 of the first convolution, 1 + 2 + 4 of the blocks."""


@pytest.fixture
def stand_in(seeded_torch: None) -> StandIn:
    return StandIn(FORMAT, channels=7).eval().requires_grad_(False)


def mel(rng: np.random.Generator, n_frames: int, *, batch: int = 1) -> torch.Tensor:
    return torch.from_numpy(rng.uniform(-1, 1, (batch, 1, 128, n_frames)).astype(np.float32))


@pytest.mark.parametrize("n_frames", [1, 2, 17, 64])
def test_one_channel_of_any_length_becomes_two(stand_in: StandIn, rng: np.random.Generator, n_frames: int) -> None:
    spectrogram = stand_in(mel(rng, n_frames, batch=3))
    assert spectrogram.shape == (3, 2, 128, n_frames)
    assert spectrogram.dtype == torch.float32
    assert spectrogram.isfinite().all()


def test_other_numbers_of_bands_follow_the_format(rng: np.random.Generator, seeded_torch: None) -> None:
    stand_in = StandIn(MelFormat(n_mels=16, n_linear=4), channels=3)
    assert stand_in(mel(rng, 8)[:, :, :16]).shape == (1, 2, 16, 8)


def test_overdriven_drawing_stays_within_the_format(stand_in: StandIn, rng: np.random.Generator) -> None:
    stand_in.post.weight *= 100
    spectrogram = stand_in(mel(rng, 20))
    assert spectrogram[:, 0].min() == pytest.approx(FORMAT.floor)
    assert spectrogram[:, 0].max() > 1
    assert (float(spectrogram[:, 1].min()), float(spectrogram[:, 1].max())) == (-1.5, 1.5)


def test_channels_are_the_halves_of_the_last_convolution(stand_in: StandIn, rng: np.random.Generator) -> None:
    stand_in.post.weight.zero_()
    stand_in.post.bias.copy_(torch.linspace(-0.9, 0.9, 256))
    spectrogram = stand_in(mel(rng, 3))[0, :, :, 1]
    torch.testing.assert_close(spectrogram.flatten(), torch.linspace(-0.9, 0.9, 256))


@pytest.mark.parametrize("n_frames", [1, 10, 47])
def test_rolling_the_mel_rolls_what_is_drawn(stand_in: StandIn, rng: np.random.Generator, n_frames: int) -> None:
    x = mel(rng, 48)
    torch.testing.assert_close(stand_in(x.roll(n_frames, -1)), stand_in(x).roll(n_frames, -1), atol=1e-5, rtol=0)


def test_a_window_with_a_halo_equals_that_cut_of_the_whole(stand_in: StandIn, rng: np.random.Generator) -> None:
    x = mel(rng, 64)
    window = stand_in(x[..., 20 - HALO : 40 + HALO])[..., HALO:-HALO]
    torch.testing.assert_close(window, stand_in(x)[..., 20:40], atol=1e-5, rtol=0)


def test_a_cut_is_drawn_without_what_it_reaches(stand_in: StandIn, rng: np.random.Generator) -> None:
    x = mel(rng, 64)
    cut = stand_in.cut(x[..., 20 - HALO : 40 + HALO])
    torch.testing.assert_close(cut, stand_in(x)[..., 20:40], atol=1e-5, rtol=0)


def test_half_precision_is_nearly_the_same_in_float32(stand_in: StandIn, rng: np.random.Generator) -> None:
    x = mel(rng, 48)
    half = stand_in(x.bfloat16())
    assert half.dtype == torch.float32
    assert 0 < (half - stand_in(x)).abs().max() < 0.05


def test_batch_equals_one_at_a_time(stand_in: StandIn, rng: np.random.Generator) -> None:
    x = mel(rng, 20, batch=3)
    torch.testing.assert_close(stand_in(x), torch.cat([stand_in(loop[None]) for loop in x]), atol=1e-5, rtol=0)


def test_gradient_reaches_every_weight_and_every_cell(stand_in: StandIn, rng: np.random.Generator) -> None:
    stand_in.requires_grad_()
    x = mel(rng, 20).requires_grad_()
    stand_in(x).square().sum().backward()
    assert x.grad is not None
    assert (x.grad != 0).all()
    for name, weight in stand_in.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name
