"""The direction table of a model: named lines and curves in W, read without torch."""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from directions.attribute_map import AttributeMap, read_attribute_map
from directions.curve import Curve
from directions.errors import DirectionError
from melgan_vocoder.errors import LoopmorphError
from stylegan_audio.model_file import DirectionParts, ModelHeader

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
HOLD = ".hold"
"""End of the name of a direction that moves its attribute and holds all others where they are."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """A straight line in W: an axis without a name, or one learned from examples."""

    name: str
    """What the performer calls it."""
    attribute: str
    """What it moves: the kind of its axis, or a name of the performer's."""
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
        """Describe the line, without its vector, as it stands in the model file's header."""
        return {
            "name": self.name,
            "attribute": self.attribute,
            "levels": list(self.levels),
            "sigma": self.sigma,
            "report": dict(self.report),
        }


Direction = Line | Curve


def table_parts(table: Mapping[str, Direction]) -> DirectionParts:
    """Give what the model file holds of directions, as `write_model` takes it."""
    return {name: (each.entry(), each.vector if isinstance(each, Line) else None) for name, each in table.items()}


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
    return read_entries(header, header.directions, read_attribute_map(header))


def read_lines(header: ModelHeader) -> dict[str, Direction]:
    """Read the straight lines of a model by name, whatever has become of its curves and their map.

    Raises
    ------
    DirectionError
        If one of them cannot be read.
    """
    return read_entries(header, [entry for entry in header.directions if not is_curve(entry)], None)


def curved_attributes(header: ModelHeader) -> tuple[str, ...]:
    """Name what the curves of a model move, each once; nothing of them is checked."""
    named = [str(entry.get("attribute")) for entry in header.directions if is_curve(entry)]
    return tuple(dict.fromkeys(named))


def is_curve(entry: Any) -> bool:
    """Whether an entry is of a curve."""
    return isinstance(entry, Mapping) and "limits" in entry


def read_entries(
    header: ModelHeader, entries: Iterable[Any], attribute_map: AttributeMap | None
) -> dict[str, Direction]:
    """Read entries, which must have different names."""
    source = header.weights.source
    table: dict[str, Direction] = {}
    for entry in entries:
        try:
            found = read_curve(entry, attribute_map) if is_curve(entry) else read_line(entry, header)
            if not NAME.fullmatch(found.name) or found.name in table:
                raise DirectionError(
                    f"direction name {found.name[:40]!r}; 1 to 40 lower-case letters, digits, '-', '_' and '.' are "
                    "needed, each once; find the model's directions again"
                )
        except LoopmorphError as error:
            raise DirectionError(f"{source}: {str(error).removeprefix(f'{source}: ')}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise DirectionError(
                f"{source}: direction entry {str(entry)[:80]} cannot be read ({reason}); find the model's directions "
                "again"
            ) from error
        table[found.name] = found
    return table


def read_line(entry: Mapping[str, Any], header: ModelHeader) -> Line:
    """Read the entry and the vector of a line."""
    line = Line(
        name=str(entry["name"]),
        attribute=str(entry["attribute"]),
        levels=tuple(int(level) for level in entry["levels"]),
        sigma=float(entry["sigma"]),
        vector=header.direction_vector(entry["name"]),
        report=entry["report"],
    )
    w_dim, n_levels = header.config.w_dim, header.config.n_levels
    if line.vector.shape != (w_dim,) or not set(line.levels) <= set(range(n_levels)):
        raise DirectionError(
            f"direction {line.name!r} has shape {line.vector.shape} and levels {line.levels}, the model has w_dim "
            f"{w_dim} and levels 0 to {n_levels - 1}; find the model's directions again"
        )
    return line


def read_curve(entry: Mapping[str, Any], attribute_map: AttributeMap | None) -> Curve:
    """Read the entry of a curve."""
    if attribute_map is None:
        raise DirectionError(f"direction {entry['name']!r} follows a map of attributes that is missing; find it again")
    return Curve(
        name=str(entry["name"]),
        attribute=str(entry["attribute"]),
        limits={str(name): float(limit) for name, limit in entry["limits"].items()},
        report=dict(entry["report"]),
        attribute_map=attribute_map,
    )
