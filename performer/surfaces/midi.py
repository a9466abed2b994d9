"""MIDI in: controllers and notes of any port, mapped by the tables of controls and actions."""

import contextlib
from collections.abc import Callable
from typing import Any

from performer.actions import ACTIONS_BY_CONTROLLER, ACTIONS_BY_NOTE, MIDI_FIRES, Action
from performer.console import quiet_libraries
from performer.controls import BY_MIDI, Control
from performer.errors import PerformerError

ApplyOne = Callable[[Control, int, float], None]
Fire = Callable[[Action, tuple[float, ...]], None]


def obey_message(message: Any, *, apply_one: ApplyOne, fire: Fire, unmapped: Callable[[str], None]) -> None:
    """Apply a MIDI message if it is a controller or a note that a table maps.

    Parameters
    ----------
    message : mido.Message
        What a port received; other kinds than control changes and notes are ignored.
    apply_one : callable
        Called with the control, the index of its value and the new value.
    fire : callable
        Called with an action and its values, for a note that is struck or a controller in its upper half.
    unmapped : callable
        Called with one line for a controller that the table does not map.
    """
    if message.type == "note_on" and message.velocity > 0:
        found = ACTIONS_BY_NOTE.get((message.channel + 1, message.note))
        if found is not None:
            action, value = found
            fire(action, (value,))
    if message.type != "control_change":
        return
    channel = message.channel + 1
    button = ACTIONS_BY_CONTROLLER.get((channel, message.control))
    if button is not None:
        action, value = button
        if message.value >= MIDI_FIRES:
            fire(action, (value,))
        return
    target = BY_MIDI.get((channel, message.control))
    if target is None:
        unmapped(f"MIDI channel {channel} controller {message.control} moves nothing; see 'loopmorph controls'")
        return
    control, index = target
    apply_one(control, index, control.from_midi(message.value, index=index))


def list_ports() -> list[str]:
    """List the MIDI ports that can be heard.

    Returns
    -------
    list of str
        Their names.

    Raises
    ------
    PerformerError
        If the system has no MIDI that can be reached.
    """
    with quiet_libraries():
        try:
            import mido  # noqa: PLC0415 - loading the driver may fail

            return list(dict.fromkeys(mido.get_input_names()))
        except Exception as error:  # rtmidi's errors share no base with anything
            raise PerformerError(f"no MIDI: this system has none that can be reached ({error})") from error


def open_ports(wanted: str | None, receive: Callable[[Any], None]) -> list[Any]:
    """Open MIDI input ports.

    Parameters
    ----------
    wanted : str or None
        Part of the names of the ports to open; None for all.
    receive : callable
        Called with each mido message, on a thread of the driver.

    Returns
    -------
    list of mido input ports
        At least one.

    Raises
    ------
    PerformerError
        If the system has no MIDI, or no port of that name.
    """
    names = list_ports()
    chosen = [name for name in names if wanted is None or wanted.lower() in name.lower()]
    if not chosen:
        found = ", ".join(repr(name) for name in names) or "no port"
        needed = f", a port named like {wanted!r} is needed; see 'loopmorph devices'" if wanted else ""
        raise PerformerError(f"no MIDI: found {found}{needed}")
    import mido  # noqa: PLC0415 - `list_ports` found it

    ports = []
    with quiet_libraries():
        for name in chosen:
            with contextlib.suppress(OSError):
                ports.append(mido.open_input(name, callback=receive))
    if not ports:
        raise PerformerError(f"no MIDI: {', '.join(repr(name) for name in chosen)} cannot be opened; free the port")
    return ports
