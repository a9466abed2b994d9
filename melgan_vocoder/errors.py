"""What can go wrong, in one line a performer can act on: name, got, needed, next step."""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class LoopmorphError(Exception):
    """Root of every deliberate error in Loopmorph; its text is one line for the user."""


class VocoderError(LoopmorphError):
    """Root of the errors of `melgan_vocoder`: a format, a weights file or audio that does not fit."""


def one_line_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command print a deliberate error as one line and exit with status 1.

    Parameters
    ----------
    command : callable
        The body of a command.

    Returns
    -------
    callable
        The same command, guarded.
    """

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LoopmorphError as error:
            print(f"loopmorph: {error}", file=sys.stderr)
            raise SystemExit(1) from error

    return guarded
