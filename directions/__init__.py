"""Moves in W that have names: found by regression, measured on sound, applied in one line.

::

    attributes --survey--> values --regression--> table (in the model file) --move--> ws

Names that need torch are loaded when first used, so that the audio and control processes never import it.
"""

import importlib
from typing import Any

from directions.errors import DirectionError
from directions.move import apply
from directions.table import Direction, read_directions

__all__ = [
    "ATTRIBUTES",
    "Direction",
    "DirectionError",
    "apply",
    "find_vectors",
    "read_directions",
    "sweep",
    "take_survey",
]

_ROOMS = {"ATTRIBUTES": "attributes", "find_vectors": "regression", "sweep": "survey", "take_survey": "survey"}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
