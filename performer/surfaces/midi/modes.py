"""What a MIDI message says: where a knob stands, how far it was turned, whether a button is down."""

import dataclasses
from typing import Any

SEVEN_BITS, FOURTEEN_BITS = 127, 16_383
"""Largest values of a message, and of a pair of them or a pitch bend."""
PRESSED_FROM = 64
"""A controller that stands for a button is down from this value on."""
FINE_OFFSET = 32
"""The controller that much above says the lower seven bits of a pair."""
BEND_CENTER = 8192

KNOB_MODES = ("absolute", "14-bit", "twos-complement", "binary-offset", "sign-magnitude")
"""What the value of a knob says: where it stands, in 7 bits or, with the controller 32 above, in 14; or how far it was
turned, in one of three ways of writing steps to the left."""
RELATIVE_MODES = KNOB_MODES[2:]
BUTTON_MODES = ("toggle", "momentary", "trigger")
"""What a press does: switches over; holds until it is let go; sets, or does, and no more."""


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Source:
    """What of a controller sends: a knob, a fader, a button."""

    kind: str
    """`cc`, `note` or `bend`."""
    channel: int
    """1 to 16."""
    number: int = 0
    """Of the controller or note, 0 to 127."""

    def __str__(self) -> str:
        names = {"cc": f"controller {self.number}", "note": f"note {self.number}", "bend": "pitch bend"}
        return f"channel {self.channel} {names[self.kind]}"


def read_message(message: Any) -> tuple[Source, int] | None:
    """Tell who sends a message, and its value.

    Parameters
    ----------
    message : mido.Message
        Of any kind.

    Returns
    -------
    tuple of Source and int, or None
        0 to 127, of a pitch bend 0 to 16383; a note that is let go is 0. None for messages that no hand sends.
    """
    if message.type == "control_change":
        return Source(kind="cc", channel=message.channel + 1, number=message.control), int(message.value)
    if message.type in ("note_on", "note_off"):
        source = Source(kind="note", channel=message.channel + 1, number=message.note)
        return source, int(message.velocity) if message.type == "note_on" else 0
    if message.type == "pitchwheel":
        return Source(kind="bend", channel=message.channel + 1), int(message.pitch) + BEND_CENTER
    return None


def is_down(source: Source, value: int) -> bool:
    """Whether a value says that a button is pressed: of a note any, of a controller the upper half."""
    return value >= (1 if source.kind == "note" else PRESSED_FROM)


def place_of(value: int, *, largest: int = SEVEN_BITS) -> float:
    """Tell where a knob stands.

    Parameters
    ----------
    value : int
        0 to `largest`.
    largest : int
        `SEVEN_BITS` or `FOURTEEN_BITS`.

    Returns
    -------
    float
        0 to 1; its middle value is exactly the middle, so that a bipolar control can be set to neutral.
    """
    center = (largest + 1) // 2
    return value / center / 2 if value <= center else 0.5 + (value - center) / (largest - center) / 2


def value_of(place: float, *, largest: int = SEVEN_BITS) -> int:
    """Tell which value says that a knob stands at a place; the inverse of `place_of`."""
    center = (largest + 1) // 2
    return round(place * 2 * center) if place <= 0.5 else center + round((place - 0.5) * 2 * (largest - center))


def steps_of(value: int, *, mode: str) -> int:
    """Tell how far an endless knob was turned.

    Parameters
    ----------
    value : int
        0 to 127.
    mode : str
        One of `RELATIVE_MODES`: -1 is 127, 63 or 65.

    Returns
    -------
    int
        Steps, to the right above 0.
    """
    if mode == "binary-offset":
        return value - 64
    if value < 64:
        return value
    return value - 128 if mode == "twos-complement" else 64 - value
