"""The package: every name it offers is there."""

import importlib

import pytest

import directions


@pytest.mark.parametrize("name", sorted(set(directions.__all__) - {"ATTRIBUTES", "survey"}))
def test_offered_name_is_found_and_bears_its_name(name: str) -> None:
    assert getattr(directions, name).__name__ == name


def test_attributes_are_offered() -> None:
    assert set(directions.ATTRIBUTES) == {"density", "bass", "brightness"}


def test_survey_is_the_function_also_after_its_module_was_imported() -> None:
    importlib.import_module("directions.survey")
    assert callable(directions.take_survey)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'directions' has no attribute 'aply'"):
        directions.aply  # noqa: B018
