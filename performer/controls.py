"""The control table: one row a control, from which every surface is made."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from performer.errors import ControlError
from stylegan_audio.latent import MAX_SEED

N_DECKS = 4
DIRECTION_NAMES = ("density", "bass")
"""Directions that have a control on every deck."""
DIRECTION_RANGE = 3.0
FIRST_SEED = 3
"""Seed of the first deck at start: a loop in the middle, with room for every direction."""
MASTER_MIDI_CHANNEL = 16
MIDI_MAX = 127
MIDI_CENTER = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class Control:
    """One row of the table."""

    path: str
    """Its OSC address."""
    types: str
    """OSC type of each value: `i` or `f`."""
    minimum: float
    """Smallest value; smaller ones are clipped."""
    maximum: float
    """Largest value; larger ones are clipped."""
    default: tuple[float, ...]
    """Values at start, one for each type."""
    unit: str
    """What the numbers count."""
    smoothing_ms: float
    """Time constant with which the sound follows; 0 for values that are rendered into the loop."""
    help: str
    """What it does to the sound, in one line."""
    midi_channel: int
    """MIDI channel it listens on, 1 to 16."""
    midi_controllers: tuple[int, ...]
    """MIDI controller number of each value."""

    def accept(self, arguments: Sequence[object]) -> tuple[float, ...]:
        """Turn the arguments of a message into values, clipped to the range.

        Parameters
        ----------
        arguments : sequence of object
            What a surface sent; whole floats are taken for integers and integers for floats.

        Returns
        -------
        tuple of float
            One value for each type.

        Raises
        ------
        ControlError
            If there are too many or too few, or one is no finite number, or an integer is needed and not given.
        """
        if len(arguments) != len(self.types):
            raise ControlError(
                f"{self.path} got {len(arguments)} values, {len(self.types)} ({self.describe_range()}) needed; send "
                f"{' '.join(f'{value:g}' for value in self.default)} for example"
            )
        return tuple(self.accept_one(argument, kind) for argument, kind in zip(arguments, self.types, strict=True))

    def accept_one(self, argument: object, kind: str) -> float:
        """Turn one argument into a value; see `accept`."""
        number = argument if isinstance(argument, int | float) and not isinstance(argument, bool) else math.nan
        if not math.isfinite(number) or (kind == "i" and number != int(number)):
            needed = "a whole number" if kind == "i" else "a number"
            raise ControlError(f"{self.path} got {argument!r}, {needed} ({self.describe_range()}) needed; send one")
        return float(min(max(number, self.minimum), self.maximum))

    def from_midi(self, value: int) -> float:
        """Turn a MIDI controller value into a value of this control.

        Parameters
        ----------
        value : int
            0 to 127; 64 is exactly the middle, so that a bipolar control can be set to neutral.

        Returns
        -------
        float
            Within the range.
        """
        below = value <= MIDI_CENTER
        share = value / MIDI_CENTER / 2 if below else 0.5 + (value - MIDI_CENTER) / (MIDI_MAX - MIDI_CENTER) / 2
        return self.minimum + share * (self.maximum - self.minimum)

    def describe_range(self) -> str:
        """Say the range in words, such as `-3 to 3 sigma`."""
        return f"{self.minimum:.10g} to {self.maximum:.10g} {self.unit}".strip()


def deck_controls(deck: int) -> list[Control]:
    """List the controls of one deck, counted from 1."""
    shared = {"minimum": 0.0, "maximum": 1.0, "unit": "", "smoothing_ms": 0.0, "midi_channel": deck}
    rows: list[dict[str, object]] = [
        {
            "path": "seed",
            "types": "i",
            "maximum": float(MAX_SEED),
            "default": (FIRST_SEED + 10.0 * (deck - 1),),
            "help": "Loop in the pad's first corner; the other three hold the next three seeds.",
            "midi_controllers": (),
        },
        {
            "path": "morph",
            "types": "ff",
            "default": (0.0, 0.0),
            "help": "Place on the pad between the four seeds: right, then up.",
            "midi_controllers": (20, 21),
        },
        *(
            {
                "path": name,
                "types": "f",
                "minimum": -DIRECTION_RANGE,
                "maximum": DIRECTION_RANGE,
                "default": (0.0,),
                "unit": "sigma",
                "help": text,
                "midi_controllers": (controller,),
            }
            for name, controller, text in (
                ("density", 16, "Sparser below 0, denser above."),
                ("bass", 17, "Lighter below 0, heavier above."),
            )
        ),
        {
            "path": "spread",
            "types": "f",
            "maximum": 2.0,
            "default": (0.8,),
            "unit": "sigma",
            "help": "How much the four loops of the deck differ.",
            "midi_controllers": (18,),
        },
        {
            "path": "width",
            "types": "f",
            "default": (0.7,),
            "smoothing_ms": 10.0,
            "help": "How far apart the four loops stand, from mono to wide; mono below 150 Hz at any width.",
            "midi_controllers": (19,),
        },
        {
            "path": "level",
            "types": "f",
            "default": (0.8 if deck == 1 else 0.0,),
            "smoothing_ms": 10.0,
            "help": "Fader of the deck; its square is the gain.",
            "midi_controllers": (7,),
        },
    ]
    return [Control(**{**shared, **row, "path": f"/deck/{deck}/{row['path']}"}) for row in rows]  # type: ignore[arg-type]


def master_controls() -> list[Control]:
    """List the controls behind the decks."""
    return [
        Control(
            path="/master/level",
            types="f",
            minimum=0.0,
            maximum=1.0,
            default=(0.8,),
            unit="",
            smoothing_ms=10.0,
            help="Fader of the whole mix; its square is the gain.",
            midi_channel=MASTER_MIDI_CHANNEL,
            midi_controllers=(7,),
        )
    ]


CONTROLS: tuple[Control, ...] = (
    *(row for deck in range(1, N_DECKS + 1) for row in deck_controls(deck)),
    *master_controls(),
)
"""Every control of the instrument."""

CONTROLS_BY_PATH = {control.path: control for control in CONTROLS}

SLOTS = {
    control.path: slice(start, start + len(control.types))
    for control, start in zip(
        CONTROLS, np.cumsum([0] + [len(control.types) for control in CONTROLS[:-1]]).tolist(), strict=True
    )
}
"""Where each control's values stand in the array of values that the processes share."""

LEVEL_SLOTS = [SLOTS[f"/deck/{deck}/level"].start for deck in range(1, N_DECKS + 1)]
"""Where the decks' levels stand."""
WIDTH_SLOTS = [SLOTS[f"/deck/{deck}/width"].start for deck in range(1, N_DECKS + 1)]
"""Where the decks' widths stand."""

N_VALUES = sum(len(control.types) for control in CONTROLS)

BY_MIDI = {
    (control.midi_channel, controller): (control, index)
    for control in CONTROLS
    for index, controller in enumerate(control.midi_controllers)
}
"""Control and index of its value for each MIDI channel (1 to 16) and controller number."""


def default_values() -> np.ndarray:
    """Make the array of all controls' values as they are at start.

    Returns
    -------
    np.ndarray [shape=(N_VALUES,)]
        float64, in the order of `SLOTS`.
    """
    return np.array([value for control in CONTROLS for value in control.default])


def find_control(path: str) -> Control:
    """Find a control by its address.

    Raises
    ------
    ControlError
        If there is none of that name.
    """
    if path not in CONTROLS_BY_PATH:
        raise ControlError(
            f"{path} is not a control; needed is an address such as /deck/1/density; see 'loopmorph controls'"
        )
    return CONTROLS_BY_PATH[path]
