"""Moves in W that have names: found by regression, measured on sound, applied in one line.

::

    attributes --survey--> values --regression--> table (in the model file) --move--> ws

Names that need torch are loaded when first used, so that the audio and control processes never import it.
"""

from directions.errors import DirectionError
from directions.move import apply
from directions.table import Direction, read_directions
from melgan_vocoder.lazy import load_later

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

__getattr__ = load_later(
    __name__, {"ATTRIBUTES": "attributes", "find_vectors": "regression", "sweep": "survey", "take_survey": "survey"}
)
