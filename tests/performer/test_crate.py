import pathlib
import shutil

import pytest

from performer.crate import add_model, find_model, list_models
from performer.errors import PerformerError
from stylegan_audio import SHIPPED_MODELS

DRUMS = SHIPPED_MODELS / "drums.safetensors"


@pytest.fixture(autouse=True)
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_shipped_models_are_listed_and_found() -> None:
    assert [header.name for header in list_models()] == ["drums"]
    assert find_model("drums").weights.path == DRUMS


def test_an_added_model_hides_the_shipped_one_and_is_never_overwritten(home: pathlib.Path) -> None:
    added = add_model(DRUMS)
    assert added.weights.path == home / "models" / "drums.safetensors"
    assert find_model("drums").weights.path == added.weights.path
    assert [header.name for header in list_models()] == ["drums"]
    with pytest.raises(PerformerError, match="the crate has a model 'drums' already"):
        add_model(DRUMS)


def test_a_model_is_found_by_its_path(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "other.safetensors"
    shutil.copyfile(DRUMS, path)
    assert find_model(str(path)).weights.path == path


def test_an_unknown_model_is_named_with_the_known_ones() -> None:
    with pytest.raises(PerformerError, match="model 'polka' is not in the crate; known are drums; choose one"):
        find_model("polka")
