"""Presets: places in W that come back as written, and every defect is one line."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from melgan_vocoder.errors import LoopmorphError, VocoderError
from stylegan_audio.errors import ModelError
from stylegan_audio.model_file import ModelHeader, read_model_header
from stylegan_audio.presets import MAX_PRESETS, preset_tensor
from stylegan_audio.rewriting import rewrite_model

Rewrite = Callable[..., None]
W = np.linspace(-1, 1, 8, dtype=np.float32)


def with_presets(path: pathlib.Path, *names: str, w: np.ndarray = W) -> ModelHeader:
    presets = {name: ({"source": f"{name}.wav", "name": name}, w + index) for index, name in enumerate(names)}
    return rewrite_model(read_model_header(path), path, presets=presets)


def test_presets_come_back_in_their_order_with_what_is_said_of_them(model_path: pathlib.Path) -> None:
    header = with_presets(model_path, "break", "amen-2")
    assert header.presets == ("break", "amen-2")
    assert header.preset_entries[1] == {"name": "amen-2", "source": "amen-2.wav"}
    assert header.preset_vector("amen-2").dtype == np.float32
    np.testing.assert_array_equal(header.preset_vector("amen-2"), W + 1)


def test_file_without_presets_has_none(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(model_path, metadata={"presets": None})
    assert read_model_header(model_path).presets == ()


def test_shipped_model_has_none_yet(drums_header: ModelHeader) -> None:
    assert drums_header.presets == ()


def test_unknown_preset_is_refused_by_its_tensor(model_path: pathlib.Path) -> None:
    with pytest.raises(VocoderError, match=r"toy\.safetensors: tensors \['preset\.sparkle'\] are missing"):
        with_presets(model_path, "break").preset_vector("sparkle")


@pytest.mark.parametrize("name", ["", "-a", "Break", "a b", "../a", "ä", "a" * 33, "a\n"])
def test_name_that_cannot_be_typed_is_refused_in_a_file_and_before_it_is_written(
    model_path: pathlib.Path, rewrite: Rewrite, name: str
) -> None:
    message = r"toy\.safetensors: preset name '.*', 1 to 32 lower-case letters, digits, '-' and '_' are needed; rename"
    before = model_path.read_bytes()
    with pytest.raises(ModelError, match=message):
        with_presets(model_path, name)
    assert model_path.read_bytes() == before
    rewrite(model_path, metadata={"presets": json.dumps([{"name": name}])}, tensors={preset_tensor(name): W})
    with pytest.raises(ModelError, match=message):
        read_model_header(model_path)


def test_as_many_as_have_room_are_kept_and_one_more_is_refused(model_path: pathlib.Path) -> None:
    names = [f"p{index}" for index in range(MAX_PRESETS)]
    assert with_presets(model_path, *names).presets == tuple(names)
    with pytest.raises(ModelError, match=r"toy\.safetensors: 17 presets, 16 at most are possible; give one up"):
        with_presets(model_path, *names, "more")


def test_name_that_comes_twice_is_refused(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(model_path, metadata={"presets": json.dumps([{"name": "a"}, {"name": "a"}])}, tensors={"preset.a": W})
    with pytest.raises(ModelError, match=r"toy\.safetensors: preset 'a' comes twice, each name once is needed"):
        read_model_header(model_path)


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [(None, "no tensor"), (np.zeros(7), r"shape \(7,\)"), (np.zeros((1, 8)), r"shape \(1, 8\)")],
    ids=["missing", "too short", "two axes"],
)
def test_preset_that_does_not_fit_w_is_refused(
    model_path: pathlib.Path, rewrite: Rewrite, tensor: np.ndarray | None, shown: str
) -> None:
    with_presets(model_path, "break")
    rewrite(model_path, tensors={"preset.break": tensor})
    with pytest.raises(ModelError, match=rf"toy\.safetensors: preset 'break' has {shown}, the model has w_dim 8"):
        read_model_header(model_path)


def test_vector_that_does_not_fit_w_is_not_written(model_path: pathlib.Path) -> None:
    with pytest.raises(ModelError, match=r"toy\.safetensors: preset 'break' has shape \(9,\), the model has w_dim 8"):
        with_presets(model_path, "break", w=np.zeros(9))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_place_that_is_not_finite_is_neither_written_nor_read(
    model_path: pathlib.Path, rewrite: Rewrite, value: float
) -> None:
    with pytest.raises(ModelError, match=r"toy\.safetensors: preset 'break' holds NaN or infinity, numbers are needed"):
        with_presets(model_path, "break", w=np.full(8, value))
    with_presets(model_path, "break")
    rewrite(model_path, tensors={"preset.break": np.full(8, value, np.float32)})
    with pytest.raises(VocoderError, match=r"toy\.safetensors: tensor preset\.break holds NaN or infinity"):
        read_model_header(model_path).preset_vector("break")


@pytest.mark.parametrize(
    "text", ["", "{", "5", "null", "{}", '["a"]', "[{}]", '[{"name": 5}]', "[" * 100_000], ids=lambda text: text[:12]
)
def test_entries_that_cannot_be_read_are_refused(model_path: pathlib.Path, rewrite: Rewrite, text: str) -> None:
    rewrite(model_path, metadata={"presets": text})
    with pytest.raises(LoopmorphError, match=r"toy\.safetensors: .*preset.*; export the file again"):
        read_model_header(model_path)


def test_generator_is_loaded_without_the_presets(model_path: pathlib.Path, model_parts: Any) -> None:
    from stylegan_audio.generator_weights import load_generator

    generator = load_generator(with_presets(model_path, "break"))
    assert generator.state_dict().keys() == model_parts.generator.state_dict().keys()
