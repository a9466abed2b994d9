"""Errors of the directions."""

from melgan_vocoder.errors import LoopmorphError


class DirectionError(LoopmorphError):
    """Root of the errors of `directions`: an unknown name or a table that does not fit the model."""
