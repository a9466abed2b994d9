"""The package: every name it offers is there, and so are the shipped models."""

import pytest

import stylegan_audio


@pytest.mark.parametrize("name", sorted(set(stylegan_audio.__all__) - {"SHIPPED_MODELS"}))
def test_offered_name_is_found_and_bears_its_name(name: str) -> None:
    assert getattr(stylegan_audio, name).__name__ == name


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'stylegan_audio' has no attribute 'generater'"):
        stylegan_audio.generater  # noqa: B018


def test_drum_model_is_shipped() -> None:
    assert (stylegan_audio.SHIPPED_MODELS / "drums.safetensors").is_file()
