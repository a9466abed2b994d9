"""Losses against their formulas, R1 and path lengths against functions whose derivatives are known."""

import numpy as np
import pytest
import torch

from melgan_vocoder.format import MelFormat
from training.gan.config import LossConfig
from training.gan.losses import discriminator_loss, discriminator_view, generator_loss, gradient_penalty, path_lengths

DRAWN, REAL = np.array([-2.0, 0.5, 3.0]), np.array([-1.0, 0.0, 4.0])


def test_generator_loss_is_non_saturating_and_logistic() -> None:
    needed = np.log(1 + np.exp(-DRAWN)).mean()
    assert generator_loss(torch.from_numpy(DRAWN)).item() == pytest.approx(needed)


def test_discriminator_loss_is_logistic_on_both_sides() -> None:
    needed = np.log(1 + np.exp(DRAWN)).mean() + np.log(1 + np.exp(-REAL)).mean()
    got = discriminator_loss(torch.from_numpy(DRAWN), torch.from_numpy(REAL))
    assert got.item() == pytest.approx(needed)


def test_losses_push_logits_where_they_belong() -> None:
    drawn, real = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    discriminator_loss(drawn, real).backward()
    assert (drawn.grad > 0).all()
    assert (real.grad < 0).all()
    drawn.grad = None
    generator_loss(drawn).backward()
    assert (drawn.grad < 0).all()


def test_gradient_penalty_is_the_squared_norm_of_a_known_gradient(rng: np.random.Generator) -> None:
    weight = torch.from_numpy(rng.standard_normal((2, 3, 4))).requires_grad_()
    real = torch.from_numpy(rng.standard_normal((5, 2, 3, 4))).requires_grad_()
    penalty = gradient_penalty((weight * real.square()).sum(dim=(1, 2, 3)), real)
    needed = np.square(2 * weight.detach().numpy() * real.detach().numpy()).sum(axis=(1, 2, 3)).mean()
    assert penalty.item() == pytest.approx(needed, rel=1e-6)
    penalty.backward()
    slope = 8 * weight.detach().numpy() * np.square(real.detach().numpy()).mean(axis=0)
    np.testing.assert_allclose(weight.grad.numpy(), slope, rtol=1e-5)


def test_path_length_is_the_norm_of_the_jacobians_product(rng: np.random.Generator) -> None:
    matrix = torch.from_numpy(rng.standard_normal((6, 2 * 4 * 8)))
    w = torch.from_numpy(rng.standard_normal((3, 6))).requires_grad_()
    noise = torch.from_numpy(rng.standard_normal((3, 2, 4, 8)))
    lengths = path_lengths((w @ matrix).view(3, 2, 4, 8), w, noise)
    products = matrix.numpy() @ noise.numpy().reshape(3, -1).T / np.sqrt(32)
    np.testing.assert_allclose(lengths.detach().numpy(), np.linalg.norm(products, axis=0), rtol=1e-6)


def test_view_leaves_the_mel_and_scales_band_frequency_by_loudness(toy_format: MelFormat) -> None:
    mel = torch.tensor([toy_format.floor - 0.1, toy_format.floor, toy_format.floor / 2, 0.0, 1.0]).view(1, 1, 1, 5)
    spectrogram = torch.cat([mel, torch.full_like(mel, 1.5)], dim=1)
    view = discriminator_view(spectrogram, LossConfig(band_frequency_scale=0.4), toy_format)
    assert torch.equal(view[:, :1], mel)
    torch.testing.assert_close(view[0, 1, 0], torch.tensor([0, 0, 0.3, 0.6, 0.6]))
    plain = LossConfig(band_frequency_scale=1.0, band_frequency_by_loudness=False)
    assert torch.equal(discriminator_view(spectrogram, plain, toy_format), spectrogram)
