"""Errors of the instrument."""

from melgan_vocoder.errors import LoopmorphError


class PerformerError(LoopmorphError):
    """Root of the errors of `performer`: a device, a port or an argument that does not fit."""


class AlreadyToldError(PerformerError):
    """A process could not start and has said why: nothing is to be added."""


class ControlError(PerformerError):
    """A value that a control cannot take."""
