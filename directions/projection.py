"""Loop -> the place in W where a model comes nearest to it."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from directions.likeness import COARSE, POOLS, Fidelity, distance_db, distances_db, heard_db, pooled
from directions.random_loops import RandomLoops
from melgan_vocoder.loop_analysis import analyse_loop

N_STEPS = 100
"""Steps for a loop that is to be played; more come hardly nearer."""
LEARNING_RATE = 0.2
"""First one, in standard deviations of whitened W; it falls to 0 on a half cosine."""
PULL_DB = 0.5
"""What a place as far out as random ones costs."""
LOUD_RMS = 0.1
"""Level at which loops are analysed."""
BATCH = 2
"""Loops searched for at a time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Projection:
    """Where a model comes nearest to a loop."""

    u: np.ndarray
    """In whitened W, float32 `[w_dim]`."""
    w: np.ndarray
    """In W, not truncated, float32 `[w_dim]`."""
    fidelity: Fidelity
    """How near."""


def project(
    random_loops: RandomLoops, loops: Sequence[np.ndarray], *, n_steps: int, advance: Callable[[int], None]
) -> list[Projection]:
    """Find the places of loops in W: from the nearest of the random loops on, downhill.

    Parameters
    ----------
    random_loops : RandomLoops
        Those of the model.
    loops : sequence of np.ndarray [shape=(n_samples,)]
        float32 audio of 2 bars at any tempo; none silent.
    n_steps : int
        Steps downhill.
    advance : callable
        Called with the number of loops after each step of theirs, `n_steps * len(loops)` in all.

    Returns
    -------
    list of Projection
        One for each loop.

    References
    ----------
    Karras et al. 2020, arXiv 1912.04958, section 5 and appendix D: projection into W; here with a Gaussian prior in
    whitened W (Wulff and Torralba 2020, "Improving inversion and generation diversity in StyleGAN using a gaussianized
    latent space", arXiv 2009.06529) in place of noise.
    """
    found = []
    for start in range(0, len(loops), BATCH):
        target = torch.cat([target_level(random_loops, loop) for loop in loops[start : start + BATCH]])
        found += search(random_loops, target, n_steps=n_steps, advance=advance)
    return found


def target_level(random_loops: RandomLoops, loop: np.ndarray) -> Tensor:
    """Analyse a loop in the model's format: how it sounds, `[1, n_mels, n_frames]`."""
    fmt = random_loops.generator.mel_format
    audio = loop * np.float32(LOUD_RMS / np.sqrt(np.mean(np.square(loop, dtype=np.float64))))
    return heard_db(torch.from_numpy(analyse_loop(audio, fmt)[:1]), fmt)


def search(
    random_loops: RandomLoops, target: Tensor, *, n_steps: int, advance: Callable[[int], None]
) -> list[Projection]:
    """Find the places of a batch of loops, given as they sound, `[B, n_mels, n_frames]`."""
    coarse = distances_db(pooled(target, COARSE), pooled(random_loops.level_db, COARSE))
    u = random_loops.u[coarse.argmin(dim=1)].clone().requires_grad_()
    optimiser = torch.optim.Adam([u], lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, n_steps)
    targets = [pooled(target, pool) for pool in POOLS]
    for _ in range(n_steps):
        optimiser.zero_grad()
        drawn = random_loops.levels(u)
        parts = [distance_db(pooled(drawn, pool), aim) for pool, aim in zip(POOLS, targets, strict=True)]
        loss = torch.stack(parts).mean(dim=0) + PULL_DB * u.square().mean(dim=1)
        torch.autograd.backward(loss.sum())
        optimiser.step()
        schedule.step()
        advance(len(target))
    with torch.no_grad():
        reached = distance_db(random_loops.levels(u), target).tolist()
        nearest = distances_db(target, random_loops.level_db).amin(dim=1).tolist()
        w = random_loops.untruncated(u)
    return [
        Projection(
            u=u[row].detach().numpy(),
            w=w[row].numpy(),
            fidelity=Fidelity(
                distance_db=reached[row],
                nearest_db=nearest[row],
                spread_db=random_loops.spread_db,
            ),
        )
        for row in range(len(target))
    ]
