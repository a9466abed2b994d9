"""The direction table of a model: named straight lines in W, read without torch."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from directions.errors import DirectionError
from melgan_vocoder.errors import LoopmorphError
from stylegan_audio.model_file import ModelHeader

HOLD = ".hold"
"""End of the name of a direction that moves its attribute and holds all others where they are."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Direction:
    """A straight line in W along which one attribute of the sound moves."""

    name: str
    """What the performer calls it."""
    attribute: str
    """The measured attribute that it moves, a key of `directions.attributes.ATTRIBUTES`."""
    levels: tuple[int, ...]
    """Levels of the synthesis network that it acts on."""
    sigma: float
    """Standard deviation of w along it: a strength of 1 is a step of this length."""
    vector: np.ndarray
    """Unit vector, float32 `[w_dim]`."""
    report: Mapping[str, Any]
    """What was measured when it was found."""

    def __post_init__(self) -> None:
        length = float(np.linalg.norm(self.vector))
        if not (abs(length - 1) < 1e-3 and np.isfinite(self.sigma) and self.sigma > 0):
            raise DirectionError(
                f"direction {self.name!r} has length {length:g} and sigma {self.sigma:g}, a unit vector and a positive "
                "sigma are needed; find it again"
            )

    def entry(self) -> dict[str, Any]:
        """Describe the direction, without its vector, as it stands in the model file's header."""
        return {
            "name": self.name,
            "attribute": self.attribute,
            "levels": list(self.levels),
            "sigma": self.sigma,
            "report": dict(self.report),
        }


def read_directions(header: ModelHeader) -> dict[str, Direction]:
    """Read the direction table of a model.

    Parameters
    ----------
    header : ModelHeader
        A checked model file.

    Returns
    -------
    dict of str to Direction
        By name; empty for a model without directions.

    Raises
    ------
    DirectionError
        If an entry lacks a field, or does not fit the model.
    """
    table = {}
    for entry in header.directions:
        try:
            name, levels = str(entry["name"]), tuple(int(level) for level in entry["levels"])
            direction = Direction(
                name=name,
                attribute=str(entry["attribute"]),
                levels=levels,
                sigma=float(entry["sigma"]),
                vector=header.direction_vector(name),
                report=entry["report"],
            )
        except LoopmorphError as error:
            raise DirectionError(f"{header.weights.source}: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise DirectionError(
                f"{header.weights.source}: direction entry {str(entry)[:80]} cannot be read ({error!r}); find the "
                "model's directions again"
            ) from error
        if direction.vector.shape != (header.config.w_dim,) or not set(levels) <= set(range(header.config.n_levels)):
            raise DirectionError(
                f"{header.weights.source}: direction {name!r} has shape {direction.vector.shape} and levels {levels}, "
                f"the model has w_dim {header.config.w_dim} and levels 0 to {header.config.n_levels - 1}; find the "
                "model's directions again"
            )
        table[name] = direction
    return table
