"""Mappings: which knob, fader or button of a controller is for which control."""

import dataclasses
import functools
import math

from performer.actions import ACTIONS_BY_CONTROLLER, ACTIONS_BY_NOTE, Action
from performer.controls import BY_MIDI, CONTROLS_BY_NOTE, Control
from performer.surfaces.midi.modes import (
    BUTTON_MODES,
    FINE_OFFSET,
    FOURTEEN_BITS,
    KNOB_MODES,
    RELATIVE_MODES,
    SEVEN_BITS,
    Source,
    value_of,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Light:
    """An LED, a ring of them, or a motor: it shows what a control is."""

    source: Source
    """The message that it obeys."""
    on: int = SEVEN_BITS
    """What it is sent for a button that is on, and for the upper end of a knob."""
    off: int = 0
    """The same for a button that is off, and for the lower end."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One knob, fader or button, and what it is for."""

    source: Source
    """What it sends."""
    target: Control | Action
    """What it moves or does."""
    index: int = 0
    """Which of the control's values."""
    mode: str
    """One of `KNOB_MODES` or `BUTTON_MODES`."""
    on: float
    """Of a button: what a press sets, or the first value that the action gets."""
    off: float
    """Of a button that switches or holds: the other value."""
    limits: tuple[float, float]
    """Of a knob: the part of the control's range that it covers; from high to low, it is turned round."""
    takeover: bool
    """Whether a knob that stands elsewhere than the control waits until it is led there."""
    light: Light | None = None
    """What shows its state."""

    @property
    def is_button(self) -> bool:
        """Whether it is pressed, not turned."""
        return self.mode in BUTTON_MODES

    @property
    def learned(self) -> tuple[str, int]:
        """What of `actions.TARGETS` it is for."""
        if isinstance(self.target, Action):
            return self.target.path, 0 if self.target.is_button else int(self.on)
        return self.target.path, self.index

    @property
    def is_whole(self) -> bool:
        """Whether the value is a whole number."""
        return self.target.types[-1 if isinstance(self.target, Action) else self.index] == "i"

    @property
    def largest(self) -> int:
        """Largest value of a knob that tells where it stands."""
        return FOURTEEN_BITS if self.mode == "14-bit" or self.source.kind == "bend" else SEVEN_BITS

    @property
    def sources(self) -> tuple[Source, ...]:
        """All that it sends: two for a pair of controllers."""
        if self.mode != "14-bit":
            return (self.source,)
        return self.source, dataclasses.replace(self.source, number=self.source.number + FINE_OFFSET)

    def number_at(self, place: float) -> float:
        """Turn a knob's place, 0 to 1, into a value."""
        low, high = self.limits
        number = low + place * (high - low)
        return float(math.floor(number + 0.5)) if self.is_whole else number  # the middle of a switch is on

    def place_at(self, number: float) -> float:
        """Turn a value into a knob's place, 0 to 1; a value that it does not reach is the nearer end."""
        low, high = self.limits
        return min(max((number - low) / (high - low), 0.0), 1.0)

    def moved(self, number: float, steps: int) -> float:
        """Tell the value that an endless knob has moved to: a whole number by one a step, others by 1/127."""
        low, high = sorted(self.limits)
        step = 1.0 if self.is_whole else (high - low) / SEVEN_BITS
        turned = steps if self.limits[0] < self.limits[1] else -steps
        return min(max(number + turned * step, low), high)

    def shown(self, number: float) -> int:
        """Tell what the light is sent for a value."""
        light = self.light or Light(source=self.source)
        if self.is_button:
            return light.on if number == self.on else light.off
        if light.source.kind == "bend":
            return value_of(self.place_at(number), largest=FOURTEEN_BITS)
        if (light.off, light.on) == (0, SEVEN_BITS):
            return value_of(self.place_at(number))
        return round(light.off + self.place_at(number) * (light.on - light.off))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mapping:
    """The table of one controller."""

    name: str
    """What the controller is called."""
    ports: tuple[str, ...]
    """Parts of the names of its ports; capital letters do not matter."""
    entries: tuple[Entry, ...]
    """Its knobs, faders and buttons."""
    chart: str = ""
    """Where its numbers are from."""

    @functools.cached_property
    def by_source(self) -> dict[Source, Entry]:
        """The entry of each message."""
        return {source: entry for entry in self.entries for source in entry.sources}

    def fit(self, port: str) -> int:
        """Tell how much of a port's name is in `ports`, in letters; 0 if it is another controller's."""
        return max((len(part) for part in self.ports if part.lower() in port.lower()), default=0)

    def over(self, lower: "Mapping") -> "Mapping":
        """Lay this mapping over another one: what it says of a knob counts."""
        own = set(self.by_source)
        kept = tuple(entry for entry in lower.entries if not own & set(entry.sources))
        return dataclasses.replace(lower, name=f"{self.name}, over {lower.name}", entries=(*self.entries, *kept))


def make_entry(
    source: Source,
    target: Control | Action,
    *,
    index: int = 0,
    mode: str | None = None,
    on: float | None = None,
    off: float | None = None,
    limits: tuple[float, float] | None = None,
    takeover: bool | None = None,
    light: Light | None = None,
) -> Entry:
    """Make an entry, with what goes without saying.

    Parameters
    ----------
    source, target, index, light
        As of `Entry`.
    mode : str, optional
        A controller or pitch bend is a knob, a note a button; one for an action is a trigger.
    on, off : float, optional
        The upper end of the control's range (1 for an action), and what the control is at start, or the lower end.
    limits : tuple of float, optional
        The whole range.
    takeover : bool, optional
        True for a knob that tells where it stands, unless it can be moved or shown to stand elsewhere: one with a light
        that obeys what it sends.
    """
    if mode is None:
        knob = "trigger" if isinstance(target, Action) else "absolute"
        mode = (knob if isinstance(target, Action) else "toggle") if source.kind == "note" else knob
    low, high = target.limits[-1] if isinstance(target, Action) else (target.minimum, target.maximum)
    start = 0.0 if isinstance(target, Action) else target.default[index]
    if on is None:
        on = 1.0 if isinstance(target, Action) else high
    if off is None:
        off = start if start != on else low
    is_placed = mode in KNOB_MODES and mode not in RELATIVE_MODES and (light is None or light.source != source)
    return Entry(
        source=source,
        target=target,
        index=index,
        mode=mode,
        on=on,
        off=off,
        limits=limits or (low, high),
        takeover=is_placed and not isinstance(target, Action) if takeover is None else takeover,
        light=light,
    )


def built_in() -> Mapping:
    """Make the mapping of controllers that no file knows, from the tables of controls and actions.

    Its knobs are obeyed at once: they may be a sequencer's.
    """
    entries = [
        *(
            make_entry(source_of("cc", key), control, index=index, takeover=False)
            for key, (control, index) in BY_MIDI.items()
        ),
        *(make_entry(source_of("note", key), control) for key, control in CONTROLS_BY_NOTE.items()),
        *(make_entry(source_of("cc", key), action, on=value) for key, (action, value) in ACTIONS_BY_CONTROLLER.items()),
        *(make_entry(source_of("note", key), action, on=value) for key, (action, value) in ACTIONS_BY_NOTE.items()),
    ]
    return Mapping(name="the table of controls", ports=(), entries=tuple(entries))


def source_of(kind: str, key: tuple[int, int]) -> Source:
    """Name a source by its channel and number."""
    return Source(kind=kind, channel=key[0], number=key[1])
