"""Ctrl-C: noted and told the first time, a stop the second time; told in one line before a run."""

import os
import signal

import pytest

from training.errors import TrainingError
from training.interrupt import STOPPING, Interrupt, setting_up


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_first_press_is_noted_and_told_and_a_second_one_stops(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupt() as interrupt:
        assert not interrupt.is_asked
        press()
        assert interrupt.is_asked
        assert capfd.readouterr().err == f"{STOPPING}\n"
        with pytest.raises(KeyboardInterrupt):
            press()
    assert signal.getsignal(signal.SIGINT) is before


def test_second_press_stops_though_a_shell_had_it_ignored() -> None:
    """As for background jobs."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupt(is_told=False):
            press()
            with pytest.raises(KeyboardInterrupt):
                press()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_line_takes_the_place_of_a_progress_bar(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "isatty", lambda fd: True)
    with Interrupt():
        press()
    assert capfd.readouterr().err == f"\r\x1b[2K{STOPPING}\n"


def test_line_that_nobody_can_read_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(fd: int, line: bytes) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(os, "write", closed)
    with Interrupt() as interrupt:
        press()
    assert interrupt.is_asked


def test_press_before_the_first_step_is_a_line() -> None:
    with pytest.raises(TrainingError, match="stopped before the first step, nothing was lost or begun"), setting_up():
        raise KeyboardInterrupt
