"""The attribute map: what torch says, slopes as differences, every misfit refused."""

import dataclasses
import json
import pathlib
from collections.abc import Callable

import numpy as np
import pytest
import torch

from directions.attribute_map import AttributeMap, read_attribute_map
from directions.errors import DirectionError
from stylegan_audio.model_file import read_model_header
from stylegan_audio.rewriting import rewrite_model
from tests.directions.map_stage import N_AXES, NAMES, W_DIM, random_map

Rewrite = Callable[..., None]


@pytest.fixture
def attribute_map(rng: np.random.Generator) -> AttributeMap:
    return random_map(rng)


def test_it_predicts_what_the_same_layers_do_in_torch(attribute_map: AttributeMap, rng: np.random.Generator) -> None:
    u = rng.standard_normal((4, N_AXES))
    x = torch.from_numpy(u)
    for number, (weight, bias) in enumerate(zip(attribute_map.weights, attribute_map.biases, strict=True)):
        x = (torch.nn.functional.silu(x) if number else x) @ torch.from_numpy(weight) + torch.from_numpy(bias)
    np.testing.assert_allclose(attribute_map.predict(u), x.numpy(), atol=1e-12)


def test_slopes_are_those_of_its_predictions(attribute_map: AttributeMap, rng: np.random.Generator) -> None:
    u, step = rng.standard_normal((2, 3, N_AXES)), 1e-6
    slopes = attribute_map.slopes(u)
    assert slopes.shape == (2, 3, len(NAMES), N_AXES)
    for axis in range(N_AXES):
        ends = [attribute_map.predict(u + sign * step * np.eye(N_AXES)[axis]) for sign in (1, -1)]
        np.testing.assert_allclose(slopes[..., axis], (ends[0] - ends[1]) / (2 * step), atol=1e-7)


def test_a_step_of_one_axis_is_one_unit_away(attribute_map: AttributeMap) -> None:
    np.testing.assert_allclose(attribute_map.place(attribute_map.mean), np.zeros(N_AXES), atol=1e-12)
    np.testing.assert_allclose(
        attribute_map.place(attribute_map.mean + attribute_map.steps.T), np.eye(N_AXES), atol=1e-12
    )


def test_it_is_read_from_a_model_file_as_written_in_half_precision(
    attribute_map: AttributeMap, model_path: pathlib.Path
) -> None:
    assert read_attribute_map(read_model_header(model_path)) is None
    header = rewrite_model(read_model_header(model_path), model_path, attribute_map=attribute_map.parts())
    found = read_attribute_map(header)
    assert found is not None
    assert found.names == NAMES
    np.testing.assert_array_equal(found.steps, attribute_map.steps.astype(np.float16))
    for one, other in zip(found.weights, attribute_map.weights, strict=True):
        np.testing.assert_array_equal(one, other.astype(np.float16))
    assert not any(name.startswith("attributes") for name in header.generator_state())
    again = read_attribute_map(rewrite_model(header, model_path, presets={}))
    assert again is not None
    np.testing.assert_array_equal(again.mean, found.mean)


@pytest.mark.parametrize(
    ("tensors", "shown"),
    [
        ({"attributes.mean": np.zeros(W_DIM + 1, np.float16)}, "layers that fit each other"),
        ({"attributes.bias.1": np.zeros(3, np.float16)}, "layers that fit each other"),
        ({"attributes.bias.2": np.zeros(2, np.float16)}, "layers that fit each other"),
        ({"attributes.weight.0": np.zeros((N_AXES, 15), np.float16)}, "layers that fit each other"),
        ({"attributes.steps": np.zeros((W_DIM, N_AXES), np.float16)}, "axes of some length"),
        ({"attributes.weight.2": None}, r"lacks 'weight\.2'; find its directions again"),
        (
            {"attributes.mean": np.zeros(4, np.float16), "attributes.steps": np.ones((4, N_AXES), np.float16)},
            "of w_dim 4, the model has 8",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_with_the_file(
    attribute_map: AttributeMap,
    model_path: pathlib.Path,
    rewrite: Rewrite,
    tensors: dict[str, np.ndarray | None],
    shown: str,
) -> None:
    rewrite_model(read_model_header(model_path), model_path, attribute_map=attribute_map.parts())
    rewrite(model_path, tensors=tensors)
    with pytest.raises(DirectionError, match=rf"toy\.safetensors: .*{shown}"):
        read_attribute_map(read_model_header(model_path))


def test_an_entry_without_names_is_refused(
    attribute_map: AttributeMap, model_path: pathlib.Path, rewrite: Rewrite
) -> None:
    rewrite_model(read_model_header(model_path), model_path, attribute_map=attribute_map.parts())
    rewrite(model_path, metadata={"attributes": json.dumps({})})
    with pytest.raises(DirectionError, match=r"toy\.safetensors: its attribute map lacks 'names'"):
        read_attribute_map(read_model_header(model_path))
    fewer = dataclasses.asdict(attribute_map) | {"names": NAMES[:2]}
    with pytest.raises(DirectionError, match="attribute map of 2 attributes has layers"):
        AttributeMap(**fewer)
