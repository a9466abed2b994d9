"""The package: its error is at hand without torch's weight."""

import training
from training.errors import TrainingError


def test_offers_its_root_error() -> None:
    assert training.__all__ == ["TrainingError"]
    assert training.TrainingError is TrainingError
