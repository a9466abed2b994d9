"""Model file -> generator: the same network again, or one line that says why not."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from melgan_vocoder.errors import LoopmorphError
from stylegan_audio.errors import ModelError
from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import generator_tensors, load_generator
from stylegan_audio.model_file import read_model_header

Rewrite = Callable[..., None]
DO_NOT_FIT = r"toy\.safetensors: its tensors do not fit its architecture \(.*{}.*\); export the file again"


def test_shipped_generator_draws_without_gradients(generator: Generator) -> None:
    assert not generator.training
    assert not any(weight.requires_grad for weight in generator.parameters())
    assert all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in generator.state_dict().values())
    assert generator.w_avg.any()


def test_round_trip_keeps_every_tensor_to_half_precision_and_what_is_drawn(
    model_path: pathlib.Path, model_parts: Any, rng: np.random.Generator
) -> None:
    loaded, saved = load_generator(read_model_header(model_path)), model_parts.generator
    assert loaded.config == saved.config
    assert loaded.mel_format == saved.mel_format
    for name, tensor in saved.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float()), name
    z = torch.from_numpy(rng.standard_normal((1, 6)).astype(np.float32))
    torch.testing.assert_close(loaded(z), saved(z), atol=0.02, rtol=0)


def test_second_round_trip_changes_no_bit(model_path: pathlib.Path) -> None:
    once = load_generator(read_model_header(model_path))
    for name, array in generator_tensors(once).items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array.astype(np.float16).astype(np.float32), array, err_msg=name)


def test_tensors_for_writing_are_the_state_by_name(toy_generator: Generator) -> None:
    arrays, state = generator_tensors(toy_generator), toy_generator.state_dict()
    assert arrays.keys() == state.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, state[name].numpy())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["w_avg", "synthesis.levels.2.conv.noise"])
def test_tensor_that_is_not_finite_is_refused_by_name(
    model_path: pathlib.Path, rewrite: Rewrite, name: str, value: float
) -> None:
    shape = read_model_header(model_path).weights.shapes[name]
    array = np.zeros(shape, np.float16)
    array.flat[-1] = value
    rewrite(model_path, tensors={name: array})
    with pytest.raises(
        LoopmorphError, match=rf"toy\.safetensors: tensor {name} holds NaN or infinity; export the file"
    ):
        load_generator(read_model_header(model_path))


@pytest.mark.parametrize(
    ("array", "reason"),
    [(None, "Missing key.*w_avg"), (np.zeros(9, np.float16), r"size mismatch for w_avg.*\[9\].*\[8\]")],
    ids=["missing", "other shape"],
)
def test_tensor_that_does_not_fit_is_refused_by_name(
    model_path: pathlib.Path, rewrite: Rewrite, array: np.ndarray | None, reason: str
) -> None:
    rewrite(model_path, tensors={"w_avg": array})
    with pytest.raises(ModelError, match=DO_NOT_FIT.format(reason)):
        load_generator(read_model_header(model_path))


def test_tensor_too_many_is_refused_by_name(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(model_path, tensors={"extra.weight": np.zeros(3, np.float16)})
    with pytest.raises(ModelError, match=DO_NOT_FIT.format("Unexpected key.*extra.weight")):
        load_generator(read_model_header(model_path))


@pytest.mark.parametrize("change", [{"w_dim": 9}, {"mapping_layers": 3}, {"channels": [5, 4, 4, 4, 4, 4]}], ids=str)
def test_architecture_of_another_network_is_refused(
    model_path: pathlib.Path, rewrite: Rewrite, change: dict[str, Any]
) -> None:
    sizes = json.loads(read_model_header(model_path).config.to_json()) | change
    rewrite(model_path, metadata={"architecture": json.dumps(sizes)})
    with pytest.raises(ModelError, match=DO_NOT_FIT.format("")):
        load_generator(read_model_header(model_path))


def test_architecture_larger_than_memory_is_refused(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    sizes = json.loads(read_model_header(model_path).config.to_json()) | {"w_dim": 10**15}
    rewrite(model_path, metadata={"architecture": json.dumps(sizes)})
    with pytest.raises(ModelError):
        load_generator(read_model_header(model_path))


def test_dtype_that_numpy_lacks_is_refused(model_path: pathlib.Path) -> None:
    metadata = dict(read_model_header(model_path).weights.metadata)
    tensors = {name: tensor.bfloat16() for name, tensor in load_file(model_path).items()}
    save_file(tensors, model_path, metadata=metadata)
    with pytest.raises(LoopmorphError):
        load_generator(read_model_header(model_path))
