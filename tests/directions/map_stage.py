"""Attribute maps whose answers are known."""

import itertools
from typing import Any

import numpy as np

from directions.attribute_map import AttributeMap
from directions.curve import Curve

W_DIM, N_AXES, WIDTH = 8, 5, 16
NAMES = ("density", "bass", "kick")


def random_map(rng: np.random.Generator) -> AttributeMap:
    """A map of three attributes that bend."""
    sizes = (N_AXES, WIDTH, WIDTH, len(NAMES))
    axes, _ = np.linalg.qr(rng.standard_normal((W_DIM, N_AXES)))
    return AttributeMap(
        names=NAMES,
        mean=rng.standard_normal(W_DIM),
        steps=axes * rng.uniform(0.1, 2, N_AXES),
        weights=tuple(rng.standard_normal((n_in, n_out)) / np.sqrt(n_in) for n_in, n_out in itertools.pairwise(sizes)),
        biases=tuple(rng.standard_normal(n_out) for n_out in sizes[1:]),
    )


def curve(attribute_map: AttributeMap, **changes: Any) -> Curve:
    """A curve that moves bass, and lets nothing else move."""
    fields = {"name": "bass", "attribute": "bass", "limits": {"density": 0.0, "kick": 0.0}, "report": {}}
    return Curve(**fields | changes, attribute_map=attribute_map)
