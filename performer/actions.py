"""The table of actions, beside that of the controls: what is done once, when a button is pressed."""

import dataclasses
import math
from collections.abc import Sequence

from performer.controls import CONTROLS, CONTROLS_BY_PATH, MASTER_MIDI_CHANNEL, N_DECKS, Control, find_control
from performer.errors import ControlError
from stylegan_audio.presets import MAX_PRESETS

N_SCENES = 64
"""Places for scenes, counted from 1."""
MAX_ENTRY = 2**31 - 1
"""Largest number of an entry of a deck's history, so that it fits an OSC integer."""
PRESSED = (0.0, 1.0)
RECALL_MIDI_CHANNEL, SAVE_MIDI_CHANNEL = 15, 14
NOTHING, TOUCHED = 0.0, -1.0
"""What is learned for: nothing any more; the control that another surface moves next."""

Values = tuple[float | str, ...]
"""What an action is done with: numbers, or a name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Action:
    """One row of the table."""

    path: str
    """Its OSC address."""
    types: str
    """OSC type of each value: `i` or `f`."""
    limits: tuple[tuple[float, float], ...]
    """Smallest and largest of each value."""
    unit: str
    """What the numbers count."""
    help: str
    """What it does, in one line."""
    midi_channel: int
    """MIDI channel it listens on, 1 to 16."""
    midi_notes: tuple[tuple[int, float], ...] = ()
    """MIDI notes that fire it, and the first value that each stands for."""
    midi_controllers: tuple[tuple[int, float], ...] = ()
    """The same for MIDI controllers."""
    deck: int = 0
    """Deck that it belongs to, counted from 1; 0 for none."""

    @property
    def name(self) -> str:
        """The address without its deck."""
        return self.path.removeprefix(f"/deck/{self.deck}/")

    @property
    def is_button(self) -> bool:
        """Whether it needs no value: 1 is pressed, 0 is let go and does nothing."""
        return self.limits == (PRESSED,)

    def learnable(self) -> Sequence[int]:
        """List what can be learned of it: the numbers that it can be done with, 0 for a button that needs none."""
        low, high = self.limits[0]
        return (0,) if self.is_button else range(int(low), int(high) + 1) if high <= N_SCENES else ()

    def accept(self, arguments: Sequence[object]) -> Values:
        """Check the arguments of a message.

        Parameters
        ----------
        arguments : sequence of object
            What a surface sent; none, for a button, is pressed.

        Returns
        -------
        tuple of float or str
            One value for each type.

        Raises
        ------
        ControlError
            If there are too many or too few, or one is no finite number, or a whole number is outside its range:
            it names something, and is not clipped.
        """
        if self.is_button and not arguments:
            return (1.0,)
        if len(arguments) != len(self.types):
            raise ControlError(f"{self.path} got {len(arguments)} values; {self.describe_range()} needed; send that")
        return tuple(
            self.accept_one(argument, kind, limits)
            for argument, kind, limits in zip(arguments, self.types, self.limits, strict=True)
        )

    def accept_one(self, argument: object, kind: str, limits: tuple[float, float]) -> float:
        """Check one argument; see `accept`."""
        is_fit = self.is_button or not isinstance(argument, bool)
        number = argument if isinstance(argument, int | float) and is_fit else math.nan
        low, high = limits
        if not math.isfinite(number) or (kind == "i" and (number != int(number) or not low <= number <= high)):
            raise ControlError(f"{self.path} got {argument!r}; {self.describe_range()} needed; send that")
        return float(min(max(number, low), high))

    def describe_midi(self) -> str:
        """Say in words what of MIDI fires it, such as `1: note 36, CC 102`."""
        words = []
        for kind, numbers in (("note", self.midi_notes), ("CC", self.midi_controllers)):
            if numbers:
                first, last = numbers[0][0], numbers[-1][0]
                words.append(f"{kind} {first}" + (f" to {last}" if last > first else ""))
        return f"{self.midi_channel}: {', '.join(words)}" if words else ""

    def describe_range(self) -> str:
        """Say in words what it takes, such as `1 to 64`."""
        if self.is_button:
            return "nothing, or 1"
        words = [f"{low:.10g} to {high:.10g}" for low, high in self.limits]
        return f"{self.unit} {', then '.join(words)}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Naming(Action):
    """A row whose value names another row."""

    takes_none: bool
    """Whether it may name none, by 0, or by nothing at all the one that is touched next."""

    def accept(self, arguments: Sequence[object]) -> Values:
        """Turn the address of a row, and which of its values or of what it does is meant, into a number of `TARGETS`.

        Parameters
        ----------
        arguments : sequence of object
            An address and, for a control of several values, which one, counted from 0, for an action with a number
            that number; or the number among `TARGETS` itself.

        Returns
        -------
        tuple of float
            The number.

        Raises
        ------
        ControlError
            If there is no such row or value.
        """
        if not arguments and self.takes_none:
            return (TOUCHED,)
        if not arguments or not isinstance(arguments[0], str):
            return super().accept(arguments)
        path, which = str(arguments[0]), arguments[1] if len(arguments) > 1 else 0
        row = find_row(path)
        if isinstance(row, Naming) or len(arguments) > 2 or not isinstance(which, int | float):
            raise ControlError(f"{self.path} got {' '.join(map(str, arguments))}; {self.describe_range()} needed")
        named = (path, which)
        if named not in TARGET_NUMBERS:
            raise ControlError(f"{self.path} got {' '.join(map(str, arguments))}; {describe_naming(row)}")
        return (float(TARGET_NUMBERS[named]),)

    def learnable(self) -> Sequence[int]:
        """List nothing: it is what learns."""
        return ()

    def describe_range(self) -> str:
        """Say in words what it takes."""
        return "an address, then which of its values or its number" + ("; 0; or nothing" if self.takes_none else "")


def describe_naming(row: Control | Action) -> str:
    """Say what has to stand behind an address for one thing to be named by it."""
    if isinstance(row, Action) and not row.learnable():
        return "it cannot be learned; see 'loopmorph controls' for what can"
    if isinstance(row, Control) and len(row.types) > 1:
        return f"which of its {len(row.types)} values, counted from 0, is needed behind the address; name that"
    if isinstance(row, Control) or row.is_button:
        return "nothing is needed behind the address; leave it out"
    return f"{row.describe_range()} is needed behind the address; add it"


class Choice(Action):
    """A row whose value is the number, or the name, of something that belongs to a model."""

    def accept(self, arguments: Sequence[object]) -> Values:
        """Take a name as it is; see `Action.accept`."""
        if len(arguments) == 1 and isinstance(arguments[0], str):
            return (arguments[0],)
        return super().accept(arguments)

    def describe_range(self) -> str:
        """Say in words what it takes."""
        return f"{super().describe_range()}, or its name"


def deck_actions(deck: int) -> list[Action]:
    """List the actions of one deck, counted from 1."""

    def button(name: str, text: str, note: int, controller: int) -> Action:
        return Action(
            path=f"/deck/{deck}/{name}",
            types="i",
            limits=(PRESSED,),
            unit="",
            help=text,
            midi_channel=deck,
            midi_notes=((note, 1.0),),
            midi_controllers=((controller, 1.0),),
            deck=deck,
        )

    return [
        button("undo", "Back to the loop before.", 36, 102),
        button("redo", "Forward again, after an undo.", 37, 103),
        button("star", "Stars the loop that plays: it is kept for ever. Once more takes the star away.", 38, 104),
        button("cancel", "Gives up the loop that waits for its beat; what sounds stays. Up to 0.2 s before the beat.",
               39, 105),
        Action(
            path=f"/deck/{deck}/recall", types="i", limits=((1.0, float(MAX_ENTRY)),), unit="entry",
            help="Back to a loop of the deck's history, by its number.", midi_channel=deck, deck=deck,
        ),
        Action(
            path=f"/deck/{deck}/pin", types="i", limits=((1.0, 4.0),), unit="corner",
            help="Pins the seed that plays to a corner of the pad: 1 first, 2 right, 3 upper, 4 upper right.",
            midi_channel=deck, midi_notes=tuple((40 + corner, 1.0 + corner) for corner in range(4)), deck=deck,
        ),
        Choice(
            path=f"/deck/{deck}/preset", types="i", limits=((1.0, float(MAX_PRESETS)),), unit="preset",
            help="Puts a preset of the deck's model into the pad's first corner, and the pad there.", midi_channel=deck,
            midi_notes=tuple((48 + index, 1.0 + index) for index in range(MAX_PRESETS)), deck=deck,
        ),
    ]  # fmt: skip


def master_actions() -> list[Action]:
    """List the actions that belong to no deck."""

    def scene(name: str, text: str, channel: int) -> Action:
        return Action(
            path=f"/scene/{name}",
            types="i",
            limits=((1.0, float(N_SCENES)),),
            unit="scene",
            help=text,
            midi_channel=channel,
            midi_notes=tuple((note, note + 1.0) for note in range(N_SCENES)),
        )

    return [
        Action(
            path="/tap", types="i", limits=(PRESSED,), unit="", help="Tap the tempo, twice at least.",
            midi_channel=MASTER_MIDI_CHANNEL, midi_notes=((36, 1.0),), midi_controllers=((102, 1.0),),
        ),
        scene("save", "Saves all decks and the master as a scene.", SAVE_MIDI_CHANNEL),
        scene("recall", "Sets all decks and the master to a scene at once.", RECALL_MIDI_CHANNEL),
        Action(
            path="/scene/morph", types="if", limits=((1.0, float(N_SCENES)), (0.0, 1.0)), unit="scene",
            help="Part of the way from what plays to a scene: 0 as it was, 1 the scene.",
            midi_channel=MASTER_MIDI_CHANNEL,
        ),
        Naming(
            path="/midi/learn", types="i", limits=((TOUCHED, float(MAX_ENTRY)),), unit="target", takes_none=True,
            help="The knob, fader or button that moves next is for this control; for the one that is touched next, if "
            "none is named. 0 gives up.", midi_channel=MASTER_MIDI_CHANNEL,
        ),
        Naming(
            path="/midi/unlearn", types="i", limits=((1.0, float(MAX_ENTRY)),), unit="target", takes_none=False,
            help="Forgets what was learned for this control.", midi_channel=MASTER_MIDI_CHANNEL,
        ),
    ]  # fmt: skip


ACTIONS = (*(row for deck in range(1, N_DECKS + 1) for row in deck_actions(deck)), *master_actions())
"""Every action of the instrument."""

ACTIONS_BY_PATH = {action.path: action for action in ACTIONS}

TARGETS = (
    *((control.path, index) for control in CONTROLS for index in range(len(control.types))),
    *((action.path, number) for action in ACTIONS for number in action.learnable()),
)
"""All that a knob or a button can be for: an address, and which of its values, or the number that an action gets."""
TARGET_NUMBERS = {target: number for number, target in enumerate(TARGETS, 1)}
"""Their numbers, from 1: those of controls are their places in the array of values, and one more."""

ACTIONS_BY_NOTE = {
    (action.midi_channel, note): (action, value) for action in ACTIONS for note, value in action.midi_notes
}
"""Action and its first value for each MIDI channel (1 to 16) and note."""
ACTIONS_BY_CONTROLLER = {
    (action.midi_channel, number): (action, value) for action in ACTIONS for number, value in action.midi_controllers
}
"""Action and its first value for each MIDI channel (1 to 16) and controller number."""


def find_row(path: str) -> Control | Action:
    """Find a control or an action by its address.

    Raises
    ------
    ControlError
        If there is none of that name.
    """
    return ACTIONS_BY_PATH.get(path) or find_control(path)


def types_of(path: str) -> str:
    """OSC types of the values of a control or an action."""
    return (ACTIONS_BY_PATH.get(path) or CONTROLS_BY_PATH[path]).types
