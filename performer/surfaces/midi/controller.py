"""One controller: its messages -> controls and actions, by its mapping."""

from typing import Any

from performer.actions import Action
from performer.controls import SLOTS, Control
from performer.session.values import present_values
from performer.surfaces.hub import Hub
from performer.surfaces.midi.driver import OutputPort
from performer.surfaces.midi.feedback import Feedback
from performer.surfaces.midi.mapping import Entry, Mapping
from performer.surfaces.midi.modes import (
    FOURTEEN_BITS,
    RELATIVE_MODES,
    SEVEN_BITS,
    Source,
    is_down,
    place_of,
    read_message,
    steps_of,
)
from performer.surfaces.midi.takeover import Takeover


class Controller:
    """What a controller's messages do.

    Parameters
    ----------
    hub : Hub
        Where they go.
    name : str
        Of its port.
    mapping : Mapping
        Its table.
    output : OutputPort or None
        The port that leads to it, if there is one.
    """

    def __init__(self, hub: Hub, name: str, mapping: Mapping, *, output: OutputPort | None = None) -> None:
        self.hub = hub
        self.name = name
        self.output = output
        self.takeovers: dict[Source, Takeover] = {}
        self.upper_halves: dict[Source, int] = {}
        self.down: dict[Source, Entry] = {}
        """Buttons that act while they are held, and are."""
        self.use(mapping)

    def use(self, mapping: Mapping) -> None:
        """Obey a mapping from now on; where knobs are stays known, and what is held is let go."""
        self.let_go()
        self.mapping = mapping
        self.takeovers = {source: Takeover(held.knob) for source, held in self.takeovers.items()}
        self.show_on(self.output)

    def show_on(self, output: OutputPort | None) -> None:
        """Show everything anew on a port."""
        self.output = output
        self.feedback = Feedback(self.mapping.entries, output, conductor=self.hub.conductor)

    def obey(self, message: Any, *, at_s: float) -> None:
        """Do what a message says.

        Parameters
        ----------
        message : mido.Message
            What its port received; of other kinds than controllers, notes and pitch bends nothing is done.
        at_s : float
            Monotonic time at which it came.
        """
        read = read_message(message)
        if read is None:
            return
        source, value = read
        entry = self.mapping.by_source.get(source)
        if entry is None:
            if source.kind == "cc":
                self.hub.unmapped(f"MIDI {source} of {self.name} moves nothing; 'loopmorph learn' gives it something")
        elif entry.is_button:
            self.press(entry, value, at_s=at_s)
        elif entry.mode in RELATIVE_MODES:
            self.turn(entry, steps_of(value, mode=entry.mode))
        else:
            self.place(entry, source, value, at_s=at_s)

    def let_go(self) -> None:
        """Let go of the buttons that are held: their controller has gone, or they are for something else now."""
        for entry in self.down.values():
            self.set(entry, entry.off)
        self.down.clear()

    def note_place(self, source: Source, value: int) -> None:
        """Note where a knob is that is not to move anything now."""
        self.takeovers[source] = Takeover(
            place_of(value, largest=FOURTEEN_BITS if source.kind == "bend" else SEVEN_BITS)
        )

    def press(self, entry: Entry, value: int, *, at_s: float) -> None:
        """Press a button, or let it go."""
        down = is_down(entry.source, value)
        self.feedback.show_again(entry)  # many light or darken by themselves
        if isinstance(entry.target, Action):
            if down:
                self.hub.fire(entry.target, (entry.on,), at_s=at_s)
            return
        if entry.mode == "momentary":
            self.set(entry, entry.on if down else entry.off)
            if down:
                self.down[entry.source] = entry
            else:
                self.down.pop(entry.source, None)
        elif down:
            is_on = entry.mode == "toggle" and self.present(entry) == entry.on
            self.set(entry, entry.off if is_on else entry.on)

    def turn(self, entry: Entry, steps: int) -> None:
        """Turn an endless knob."""
        self.set(entry, entry.moved(self.present(entry), steps))

    def place(self, entry: Entry, source: Source, value: int, *, at_s: float) -> None:
        """Move a knob or fader to a place."""
        if entry.mode == "14-bit":
            if source == entry.source:
                self.upper_halves[source] = value
                return  # the lower half follows
            value += self.upper_halves.get(entry.source, 0) * (SEVEN_BITS + 1)
        number = entry.number_at(place_of(value, largest=entry.largest))
        if isinstance(entry.target, Action):
            self.hub.fire(entry.target, (entry.on, number), at_s=at_s)
            return
        if entry.takeover:
            takeover = self.takeovers.setdefault(entry.source, Takeover())
            if not takeover.takes(entry.place_at(number), control=entry.place_at(self.present(entry))):
                return
        self.set(entry, number)
        if entry.largest != FOURTEEN_BITS or source.kind == "bend":
            self.feedback.note_shown(entry, value)

    def present(self, entry: Entry) -> float:
        """Read the control of an entry; of a deck that has drifted, where it is now."""
        return float(present_values(self.hub.memory)[slot_of(entry)])

    def set(self, entry: Entry, number: float) -> None:
        """Set the control of an entry."""
        if isinstance(entry.target, Control):
            self.hub.apply_one(entry.target, entry.index, number)


def slot_of(entry: Entry) -> int:
    """Tell where the control of an entry stands among all values."""
    return SLOTS[entry.target.path].start + entry.index
