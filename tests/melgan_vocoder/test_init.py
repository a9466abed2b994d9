"""The package: every name it offers is there."""

import pytest

import melgan_vocoder


@pytest.mark.parametrize("name", [name for name in melgan_vocoder.__all__ if not name.isupper() or name == "PQMF"])
def test_offered_name_is_found_and_bears_its_name(name: str) -> None:
    assert getattr(melgan_vocoder, name).__name__ == name


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'melgan_vocoder' has no attribute 'vocodr'"):
        melgan_vocoder.vocodr  # noqa: B018
