"""The package: every name it offers is there."""

import pytest

import directions


@pytest.mark.parametrize("name", sorted(set(directions.__all__) - {"ATTRIBUTES", "Direction"}))
def test_offered_name_is_found_and_bears_its_name(name: str) -> None:
    assert getattr(directions, name).__name__ == name


def test_attributes_are_offered() -> None:
    assert {"density", "bass", "brightness", "loudness"} < set(directions.ATTRIBUTES)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'directions' has no attribute 'aply'"):
        directions.aply  # noqa: B018
