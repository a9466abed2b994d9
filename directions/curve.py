"""Curves in W: at every place the least step that moves one attribute while the others stay within their limits.

A straight line holds near the middle; three standard deviations away attributes bend, and what it left alone moves
after all. A curve asks the attribute map again on its way.

References
----------
Shen et al. 2020, "Interpreting the latent space of GANs", arXiv 1907.10786, section 3.2: what is not to move is
projected out. Here at each place anew, and only as far as it would move too much.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from directions.attribute_map import AttributeMap
from directions.errors import DirectionError

LONGEST_STEP = 0.75
"""Standard deviations of w, of a step of the midpoint rule: half as long ones end within 0.01 of where these do."""
N_ROUNDS = 4
"""How often each attribute's share is chosen anew; after so many none changes by more than a hundredth."""
RIDGE = 1e-3
"""Relative: attributes that rise the same way are no reason for a step of any length."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Curve:
    """A way through W along which one attribute of the sound moves, from wherever it begins.

    A strength of 1 is a way of one standard deviation of w.
    """

    name: str
    """What the performer calls it."""
    attribute: str
    """The attribute that it moves, one of those of the map."""
    limits: Mapping[str, float]
    """How much other attributes may move along, as a share of its own, each in standard deviations; others are free."""
    report: Mapping[str, Any]
    """What was measured when it was found."""
    attribute_map: AttributeMap
    """What it asks for the way."""

    def __post_init__(self) -> None:
        unknown = [name for name in (self.attribute, *self.limits) if name not in self.attribute_map.names]
        wrong = [limit for limit in self.limits.values() if not (np.isfinite(limit) and limit >= 0)]
        if unknown or wrong:
            raise DirectionError(
                f"direction {self.name!r} moves {self.attribute!r} within {dict(self.limits)!r:.200}, attributes of "
                f"its map ({', '.join(self.attribute_map.names)}) and shares from 0 on are needed; find it again"
            )

    def entry(self) -> dict[str, Any]:
        """Describe the curve as it stands in the model file's header."""
        return {
            "name": self.name,
            "attribute": self.attribute,
            "limits": dict(self.limits),
            "report": dict(self.report),
        }

    @property
    def own(self) -> int:
        """Index of its attribute in the map."""
        return self.attribute_map.names.index(self.attribute)

    @property
    def bounds(self) -> np.ndarray:
        """How much each attribute of the map may change while its own changes by 1, `[n_attributes]`."""
        return np.array([1 if name == self.attribute else self.limits.get(name, np.inf)
                         for name in self.attribute_map.names])  # fmt: skip


def follow(w: np.ndarray, moves: Sequence[tuple[Curve, float]]) -> np.ndarray:
    """Move mapped latents along curves of one map, along all of them at once.

    Parameters
    ----------
    w : np.ndarray [shape=(n, w_dim)]
        Mapped latents.
    moves : sequence of (Curve, float)
        Curves, and how far to go along each, in standard deviations of w; about -3 to 3. Without one that is not 0,
        `w` itself is returned, bit for bit.

    Returns
    -------
    np.ndarray [shape=(n, w_dim)]
        float32.
    """
    moves = [(curve, strength) for curve, strength in moves if strength]
    if not moves:
        return w
    attribute_map = moves[0][0].attribute_map
    own, bounds = np.array([curve.own for curve, _ in moves]), np.stack([curve.bounds for curve, _ in moves])
    strengths = np.array([strength for _, strength in moves])
    n_steps = max(math.ceil(np.linalg.norm(strengths) / LONGEST_STEP), 1)
    lengths = strengths / n_steps

    def step(u: np.ndarray) -> np.ndarray:
        return np.asarray(lengths @ least_steps(attribute_map.slopes(u), own, bounds))

    begin = u = attribute_map.place(w)
    for _ in range(n_steps):
        u = u + step(u + step(u) / 2)
    return np.asarray(w + (u - begin) @ attribute_map.steps.T, np.float32)


def least_steps(slopes: np.ndarray, own: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Find the shortest step that moves one attribute and others no more than they may, and make it one unit long.

    Parameters
    ----------
    slopes : np.ndarray [shape=(n, n_attributes, n_axes)]
        How attributes rise at each place.
    own : np.ndarray [shape=(n_curves,)]
        Which attribute each curve moves.
    bounds : np.ndarray [shape=(n_curves, n_attributes)]
        How much each may change while that one changes by 1; 1 for itself.

    Returns
    -------
    np.ndarray [shape=(n, n_curves, n_axes)]
        Unit vectors.

    Notes
    -----
    The shortest step with changes `c` is `J' P c` with `P = inv(J J')`, and `c' P c` the square of its length: least
    within bounds, one coordinate after the other, from what the attribute's own slope changes.
    """
    tiny = np.finfo(float).tiny
    gram = slopes @ slopes.mT
    n_attributes = gram.shape[-1]
    level = np.trace(gram, axis1=-2, axis2=-1)[:, None, None] / n_attributes
    cost = np.linalg.inv(gram + (RIDGE * level + tiny) * np.eye(n_attributes))
    least = np.where(np.arange(n_attributes) == own[:, None], bounds, -bounds)
    changes = np.clip(gram[:, own] / (gram[:, own, own, None] + tiny), least, bounds)
    pulls = changes @ cost
    for _ in range(N_ROUNDS):
        for index in range(n_attributes):
            row, before = cost[:, index, None], changes[..., index]
            free = before - pulls[..., index] / row[..., index]
            after = np.minimum(np.maximum(free, least[:, index]), bounds[:, index])
            pulls += (after - before)[..., None] * row
            changes[..., index] = after
    steps = pulls @ slopes
    return np.asarray(steps / (np.linalg.norm(steps, axis=-1, keepdims=True) + tiny))
