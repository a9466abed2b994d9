"""The random loops of a model: how they sound, and W as they fill it."""

import dataclasses
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from directions.likeness import distances_db, heard_db
from directions.population import Population
from directions.survey import TRUNCATION_PSI
from stylegan_audio.generator import Generator
from stylegan_audio.latent import seed_latent

N_DRAWN = 128
"""Random loops that are drawn."""
BATCH = 4
"""Loops drawn at a time."""
N_MAPPED = 4096
"""Random latents that tell how W is filled."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RandomLoops:
    """Loops of a model that nobody chose; `u` is w, as it is played, in standard deviations along its axes."""

    generator: Generator
    """The model."""
    population: Population
    """Its latents, truncated as they are played."""
    u: Tensor
    """The loops in whitened W, `[N_DRAWN, w_dim]`."""
    level_db: Tensor
    """How they sound, as of `heard_db`, `[N_DRAWN, n_mels, n_frames]`."""
    spread_db: float
    """Between two of them, on average."""

    @classmethod
    def draw(cls, generator: Generator, *, advance: Callable[[int], None]) -> "RandomLoops":
        """Draw a model's random loops, those of the seeds from 0 on.

        Parameters
        ----------
        generator : Generator
            The model, without gradients.
        advance : callable
            Called with the number of loops after each batch, `N_DRAWN` in all.

        Returns
        -------
        RandomLoops
            The loops.
        """
        z = np.stack([seed_latent(seed, generator.config.z_dim) for seed in range(N_MAPPED)])
        with torch.no_grad():
            w = generator.map(torch.from_numpy(z), truncation_psi=TRUNCATION_PSI)
            levels = []
            for start in range(0, N_DRAWN, BATCH):
                levels.append(draw_levels(generator, w[start : min(start + BATCH, N_DRAWN)]))
                advance(len(levels[-1]))
        population = Population.of(w.numpy())
        level_db = torch.cat(levels)
        n = len(level_db)
        return cls(
            generator=generator,
            population=population,
            u=torch.from_numpy(population.whiten(population.w[:n])).float(),
            level_db=level_db,
            spread_db=float(distances_db(level_db, level_db).sum() / (n * (n - 1))),
        )

    def unwhiten(self, u: Tensor) -> Tensor:
        """Turn whitened latents into mapped ones, `[B, w_dim]`, as they are played."""
        axes = torch.from_numpy(self.population.scale[:, None] * self.population.axes.T)
        return torch.from_numpy(self.population.mean).to(u) + u @ axes.to(u)

    def levels(self, u: Tensor) -> Tensor:
        """Draw whitened latents `[B, w_dim]`: how they sound, `[B, n_mels, n_frames]`, with gradients."""
        return draw_levels(self.generator, self.unwhiten(u))

    def untruncated(self, u: Tensor) -> Tensor:
        """Give the mapped latents `[B, w_dim]` that are played as whitened ones once they are truncated."""
        w_avg = self.generator.w_avg
        return w_avg + (self.unwhiten(u) - w_avg) / TRUNCATION_PSI


def draw_levels(generator: Generator, w: Tensor) -> Tensor:
    """Draw mapped latents `[B, w_dim]` as they are: levels `[B, n_mels, n_frames]`."""
    return heard_db(generator.synthesis(generator.broadcast(w))[:, 0], generator.mel_format)
