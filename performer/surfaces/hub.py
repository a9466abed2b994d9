"""Where all hands meet: what OSC, MIDI and the page ask for is done here, the newest value wins, nothing piles up."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from performer.actions import Action, Naming, Values
from performer.console import Warnings, say
from performer.controls import N_VALUES, SLOTS, Control
from performer.errors import ControlError, PerformerError
from performer.memory import Memory
from performer.session.conductor import Conductor
from performer.session.values import set_values
from performer.surfaces.admission import Admission

AGAIN_S = 1.0
"""A surface that failed is started again after this time."""


class Hub:
    """What every surface is given.

    Parameters
    ----------
    memory : Memory
        The values and counters.
    conductor : Conductor
        What is behind the actions.
    admission : Admission, optional
        Who may play; this machine alone if not given.
    warnings : Warnings
        Where lines for the performer go.
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(
        self,
        memory: Memory,
        conductor: Conductor,
        *,
        admission: Admission | None = None,
        warnings: Warnings,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.memory = memory
        self.conductor = conductor
        self.admission = admission or Admission()
        self.warnings = warnings
        self.now_s = now_s
        self.deeds: dict[str, Callable[[Values], None]] = {}
        """What a surface itself does when an action is asked for, by its address."""

    def apply(self, row: Control | Action, values: Values, *, counter: str = "osc_messages") -> None:
        """Set a control, or do what an action says.

        Parameters
        ----------
        row : Control or Action
            What is moved or pressed.
        values : tuple of float or str
            From `accept` of the row.
        counter : str
            Which messages it is counted with.

        Raises
        ------
        ControlError
            If an action cannot be done: see `Conductor.obey`.
        """
        if isinstance(row, Action):
            self.obey(row, values, at_s=self.now_s())
        else:
            set_values(self.memory, range(N_VALUES)[SLOTS[row.path]], [float(value) for value in values])
        self.memory.count(counter)

    def obey(self, action: Action, values: Values, *, at_s: float) -> None:
        """Do what an action says; see `Conductor.obey`."""
        deed = self.deeds.get(action.path)
        if deed is not None:
            deed(values)
        elif isinstance(action, Naming):
            raise ControlError(f"{action.path}: no MIDI is played, a MIDI port is needed; see 'loopmorph midi'")
        else:
            self.conductor.obey(action, values, at_s=at_s)

    def refuse(self, reason: str, *, kind: str = "osc", counter: str = "osc_refused") -> None:
        """Count and say what was refused."""
        self.memory.count(counter)
        self.warnings.warn(kind, reason)

    def apply_one(self, control: Control, index: int, value: float) -> None:
        """Set one value of a control from a MIDI controller."""
        set_values(self.memory, [SLOTS[control.path].start + index], [value])
        self.memory.count("midi_messages")

    def fire(self, action: Action, values: Values, *, at_s: float) -> None:
        """Do what an action of a MIDI note or controller says, that came at a monotonic time."""
        self.memory.count("midi_messages")
        try:
            self.obey(action, values, at_s=at_s)
        except ControlError as error:
            self.warnings.warn("midi", f"{action.path} refused: {error}")

    def work(self) -> None:
        """Note what was played, save what has changed."""
        self.conductor.poll()
        self.warnings.flush()

    async def keep(self, name: str, play: Callable[["Hub"], Awaitable[None]]) -> None:
        """Keep a surface alive: one that fails is counted, told and started again; the others play on.

        Parameters
        ----------
        name : str
            What the performer calls it.
        play : callable
            Serves the surface until the instrument stops. A `PerformerError` of it is told and final.
        """
        while not self.memory.stopping:
            try:
                await play(self)
                return
            except PerformerError as error:
                say(f"{error}; the other surfaces play on")
                return
            except Exception as error:  # noqa: BLE001 - the outermost live loop: the music goes on
                self.memory.count("surface_failures")
                self.warnings.warn(name, f"{name} failed ({error!r}); it is started again")
                await asyncio.sleep(AGAIN_S)

    def unmapped(self, reason: str) -> None:
        """Count and say a MIDI controller that moves nothing."""
        self.refuse(reason, kind="midi", counter="midi_unmapped")
