"""What was found goes into the owner's copy; the shipped file stays as it is."""

import pathlib

import numpy as np
import pytest

from directions.table import Line
from melgan_vocoder.errors import LoopmorphError
from performer.crate import find_model
from performer.errors import PerformerError
from performer.teaching.own_copy import keep_direction, keep_preset, own_path, preset_name, require_direction
from performer.teaching.own_copy import require_preset as check_preset
from stylegan_audio.model_file import ModelHeader, read_model_header


@pytest.fixture(autouse=True)
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def grit(w_dim: int, **report: object) -> Line:
    vector = np.eye(w_dim, dtype=np.float32)[0]
    return Line(name="grit", attribute="grit", levels=(0,), sigma=1.0, vector=vector, report=report)


def test_shipped_model_is_copied_into_the_crate_and_hidden(drums_header: ModelHeader, home: pathlib.Path) -> None:
    before = drums_header.weights.path.read_bytes()
    w = np.ones(256, np.float32)
    written = keep_preset(drums_header, "amen", w, told={"source": "amen.wav"})
    assert written.weights.path == own_path(drums_header) == home / "models" / "drums.safetensors"
    assert drums_header.weights.path.read_bytes() == before
    found = find_model("drums")
    assert found.preset_entries == ({"source": "amen.wav", "name": "amen"},)
    np.testing.assert_array_equal(found.preset_vector("amen"), w)
    assert found.directions == drums_header.directions
    state = drums_header.generator_state()
    assert all(np.array_equal(array, state[name]) for name, array in found.generator_state().items())


def test_owned_model_is_written_in_place_and_the_preset_of_that_name_gives_way(model_path: pathlib.Path) -> None:
    for value in (1.0, 2.0):
        written = keep_preset(read_model_header(model_path), "amen", np.full(8, value), told={})
    assert written.weights.path == model_path
    assert written.presets == ("amen",)
    assert written.preset_vector("amen")[0] == 2.0


def test_direction_joins_those_of_the_model_and_presets_stay(model_path: pathlib.Path) -> None:
    header = keep_preset(read_model_header(model_path), "amen", np.zeros(8), told={})
    for n_loops in (3, 4):
        require_direction(header, "grit")
        header = keep_direction(header, grit(8, examples=[n_loops, n_loops]))
    assert [entry["name"] for entry in header.directions] == ["density", "bass", "grit"]
    assert header.directions[2]["report"] == {"examples": [4, 4]}
    assert header.presets == ("amen",)


@pytest.mark.parametrize("name", ["density", "morph", "undo", "filter"])
def test_direction_named_like_a_control_is_refused(model_path: pathlib.Path, name: str) -> None:
    with pytest.raises(PerformerError, match=f"direction name '{name}' is a control already, a new name is needed"):
        require_direction(read_model_header(model_path), name)


@pytest.mark.parametrize("name", ["", "Grit", "a/b", "a" * 33])
def test_direction_whose_name_cannot_be_typed_is_refused(model_path: pathlib.Path, name: str) -> None:
    with pytest.raises(PerformerError, match=r"direction name '.*', 1 to 32 lower-case letters"):
        require_direction(read_model_header(model_path), name)


def test_direction_that_was_measured_is_not_replaced(model_path: pathlib.Path) -> None:
    header = keep_direction(read_model_header(model_path), grit(8, r2_held_out=0.5))
    with pytest.raises(PerformerError, match=r"toy\.safetensors: direction 'grit' was measured and not learned from"):
        require_direction(header, "grit")


def test_full_model_takes_another_preset_only_in_the_place_of_one(model_path: pathlib.Path) -> None:
    header = read_model_header(model_path)
    for index in range(16):
        check_preset(header, f"p{index}")
        header = keep_preset(header, f"p{index}", np.zeros(8), told={})
    check_preset(header, "p3")
    with pytest.raises(LoopmorphError, match=r"toy\.safetensors: 17 presets, 16 at most are possible"):
        check_preset(header, "more")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a/Amen 01 (170 BPM).wav", "amen-01-170-bpm"),
        ("x.y.flac", "x-y"),
        ("_-a.wav", "a"),
        ("b" * 40 + ".wav", "b" * 32),
    ],
)
def test_preset_is_named_after_its_file(file: str, name: str) -> None:
    assert preset_name(pathlib.Path(file)) == name
