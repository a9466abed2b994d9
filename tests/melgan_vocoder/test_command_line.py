"""The command line's errors: one line on stderr, status 1 or 2, nothing else hidden."""

import click
import pytest
from click.testing import CliRunner

from melgan_vocoder.command_line import CommandLine
from melgan_vocoder.errors import VocoderError


@click.group(cls=CommandLine)
def program() -> None:
    """Do things."""


@program.command()
@click.option("--count", type=click.IntRange(1, 2**31), default=1)
@click.option("--gain", type=click.FloatRange(0.5))
@click.option("--how", default="well")
def go(count: int, gain: float | None, how: str) -> None:
    """Go."""
    if how == "badly":
        raise VocoderError("no such file; check the path")
    if how == "buggy":
        raise ZeroDivisionError
    if how == "interrupted":
        raise click.Abort
    if how == "lacking":
        raise ModuleNotFoundError("No module named 'yaml'", name="yaml")
    if how == "refused":
        raise click.ClickException("cannot open")
    click.echo(f"{count} {gain} {how}")


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (["go", "--how", "badly"], 1, "no such file; check the path"),
        (["go", "--how", "interrupted"], 1, "stopped"),
        (["go", "--how", "refused"], 1, "cannot open"),
        (
            ["go", "--how", "lacking"],
            1,
            "Python package 'yaml' is missing, this command needs it; pip install 'loopmorph[train]'",
        ),
        (
            ["go", "--count", "x"],
            2,
            "Invalid value for '--count': 'x' is not a valid integer range; a whole number from 1 to 2147483648 is "
            "needed; see 'program go --help'",
        ),
        (
            ["go", "--gain", "0"],
            2,
            "Invalid value for '--gain': 0.0 is not in the range x>=0.5; a number of at least 0.5 is needed; see "
            "'program go --help'",
        ),
        (["stay"], 2, "No such command 'stay'; see 'program --help'"),
        (["go", "--far"], 2, "No such option '--far'; see 'program go --help'"),
    ],
)
def test_an_error_is_one_line(arguments: list[str], status: int, line: str) -> None:
    result = CliRunner().invoke(program, arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (status, "", f"loopmorph: {line}\n")


def test_a_command_that_works_prints_and_exits_with_0() -> None:
    result = CliRunner().invoke(program, ["go", "--count", "2"])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "2 None well\n", "")


def test_help_is_help_and_no_command_is_help_too() -> None:
    asked = CliRunner().invoke(program, ["--help"])
    assert (asked.exit_code, asked.stdout.splitlines()[0]) == (0, "Usage: program [OPTIONS] COMMAND [ARGS]...")
    bare = CliRunner().invoke(program, [])
    assert (bare.exit_code, bare.stderr.splitlines()[0]) == (2, "Usage: program [OPTIONS] COMMAND [ARGS]...")


def test_a_bug_keeps_its_traceback() -> None:
    assert isinstance(CliRunner().invoke(program, ["go", "--how", "buggy"]).exception, ZeroDivisionError)
