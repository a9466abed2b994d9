"""What a listener has not heard yet: each control and readout whose value has changed since it was last told."""

from collections.abc import Iterable

from performer.controls import CONTROLS, SLOTS
from performer.memory import Memory
from performer.readouts import READOUTS
from performer.session.values import present_values

PATHS = (*(control.path for control in CONTROLS), *(readout.path for readout in READOUTS))
"""Everything that can be listened to."""
Values = tuple[float, ...]


def read_all(memory: Memory) -> dict[str, Values]:
    """Read every control and readout.

    Parameters
    ----------
    memory : Memory
        Of the instrument.

    Returns
    -------
    dict
        The values of each path, in the order of `PATHS`.
    """
    values = present_values(memory).tolist()
    read = {path: tuple(values[slots]) for path, slots in SLOTS.items()}
    return read | {readout.path: readout.read(memory) for readout in READOUTS}


class Feed:
    """One listener's place in the news.

    Parameters
    ----------
    paths : iterable of str
        What it listens to; nothing is new of others.
    """

    def __init__(self, paths: Iterable[str] = PATHS) -> None:
        self.told: dict[str, Values | None] = dict.fromkeys(paths)

    def listen(self, path: str) -> None:
        """Listen to a path; its present value is news."""
        self.told[path] = None

    def ignore(self, path: str) -> None:
        """Listen to a path no longer."""
        self.told.pop(path, None)

    def news(self, present: dict[str, Values]) -> dict[str, Values]:
        """Tell what has changed since the last time: at first everything.

        Parameters
        ----------
        present : dict
            From `read_all`, read once for all listeners.

        Returns
        -------
        dict
            The newest values of each path that has others than before.
        """
        news = {path: present[path] for path, told in self.told.items() if present[path] != told}
        self.told |= news
        return news
