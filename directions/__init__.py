"""Moves in W that have names: found by regression, measured on sound, applied in one line.

::

    attributes --survey--> values --regression--> correction --> table (in the model file) --move--> ws
    loops of one's own --projection--> w --examples-->

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
    "Listener",
    "Population",
    "Slopes",
    "apply",
    "correct",
    "measure",
    "read_directions",
    "sefa_axes",
]

__getattr__ = load_later(
    __name__,
    {
        "ATTRIBUTES": "attributes",
        "Listener": "survey",
        "Population": "population",
        "Slopes": "regression",
        "correct": "regression",
        "measure": "attributes",
        "sefa_axes": "sefa",
    },
)
