"""Moves in W that have names: found by regression, measured on sound, made in one call.

::

    attributes --survey--> values --regression--> attribute_map --curve--> table (in the model file) --move--> ws
    loops of one's own --projection--> w --examples--> line -->

Names that need torch are loaded when first used, so that the audio and control processes never import it.
"""

from directions.attribute_map import AttributeMap
from directions.curve import Curve
from directions.errors import DirectionError
from directions.move import move
from directions.table import Direction, Line, read_directions
from melgan_vocoder.lazy import load_later

__all__ = [
    "ATTRIBUTES",
    "AttributeMap",
    "Curve",
    "Direction",
    "DirectionError",
    "Line",
    "Listener",
    "Population",
    "measure",
    "move",
    "read_directions",
    "sefa_axes",
]

__getattr__ = load_later(
    __name__,
    {
        "ATTRIBUTES": "attributes",
        "Listener": "survey",
        "Population": "population",
        "measure": "attributes",
        "sefa_axes": "sefa",
    },
)
