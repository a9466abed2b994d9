"""The running mean of a generator's weights, which is what is played."""

import torch
from torch import Tensor

from stylegan_audio.generator import Generator
from training.gan.config import OptimiserConfig


def half_life_kimg(n_images: int, config: OptimiserConfig) -> float:
    """Half-life of the running mean: short at first, so that it forgets the random beginning.

    Parameters
    ----------
    n_images : int
        Reals seen so far.
    config : OptimiserConfig
        Gives the longest one, and the share of what was seen.

    Returns
    -------
    float
        Thousands of images.
    """
    return min(config.ema_kimg, config.ema_share * n_images / 1000)


def ema_decay(n_images: int, batch_size: int, config: OptimiserConfig) -> float:
    """Share of the old mean that a step keeps; half of it is left after the half-life.

    Parameters
    ----------
    n_images : int
        Reals seen so far.
    batch_size : int
        Reals of the step.
    config : OptimiserConfig
        Gives the half-life.

    Returns
    -------
    float
        0 to below 1.
    """
    half_life = 1000 * half_life_kimg(n_images, config)
    return 0.5 ** (batch_size / half_life) if half_life else 0.0


@torch.no_grad()
def update_average(averaged: Generator, generator: Generator, w_mean: Tensor, *, decay: float) -> None:
    """Let the running means of weights and of w follow.

    Parameters
    ----------
    averaged : Generator
        Changed: its weights, and the `w_avg` of both.
    generator : Generator
        What it follows.
    w_mean : Tensor [shape=(w_dim,)]
        Mean of the step's mapped latents.
    decay : float
        Share of the old that is kept, 0 to 1.
    """
    means: list[Tensor] = list(averaged.parameters())
    values: list[Tensor] = list(generator.parameters())
    torch._foreach_lerp_(means, values, 1 - decay)
    generator.w_avg.lerp_(w_mean, 1 - decay)
    averaged.w_avg.copy_(generator.w_avg)
