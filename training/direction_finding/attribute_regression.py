"""Attributes regressed on w: the map that directions follow."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from directions.attribute_map import N_LAYERS, AttributeMap
from directions.population import Population

MAX_AXES = 64
"""Principal axes that are looked at. With 32 of 256 it explained as much of `drums`, with all of them less."""
WIDTH = 96
DROPOUT = 0.1
BATCH = 128
N_EPOCHS = 60
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2
HELD_OUT = 0.2
"""Share of the samples that only score the regression."""
SEED = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class AttributeRegression:
    """How attributes rise in W, and how well that is known."""

    attribute_map: AttributeMap
    """What was learned."""
    r2: Mapping[str, float]
    """Share of each attribute's variance that it explains in samples that took no part."""
    correlation: np.ndarray
    """Correlation of each with each, `[n, n]`."""

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes."""
        return self.attribute_map.names

    def correlate(self, name: str, other: str) -> float:
        """Correlation of two attributes."""
        return float(self.correlation[self.names.index(name), self.names.index(other)])

    @classmethod
    def fit(
        cls, population: Population, *, w: np.ndarray, values: Mapping[str, np.ndarray], advance: Callable[[int], None]
    ) -> "AttributeRegression":
        """Regress attributes on latents.

        Parameters
        ----------
        population : Population
            Latents of the model.
        w : np.ndarray [shape=(n, w_dim)]
            Latents of the samples, `n` several times `w_dim`.
        values : dict of str to np.ndarray [shape=(n,)]
            Each attribute's measured values; one that is the same in all samples is left out.
        advance : callable
            Called with 1 after each epoch of `N_EPOCHS`.
        """
        moving = {name: stats.zscore(value) for name, value in values.items() if np.ptp(value) > 0}
        steps = (population.axes * population.scale)[:, :MAX_AXES]
        x = torch.from_numpy(population.whiten(w)[:, :MAX_AXES]).float()
        y = torch.from_numpy(np.stack(list(moving.values()), axis=1)).float()
        n_fit = int(len(x) * (1 - HELD_OUT))
        network = train(x[:n_fit], y[:n_fit], advance=advance)
        with torch.inference_mode():
            error = (network(x[n_fit:]) - y[n_fit:]).var(dim=0) / y[n_fit:].var(dim=0)
        layers = [layer for layer in network if isinstance(layer, nn.Linear)]
        attribute_map = AttributeMap(
            names=tuple(moving),
            mean=as_written(population.mean),
            steps=as_written(steps),
            weights=tuple(as_written(layer.weight.detach().numpy().T) for layer in layers),
            biases=tuple(as_written(layer.bias.detach().numpy()) for layer in layers),
        )
        return cls(
            attribute_map=attribute_map,
            r2=dict(zip(moving, (1 - error).tolist(), strict=True)),
            correlation=np.atleast_2d(np.corrcoef(np.stack(list(moving.values())))),
        )


def as_written(array: np.ndarray) -> np.ndarray:
    """Round to what the model file holds, so that what is examined is what will be read."""
    return array.astype(np.float16).astype(np.float64)


def train(x: Tensor, y: Tensor, *, advance: Callable[[int], None]) -> nn.Sequential:
    """Train the network, the same for the same samples.

    Parameters
    ----------
    x : Tensor [shape=(n, n_axes)]
        Where the samples are.
    y : Tensor [shape=(n, n_attributes)]
        Standardised attributes.
    advance : callable
        Called with 1 after each epoch.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = build_network(x.shape[1], y.shape[1])
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
        n_batches = -(-len(x) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=N_EPOCHS * n_batches)
        for _ in range(N_EPOCHS):
            for chosen in torch.split(torch.randperm(len(x)), BATCH):
                loss = nn.functional.mse_loss(network(x[chosen]), y[chosen])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
            advance(1)
    return network.eval()


def build_network(n_in: int, n_out: int) -> nn.Sequential:
    """Make the layers of an `AttributeMap`, with dropout between them while it learns."""
    sizes = [n_in, *[WIDTH] * (N_LAYERS - 1), n_out]
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after), nn.SiLU(), nn.Dropout(DROPOUT)]
    return nn.Sequential(*layers[:-2])
