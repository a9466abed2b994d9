"""What the command lines of Loopmorph have in common: an error is one line."""

import math
import sys
from typing import Any

import click

from melgan_vocoder.errors import LoopmorphError


class NumberRange(click.FloatRange):
    """A number within limits; what is no number (nan) is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number; as of `click.ParamType.convert`."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


class CommandLine(click.Group):
    """A group of commands that tells a deliberate error in one line and exits with 1, wrong usage with 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; as of `click.Command.main`."""
        kwargs["standalone_mode"] = False
        try:
            sys.exit(super().main(*args, **kwargs) or 0)
        except LoopmorphError as error:
            fail(str(error), status=1)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(2)
        except click.UsageError as error:
            fail(describe_usage(error), status=2)
        except click.ClickException as error:
            fail(error.format_message(), status=error.exit_code)
        except click.Abort:
            fail("stopped", status=1)
        except ModuleNotFoundError as error:
            fail(
                f"Python package {error.name!r} is missing, this command needs it; pip install 'loopmorph[train]'",
                status=1,
            )
        except OSError as error:
            fail(f"{error.filename or 'input or output'}: {error.strerror or error}; check it and try again", status=1)


def fail(line: str, *, status: int) -> None:
    """Print one line and exit."""
    click.echo(f"loopmorph: {line}", err=True)
    sys.exit(status)


def describe_usage(error: click.UsageError) -> str:
    """Say what was wrong with a command's arguments, what is needed, and where that is explained."""
    text = " ".join(error.format_message().split()).rstrip(".")
    kind = getattr(getattr(error, "param", None), "type", None)
    if isinstance(kind, click.IntRange | click.FloatRange):
        number = "a whole number" if isinstance(kind, click.IntRange) else "a number"
        limits = f" from {kind.min} to {kind.max}" if kind.max is not None else f" of at least {kind.min}"
        text += f"; {number}{limits} is needed"
    path = error.ctx.command_path if error.ctx is not None else "loopmorph"
    return f"{text}; see '{path} --help'"
