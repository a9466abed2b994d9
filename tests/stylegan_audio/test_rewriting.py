"""A model written again: what is given changes, and nothing else."""

import pathlib

import numpy as np
import pytest

from melgan_vocoder.weights_file import read_tensors
from stylegan_audio.model_file import read_model_header
from stylegan_audio.rewriting import rewrite_model

W = np.arange(8, dtype=np.float32)
PRESETS = {"break": ({"name": "break", "source": "break.wav"}, W)}


@pytest.fixture
def full_path(model_path: pathlib.Path) -> pathlib.Path:
    """The narrow model with two directions and a preset."""
    rewrite_model(read_model_header(model_path), model_path, presets=PRESETS)
    return model_path


def test_nothing_given_is_the_same_file_elsewhere(full_path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    header = read_model_header(full_path)
    copy = rewrite_model(header, tmp_path / "deep" / "copy.safetensors")
    assert copy.weights.metadata == header.weights.metadata
    before, after = read_tensors(header.weights), read_tensors(copy.weights)
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array)


def test_other_directions_leave_presets_and_weights_as_they_are(full_path: pathlib.Path) -> None:
    before = read_model_header(full_path)
    state = before.generator_state()
    entry = {"name": "grit", "attribute": "grit", "levels": [0], "sigma": 1.0, "report": {}}
    after = rewrite_model(before, full_path, directions={"grit": (entry, np.eye(8, dtype=np.float32)[0])})
    assert after.directions == (entry,)
    assert after.preset_entries == before.preset_entries
    np.testing.assert_array_equal(after.preset_vector("break"), W)
    assert after.identity == before.identity
    for name, array in state.items():
        np.testing.assert_array_equal(after.generator_state()[name], array)


def test_other_presets_leave_directions_as_they_are(full_path: pathlib.Path) -> None:
    before = read_model_header(full_path)
    vectors = {entry["name"]: before.direction_vector(entry["name"]) for entry in before.directions}
    after = rewrite_model(before, full_path, presets={})
    assert after.presets == ()
    assert "preset.break" not in after.weights.shapes
    assert after.directions == before.directions
    for name, vector in vectors.items():
        np.testing.assert_array_equal(after.direction_vector(name), vector)


def test_other_weights_leave_the_rest_as_it_is(full_path: pathlib.Path) -> None:
    before = read_model_header(full_path)
    state = {name: np.zeros_like(array) for name, array in before.generator_state().items()}
    after = rewrite_model(before, full_path, state=state)
    assert not any(array.any() for array in after.generator_state().values())
    assert (after.directions, after.presets) == (before.directions, ("break",))


def test_state_is_what_is_no_direction_and_no_preset(full_path: pathlib.Path) -> None:
    header = read_model_header(full_path)
    rest = set(read_tensors(header.weights)) - set(header.generator_state())
    assert rest == {"direction.density", "direction.bass", "preset.break"}
