"""Errors of training."""

from melgan_vocoder.errors import LoopmorphError


class TrainingError(LoopmorphError):
    """Root of the errors of `training`: a corpus, a run or a file that does not fit."""
