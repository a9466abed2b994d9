"""Learning: which knob is for a control is told by moving the one and touching the other."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from performer.actions import TARGET_NUMBERS, TARGETS, TOUCHED, Action, find_row
from performer.controls import SLOTS, Control
from performer.surfaces.midi.mapping import Entry, Light, make_entry
from performer.surfaces.midi.modes import FINE_OFFSET, PRESSED_FROM, SEVEN_BITS, Source, is_down

FOLLOWED = [SLOTS["/tempo"].start, SLOTS["/nudge"].start]
"""Controls that a followed clock moves all the time; to be learned they are named."""
WATCH_S = 0.6
"""How long a knob is watched once it moves, to see what kind it is."""
PATIENCE_S = 60.0
"""Learning is given up after this time."""
MANY = 3
"""Values from which on a kind of knob shows."""
PARAMETERS, DATA = frozenset({98, 99, 100, 101}), frozenset({6, 38, 96, 97})
"""Controllers that name one of many parameters (NRPN, RPN), and that say its value: no knob can be told by them."""
STEPS = 16
"""A turn of an endless knob is no faster than so many steps a message."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heard:
    """What is watched of a knob."""

    port: str
    """The name of its port."""
    source: Source
    """What it sends."""
    values: tuple[int, ...]
    """What it has sent."""
    fine: bool = False
    """Whether the controller 32 above sends too."""


class Learn:
    """What is being learned.

    Idle, until it is asked for a target. Then the first knob that moves is watched for `WATCH_S`, while nothing that
    is heard moves anything; a button is known at once.
    """

    def __init__(self) -> None:
        self.target: int | None = None
        self.touched_from: np.ndarray | None = None
        self.since_s = 0.0
        self.first_s: float | None = None
        self.heard: Heard | None = None
        self.parameters: set[tuple[str, int]] = set()
        """Ports and channels on which parameters are named."""

    @property
    def is_on(self) -> bool:
        """Whether something is waited for."""
        return self.target is not None or self.touched_from is not None

    def begin(self, number: int, values: np.ndarray, *, now_s: float) -> None:
        """Wait for a knob.

        Parameters
        ----------
        number : int
            Among `TARGETS`, from 1; `TOUCHED` waits for the control that is moved next too.
        values : np.ndarray [shape=(N_VALUES,)]
            All controls as they are now.
        now_s : float
            Monotonic time in seconds.
        """
        self.end()
        self.since_s = now_s
        if number == TOUCHED:
            self.touched_from = values.copy()
        else:
            self.target = number

    def end(self) -> None:
        """Wait for nothing any more."""
        self.target = self.touched_from = self.first_s = self.heard = None

    def hear(self, port: str, source: Source, value: int, *, at_s: float) -> bool:
        """Watch a message; True if it is one of the knob that is learned, and is to move nothing.

        Parameters
        ----------
        port : str
            Where it came from.
        source : Source
            Who sent it.
        value : int
            What it says.
        at_s : float
            Monotonic time at which it came.
        """
        if not self.is_on:
            return False
        if self.names_parameter(port, source) or (source.kind == "note" and needs_knob(self.target)):
            return True
        heard = self.heard
        if heard is None:
            if source.kind == "note" and not is_down(source, value):
                return True  # the button before is let go
            self.first_s = at_s
            self.heard = Heard(port=port, source=source, values=(value,))
        elif (port, source) == (heard.port, heard.source):
            self.heard = dataclasses.replace(heard, values=(*heard.values, value))
        elif port == heard.port and source == fine_of(heard.source):
            self.heard = dataclasses.replace(heard, fine=True)
        return True

    def names_parameter(self, port: str, source: Source) -> bool:
        """Tell whether a controller names a parameter, as two in turn do, or says the value of one."""
        if source.kind != "cc":
            return False
        heard = self.heard
        if heard is not None and {heard.source.number, source.number} <= PARAMETERS:
            is_pair = (heard.port, heard.source.channel) == (port, source.channel) and heard.source != source
            if is_pair and heard.source.kind == "cc":
                self.parameters.add((port, source.channel))
                self.heard = self.first_s = None
        return (port, source.channel) in self.parameters and source.number in PARAMETERS | DATA

    def touch(self, values: np.ndarray) -> None:
        """Take the control that has been moved by another hand for the target, if one is waited for."""
        if self.touched_from is None:
            return
        moved = np.setdiff1d(np.flatnonzero(values != self.touched_from), FOLLOWED)
        if len(moved):
            self.target, self.touched_from = int(moved[0]) + 1, None

    def expire(self, *, now_s: float) -> bool:
        """Give up what has been waited for too long."""
        is_waiting = self.is_on and (self.heard is None or self.target is None)
        late = is_waiting and now_s - self.since_s > PATIENCE_S
        if late:
            self.end()
        return late

    def take(self, *, now_s: float) -> tuple[str, Entry] | None:
        """Tell what has been learned, once it is clear; then learning is over.

        Returns
        -------
        tuple of str and Entry, or None
            The port, and what its knob is for.
        """
        if self.target is None or self.heard is None or self.first_s is None:
            return None
        if self.heard.source.kind != "note" and now_s - self.first_s < WATCH_S:
            return None
        heard = self.heard
        path, which = TARGETS[self.target - 1]
        row = find_row(path)
        is_swept = len(set(heard.values) - {0}) > 1
        if is_swept and isinstance(row, Action) and not needs_knob(self.target):
            self.first_s = self.heard = None  # a knob cannot press
            return None
        self.end()
        light = Light(source=heard.source) if heard.source.kind == "note" else None
        known = {"index": which} if isinstance(row, Control) else {"on": float(which or 1)}
        return heard.port, make_entry(heard.source, row, mode=choose_mode(heard, row), light=light, **known)


