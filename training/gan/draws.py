"""(seed, step) -> what chance decides in a step, by the number of the loop in the step's whole batch.

So a resumed run draws the same, and so do any number of GPUs, each of which takes its share of the rows.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from training.gan.augmentation import N_CHANCES

ROLES = ("reals", "bars", "discriminator", "generator", "path_length")
"""What is drawn for: each has its own numbers."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draw:
    """What chance decides about some loops."""

    z: Tensor
    """Input latents, `[B, z_dim]`."""
    z_fine: Tensor
    """Input latents of the fine levels where styles are mixed, `[B, z_dim]`."""
    crossover: Tensor
    """First level that takes the fine latent, `[B]`; the number of levels where none does."""
    chances: Tensor
    """Uniform numbers for the augmentation, `[B, N_CHANCES]`."""
    noise_seeds: Sequence[int]
    """What each loop's noise is drawn from."""

    def part(self, rows: slice, device: torch.device) -> "Draw":
        """Take some of the loops, on a device."""
        return Draw(
            z=self.z[rows].to(device),
            z_fine=self.z_fine[rows].to(device),
            crossover=self.crossover[rows].to(device),
            chances=self.chances[rows].to(device),
            noise_seeds=self.noise_seeds[rows],
        )

    def noise(self, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
        """Draw standard normal noise of each shape, `[B, *shape]`, on the latents' device."""
        sizes = [int(np.prod(shape)) for shape in shapes]
        generator = torch.Generator(self.z.device)
        rows = [
            torch.randn(sum(sizes), generator=generator.manual_seed(seed), device=self.z.device)
            for seed in self.noise_seeds
        ]
        parts = torch.split(torch.stack(rows), sizes, dim=1)
        return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def make_rng(seed: int, step: int, role: str) -> np.random.Generator:
    """Give the generator of one role in one step."""
    return np.random.default_rng([seed, step, ROLES.index(role)])


def draw(role: str, *, seed: int, step: int, batch_size: int, z_dim: int, n_levels: int, mixing_share: float) -> Draw:
    """Draw for a step's whole batch, on the CPU.

    Parameters
    ----------
    role : str
        One of `ROLES`.
    seed, step : int >= 0
        What it is drawn from.
    batch_size : int
        Loops of the step, over all GPUs.
    z_dim : int
        Length of an input latent.
    n_levels : int
        Levels of the synthesis network.
    mixing_share : float
        Share of loops with mixed styles, 0 to 1.

    Returns
    -------
    Draw
        The same for the same seed, step and role.
    """
    rng = make_rng(seed, step, role)
    latents = torch.from_numpy(rng.standard_normal((2, batch_size, z_dim), dtype=np.float32))
    is_mixed = rng.random(batch_size) < mixing_share
    crossover = np.where(is_mixed, rng.integers(1, max(2, n_levels), batch_size), n_levels)
    return Draw(
        z=latents[0],
        z_fine=latents[1],
        crossover=torch.from_numpy(crossover),
        chances=torch.from_numpy(rng.random((batch_size, N_CHANCES), dtype=np.float32)),
        noise_seeds=[int(number) for number in rng.integers(2**31, size=batch_size)],
    )
