"""Ctrl-C as a wish: the step at work is finished and saved."""

import contextlib
import os
import signal
import types
from collections.abc import Iterator

from training.errors import TrainingError

STOPPING = "stopping after this step, then saving; Ctrl-C again stops at once, unsaved"
STDERR = 2
CLEAR_LINE = "\r\x1b[2K"
"""What makes a terminal forget its last line, where it shows ^C, or a progress bar, which is drawn again below."""


class Interrupt:
    """Within it the first Ctrl-C asks for an end after the step and says so; a second one stops at once.

    Parameters
    ----------
    is_told : bool
        Whether this process speaks to the user.
    """

    def __init__(self, *, is_told: bool = True) -> None:
        self.is_told = is_told
        self.is_asked = False

    def __enter__(self) -> "Interrupt":
        self.before = signal.signal(signal.SIGINT, self.ask)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self.before)

    def ask(self, number: int, frame: types.FrameType | None) -> None:  # noqa: ARG002
        """Note the wish."""
        self.is_asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.is_told:
            tell(f"{STOPPING}\n")


def tell(line: str) -> None:
    """Write over the terminal's line at once, from a signal's handler: past buffers and locks, which may be held."""
    clear = CLEAR_LINE if os.isatty(STDERR) else ""
    with contextlib.suppress(OSError):
        os.write(STDERR, f"{clear}{line}".encode())


@contextlib.contextmanager
def setting_up() -> Iterator[None]:
    """Within it, before a run's first step, Ctrl-C is told in one line.

    Raises
    ------
    TrainingError
        At Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        tell("")
        raise TrainingError(
            "stopped before the first step, nothing was lost or begun; run the same command again"
        ) from None
