"""Names that are loaded when first used."""

import sys

import pytest

from melgan_vocoder.lazy import load_later


def test_module_is_loaded_with_the_first_name_that_is_asked_of_it(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "house_of_names"  # type: ignore[operator]
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from melgan_vocoder.lazy import load_later\n__getattr__ = load_later(__name__, {'Door': 'hall'})\n"
    )
    (folder / "hall.py").write_text("class Door: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    import house_of_names  # type: ignore[import-not-found]

    assert "house_of_names.hall" not in sys.modules
    assert house_of_names.Door.__name__ == "Door"
    assert "house_of_names.hall" in sys.modules


def test_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'melgan_vocoder' has no attribute 'Window'"):
        load_later("melgan_vocoder", {"Door": "hall"})("Window")
