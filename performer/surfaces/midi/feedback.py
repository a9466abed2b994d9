"""What a controller shows: its LEDs, rings and motor faders follow the controls, whoever moves them."""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

import mido

from performer.actions import Action
from performer.controls import SLOTS
from performer.session.conductor import Conductor
from performer.surfaces.midi.driver import OutputPort
from performer.surfaces.midi.mapping import Entry, Light
from performer.surfaces.midi.modes import BEND_CENTER, Source

MAX_MESSAGES = 32
"""Messages in one go; the rest come with the next."""


def write_message(source: Source, value: int) -> Any:
    """Write a message that a controller obeys.

    Parameters
    ----------
    source : Source
        Its kind, channel and number.
    value : int
        0 to 127; of a pitch bend 0 to 16383.

    Returns
    -------
    mido.Message
        A note is always a note-on: its velocity says how its LED is lit.
    """
    channel = source.channel - 1
    if source.kind == "cc":
        return mido.Message("control_change", channel=channel, control=source.number, value=value)
    if source.kind == "note":
        return mido.Message("note_on", channel=channel, note=source.number, velocity=value)
    return mido.Message("pitchwheel", channel=channel, pitch=value - BEND_CENTER)


class Feedback:
    """What one controller was last shown.

    Parameters
    ----------
    entries : iterable of Entry
        Of its mapping; those with a light are shown.
    output : OutputPort or None
        The port that leads to it; without, nothing is shown.
    conductor : Conductor
        Knows which scenes there are.
    """

    def __init__(self, entries: Iterable[Entry], output: OutputPort | None, *, conductor: Conductor) -> None:
        self.lit = [(entry, entry.light) for entry in entries if entry.light is not None] if output else []
        self.output = output
        self.conductor = conductor
        self.shown: dict[Source, int] = {}

    def show(self, values: Sequence[float]) -> None:
        """Send what is not yet shown: at first everything, then what has changed.

        Parameters
        ----------
        values : sequence of float
            All controls, in the order of `SLOTS`.
        """
        room = MAX_MESSAGES
        for entry, light in self.lit:
            wanted = self.wanted(entry, light, values)
            if self.output is not None and room and self.shown.get(light.source) != wanted:
                with contextlib.suppress(OSError):  # it was pulled out just now
                    self.output.send(write_message(light.source, wanted))
                self.shown[light.source] = wanted
                room -= 1

    def wanted(self, entry: Entry, light: Light, values: Sequence[float]) -> int:
        """Tell what a light is to show; one of a scene, that there is one."""
        if not isinstance(entry.target, Action):
            return entry.shown(values[SLOTS[entry.target.path].start + entry.index])
        is_scene = entry.target.path == "/scene/recall" and int(entry.on) in self.conductor.session.scenes
        return light.on if is_scene else light.off

    def note_shown(self, entry: Entry, value: int) -> None:
        """Note that a knob stands where it shows: it is not told what its own hand has just done."""
        if entry.light is not None and entry.light.source == entry.source:
            self.shown[entry.source] = value

    def show_again(self, entry: Entry) -> None:
        """Have a light sent again, for its button may have changed it."""
        if entry.light is not None:
            self.shown.pop(entry.light.source, None)
