"""What the package offers."""

import pytest

from training import model_evaluation


def test_every_name_is_loaded_from_its_room() -> None:
    for name in model_evaluation.__all__:
        assert callable(getattr(model_evaluation, name))
    with pytest.raises(AttributeError, match="evaluates"):
        _ = model_evaluation.evaluates
