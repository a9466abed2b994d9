"""Errors of training."""

from melgan_vocoder.errors import LoopmorphError


class TrainingError(LoopmorphError):
    """Root of the errors of `training`: a corpus, a run or a file that does not fit."""


def require(holds: bool, *, name: str, got: object, needed: str) -> None:
    """Check one setting.

    Raises
    ------
    TrainingError
        If it does not hold.
    """
    if not holds:
        raise TrainingError(f"setting {name} is {got!r}, {needed} is needed; correct it in the preset")
