"""How weights move: Adam for the generator and the discriminator, and weights that do not move."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from stylegan_audio.generator import Generator
from training.gan.config import GanTrainingConfig


def generator_adam(generator: Generator, config: GanTrainingConfig) -> torch.optim.Adam:
    """Make the generator's optimiser; the mapping network's biases move as slowly as its weights do."""
    settings, loss = config.optimiser, config.loss
    every = loss.path_length_every if loss.path_length_weight else 0
    biases = [value for name, value in generator.mapping.named_parameters() if name.endswith("bias")]
    others = [value for value in generator.parameters() if all(value is not bias for bias in biases)]
    adam = lazy_adam(others, rate=settings.learning_rate, betas=settings.betas, every=every)
    (group,) = adam.param_groups
    adam.add_param_group({"params": biases, "lr": group["lr"] * settings.mapping_lr_multiplier})
    return adam


def discriminator_adam(discriminator: nn.Module, config: GanTrainingConfig) -> torch.optim.Adam:
    """Make the discriminator's optimiser, without the levels that are frozen."""
    settings, loss = config.optimiser, config.loss
    learning = [value for value in discriminator.parameters() if value.requires_grad]
    every = loss.r1_every if loss.r1_gamma else 0
    return lazy_adam(learning, rate=settings.discriminator_learning_rate, betas=settings.betas, every=every)


def lazy_adam(
    weights: Sequence[nn.Parameter], *, rate: float, betas: tuple[float, float], every: int
) -> torch.optim.Adam:
    """Make an optimiser that takes one more step in every `every` (0 for never), and moves as far in all.

    References
    ----------
    Karras et al. 2020, arXiv 1912.04958, appendix B: lazy regularisation.
    """
    share = every / (every + 1) if every else 1.0
    return torch.optim.Adam(weights, lr=rate * share, betas=(betas[0] ** share, betas[1] ** share), eps=1e-8)


def freeze_levels(discriminator: nn.Module, n_levels: int) -> None:
    """Keep the weights of a discriminator's finest levels (FreezeD, arXiv 2002.10964)."""
    if not n_levels:
        return
    levels: Mapping[str, nn.Module] = dict(discriminator.named_children())
    levels["from_spectrogram"].requires_grad_(False)
    for level in list(levels["levels"].children())[:n_levels]:
        level.requires_grad_(False)


def set_learning(weights: Sequence[nn.Parameter], learning: bool) -> None:
    """Let weights take gradients, or not."""
    for weight in weights:
        weight.requires_grad_(learning)