def fine_of(source: Source) -> Source | None:
    """Name the controller that says the lower half, if a controller may be an upper one."""
    if source.kind != "cc" or source.number >= FINE_OFFSET:
        return None
    return dataclasses.replace(source, number=source.number + FINE_OFFSET)


def choose_mode(heard: Heard, row: Control | Action) -> str:
    """Tell what kind of knob or button was moved.

    Parameters
    ----------
    heard : Heard
        What it sent.
    row : Control or Action
        What it is for.

    Returns
    -------
    str
        One of `KNOB_MODES` or `BUTTON_MODES`.
    """
    if isinstance(row, Action):
        return "absolute" if len(row.types) > 1 else "trigger"
    pressed = "momentary" if row.springs else "toggle"
    if heard.source.kind == "note":
        return pressed
    if heard.source.kind == "bend":
        return "absolute"
    if heard.fine:
        return "14-bit"
    if set(heard.values) <= {0, SEVEN_BITS} and (row.is_switch or heard.values[1:] == (0,)):
        return pressed
    return relative_mode(heard.values) or "absolute"


def relative_mode(values: Sequence[int]) -> str | None:
    """Tell in which way an endless knob writes its steps; None for a knob that tells where it stands.

    An endless knob says the same few things again and again; one that tells where it stands hardly ever does.
    """
    again = sum(before == after for before, after in itertools.pairwise(values))
    if len(values) < MANY or not again or 2 * len(set(values)) > len(values):
        return None
    if all(abs(value - PRESSED_FROM) <= STEPS for value in values):
        return "binary-offset"
    left = [value for value in values if value >= PRESSED_FROM]
    if any(STEPS < value < PRESSED_FROM for value in values):
        return None
    if all(value <= PRESSED_FROM + STEPS for value in left):
        return "sign-magnitude" if left else "twos-complement"
    return "twos-complement" if all(value > SEVEN_BITS - STEPS for value in left) else None


def needs_knob(target: int | None) -> bool:
    """Whether a target is an action that takes how far it is to go, and not a button's."""
    if target is None:
        return False
    row = find_row(TARGETS[target - 1][0])
    return isinstance(row, Action) and len(row.types) > 1


def describe_wish(number: int) -> str:
    """Say in words what is to be moved for a target, or for the one that is touched."""
    if number == TOUCHED:
        return "touch a control, and move a knob for it (to the right first), or press a button"
    target = describe_target(number)
    if needs_knob(number):
        return f"move a knob for {target} (to the right first)"
    if isinstance(find_row(TARGETS[number - 1][0]), Action):
        return f"press a button for {target}"
    return f"move a knob for {target} (to the right first), or press a button"


def describe_target(number: int) -> str:
    """Name a target by its address and, of several values, which one; of an action, which number it gets."""
    path, which = TARGETS[number - 1]
    row = find_row(path)
    return f"{path} {which}" if (len(row.types) > 1 if isinstance(row, Control) else which) else path


def describe_entry(entry: Entry) -> str:
    """Say in words what was learned."""
    kind = {"14-bit": "a fine knob", "absolute": "a knob"}.get(entry.mode, f"an endless knob ({entry.mode})")
    kind = f"a button ({entry.mode})" if entry.is_button else kind
    later = "; it takes hold where it meets the value" if entry.takeover else ""
    return f"{entry.source}, {kind}, is for {describe_target(TARGET_NUMBERS[entry.learned])}{later}"
