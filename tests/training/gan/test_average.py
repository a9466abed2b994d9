"""The running mean: its half-life, and that it follows weights and w."""

import pytest
import torch

from melgan_vocoder.format import MelFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.generator import Generator
from training.gan.average import ema_decay, half_life_kimg, update_average
from training.gan.config import OptimiserConfig

SETTINGS = OptimiserConfig(ema_kimg=10, ema_share=0.05)


@pytest.mark.parametrize(("n_images", "kimg"), [(0, 0), (40_000, 2), (200_000, 10), (10**6, 10)])
def test_half_life_is_a_share_of_what_was_seen_up_to_a_limit(n_images: int, kimg: float) -> None:
    assert half_life_kimg(n_images, SETTINGS) == pytest.approx(kimg)


def test_half_of_the_old_mean_is_left_after_the_half_life() -> None:
    left = 1.0
    for _ in range(10_000 // 50):
        left *= ema_decay(10**6, 50, SETTINGS)
    assert left == pytest.approx(0.5)
    assert ema_decay(0, 64, SETTINGS) == 0


def test_weights_and_w_follow(toy_format: MelFormat, toy_config: ModelConfig, seeded_torch: None) -> None:
    generator, averaged = (Generator(toy_format, toy_config) for _ in range(2))
    before = {name: value.clone() for name, value in averaged.named_parameters()}
    update_average(averaged, generator, torch.ones(8), decay=0.75)
    for name, value in averaged.named_parameters():
        torch.testing.assert_close(value, 0.75 * before[name] + 0.25 * dict(generator.named_parameters())[name])
    assert torch.equal(averaged.w_avg, torch.full((8,), 0.25))
    assert torch.equal(generator.w_avg, averaged.w_avg)
