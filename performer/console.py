"""Lines for the performer, on standard error: in plain words, and never a flood of them."""

import collections
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

QUIET_S = 2.0
"""A warning of one kind is printed at most once in this time."""
N_RECENT = 32
"""Lines that are kept for those who listen in."""


TOLD = 3
"""Exit status of a process that cannot start and has said why."""


def say(text: str) -> None:
    """Print one line."""
    if sys.stderr is None:  # started without one
        return
    with contextlib.suppress(OSError):  # the terminal may be gone while the music plays on
        print(f"loopmorph: {text}", file=sys.stderr, flush=True)


def waiting_line(text: str) -> contextlib.AbstractContextManager[object]:
    """Show that something takes a while; a spinner on a terminal, nothing elsewhere."""
    from rich.console import Console  # noqa: PLC0415 - rich, only where something is waited for

    return Console(file=sys.stderr).status(text)


class Warnings:
    """Warnings that may come thick and fast: one line a kind at a time, the rest only counted.

    Parameters
    ----------
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self.now_s = now_s
        self.said_s: dict[str, float] = {}
        self.held_back: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.n_said = 0
        self.recent: collections.deque[str] = collections.deque(maxlen=N_RECENT)

    def warn(self, kind: str, text: str) -> None:
        """Print a warning, unless one of its kind was printed just before.

        Parameters
        ----------
        kind : str
            What is warned of.
        text : str
            The line.
        """
        now_s = self.now_s()
        if now_s - self.said_s.get(kind, -QUIET_S) < QUIET_S:
            self.held_back[kind] = text
            self.counts[kind] = self.counts.get(kind, 0) + 1
            return
        self.said_s[kind] = now_s
        self.tell(text)

    def tell(self, text: str) -> None:
        """Print a line, and keep it for a while."""
        say(text)
        self.recent.append(text)
        self.n_said += 1

    def said_since(self, n_said: int) -> list[str]:
        """List the newest of the lines that came after the first `n_said`."""
        n = min(self.n_said - n_said, len(self.recent))
        return list(self.recent)[len(self.recent) - n :]

    def flush(self) -> None:
        """Print what was held back and is due: the newest line of each kind, and how many came before it."""
        for kind in list(self.held_back):
            if self.now_s() - self.said_s[kind] >= QUIET_S:
                text, count = self.held_back.pop(kind), self.counts.pop(kind, 1)  # MIDI warns on a thread of its own
                self.said_s[kind] = self.now_s()
                self.tell(text + (f" (and {count - 1} more before it)" if count > 1 else ""))


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep what C libraries print while they look for hardware away from the terminal."""
    try:
        saved = os.dup(2)
    except OSError:  # started without standard error: nothing can reach the terminal
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
