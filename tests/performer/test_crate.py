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
    headers, problems = list_models()
    assert [header.name for header in headers] == ["drums"]
    assert problems == []
    assert find_model("drums").weights.path == DRUMS


def test_a_broken_file_in_the_crate_is_named_and_hides_nothing(home: pathlib.Path) -> None:
    (home / "models").mkdir(parents=True)
    (home / "models" / "broken.safetensors").write_bytes(b"noise")
    headers, problems = list_models()
    assert [header.name for header in headers] == ["drums"]
    assert len(problems) == 1
    assert "broken.safetensors" in problems[0]


def test_a_crate_that_cannot_be_written_to_is_one_line(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path / "file"))
    with pytest.raises(PerformerError, match=r"drums.safetensors: Not a directory; .*LOOPMORPH_HOME"):
        add_model(DRUMS)


def test_an_added_model_hides_the_shipped_one_and_is_never_overwritten(home: pathlib.Path) -> None:
    added = add_model(DRUMS)
    assert added.weights.path == home / "models" / "drums.safetensors"
    assert find_model("drums").weights.path == added.weights.path
    assert [header.name for header in list_models()[0]] == ["drums"]
    with pytest.raises(PerformerError, match="the crate has a model 'drums' already"):
        add_model(DRUMS)


def test_a_model_is_found_by_its_path(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "other.safetensors"
    shutil.copyfile(DRUMS, path)
    assert find_model(str(path)).weights.path == path


def test_an_unknown_model_is_named_with_the_known_ones() -> None:
    with pytest.raises(PerformerError, match="model 'polka' is not in the crate; known are drums; choose one"):
        find_model("polka")
