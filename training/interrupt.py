"""Ctrl-C as a wish: the step at work is finished and saved."""

import signal
import types


class Interrupt:
    """Within it the first Ctrl-C asks for an end after the step; a second one stops at once."""

    def __init__(self) -> None:
        self.is_asked = False

    def __enter__(self) -> "Interrupt":
        self.before = signal.signal(signal.SIGINT, self.ask)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self.before)

    def ask(self, number: int, frame: types.FrameType | None) -> None:  # noqa: ARG002
        """Note the wish."""
        self.is_asked = True
        signal.signal(signal.SIGINT, self.before)
