"""Errors: one line on stderr and status 1, nothing else hidden."""

import pytest

from melgan_vocoder.errors import LoopmorphError, VocoderError, one_line_errors


def test_deliberate_error_prints_one_line_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    @one_line_errors
    def command() -> None:
        raise VocoderError("no such file; check the path")

    with pytest.raises(SystemExit) as caught:
        command()
    assert caught.value.code == 1
    assert isinstance(caught.value.__cause__, VocoderError)
    assert capsys.readouterr() == ("", "loopmorph: no such file; check the path\n")


def test_guard_passes_arguments_results_and_the_name_through() -> None:
    @one_line_errors
    def add(a: int, *, b: int) -> int:
        """Add."""
        return a + b

    assert add(1, b=2) == 3
    assert (add.__name__, add.__doc__) == ("add", "Add.")


def test_error_that_is_a_bug_keeps_its_traceback() -> None:
    @one_line_errors
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command()


def test_root_is_an_ordinary_exception() -> None:
    assert LoopmorphError.__bases__ == (Exception,)
