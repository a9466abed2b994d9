"""The direction table: read back as written, every misfit refused by name."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from directions.curve import follow
from directions.errors import DirectionError
from directions.table import Line, read_directions, table_parts
from melgan_vocoder.errors import LoopmorphError
from stylegan_audio.model_file import ModelHeader, read_model_header
from stylegan_audio.rewriting import rewrite_model
from tests.directions.map_stage import curve, random_map

Rewrite = Callable[..., None]
ENTRY: dict[str, Any] = {"name": "density", "attribute": "density", "levels": [0, 1], "sigma": 0.5, "report": {}}
OTHER_TYPES: list[tuple[str, Any]] = [("levels", 3), ("levels", ["x"]), ("sigma", "wide"), ("sigma", None)]
UNIT = np.eye(1, 8, 3, dtype=np.float32)[0]


def line(**changes: Any) -> Line:
    fields = {"name": "bass", "attribute": "bass", "levels": (0, 1), "sigma": 0.5, "vector": UNIT, "report": {"a": 1}}
    return Line(**fields | changes)


def test_table_is_read_back_as_written(model_path: pathlib.Path, model_parts: Any) -> None:
    table = read_directions(read_model_header(model_path))
    assert list(table) == ["density", "bass"]
    for name, (entry, vector) in model_parts.directions.items():
        assert table[name].entry() == entry
        assert (table[name].levels, table[name].sigma) == (tuple(entry["levels"]), 0.75)
        np.testing.assert_array_equal(table[name].vector, vector)


def test_model_without_directions_has_an_empty_table(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(model_path, metadata={"directions": "[]"})
    assert read_directions(read_model_header(model_path)) == {}


@pytest.mark.parametrize("name", ["density", "bass", "brightness", "kick", "hats"])
def test_shipped_drums_have_directions_that_passed(drums_header: ModelHeader, name: str) -> None:
    report = read_directions(drums_header)[name].report
    assert report["offered"]
    assert (report["seeds"], len(report["strengths"])) == (200, 13)
    assert report["spearman"] >= 0.95
    means = report["means"][name]
    assert means == sorted(means)
    assert (means[-1] - means[0]) / report["population_sd"][name] == pytest.approx(report["effect"], abs=0.02)
    assert report["effect"] >= 2
    assert max(abs(leak) for other, leak in report["leaks"].items() if other != "loudness") <= 0.25


@pytest.mark.parametrize("name", ["density", "bass", "brightness", "kick", "hats"])
def test_a_family_moves_along_no_more_than_it_does_anyhow(drums_header: ModelHeader, name: str) -> None:
    for share, correlation in read_directions(drums_header)[name].report["within_family"].values():
        assert abs(share) <= abs(correlation)


def test_curves_are_read_back_and_move_as_written(model_path: pathlib.Path, rng: np.random.Generator) -> None:
    attribute_map = random_map(rng)
    bass = curve(attribute_map, limits={"kick": 0.25}, report={"offered": True})
    table = {"bass": bass, "grit": line(name="grit")}
    header = read_model_header(model_path)
    header = rewrite_model(header, model_path, directions=table_parts(table), attribute_map=attribute_map.parts())
    found = read_directions(header)
    assert list(found) == ["bass", "grit"]
    assert found["bass"].entry() == bass.entry()
    w = rng.standard_normal((2, 8)).astype(np.float32)
    np.testing.assert_allclose(follow(w, [(found["bass"], 1.0)]), follow(w, [(bass, 1.0)]), atol=0.02)
    assert "direction.bass" not in header.weights.shapes


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"limits": {"kick": -1}}, "shares from 0 on are needed"),
        ({"limits": {"kick": "much"}}, "cannot be read"),
        ({"limits": 3}, "cannot be read"),
        ({"attribute": "sparkle"}, "attributes of its map"),
    ],
)
def test_a_curve_that_its_map_does_not_know_is_refused_with_the_file(
    model_path: pathlib.Path, rewrite: Rewrite, rng: np.random.Generator, changes: dict[str, Any], shown: str
) -> None:
    attribute_map = random_map(rng)
    parts = table_parts({"bass": curve(attribute_map)})
    rewrite_model(read_model_header(model_path), model_path, directions=parts, attribute_map=attribute_map.parts())
    rewrite(model_path, metadata={"directions": json.dumps([{**parts["bass"][0], **changes}])})
    with pytest.raises(DirectionError, match=rf"toy\.safetensors: .*{shown}"):
        read_directions(read_model_header(model_path))


def test_a_curve_without_a_map_is_refused(model_path: pathlib.Path, rewrite: Rewrite, rng: np.random.Generator) -> None:
    rewrite(model_path, metadata={"directions": json.dumps([curve(random_map(rng)).entry()])})
    with pytest.raises(DirectionError, match=r"toy\.safetensors: direction 'bass' follows a map .* that is missing"):
        read_directions(read_model_header(model_path))


def test_entry_is_json_of_all_but_the_vector() -> None:
    entry = json.loads(json.dumps(line().entry()))
    assert entry == {"name": "bass", "attribute": "bass", "levels": [0, 1], "sigma": 0.5, "report": {"a": 1}}


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"vector": 2 * UNIT}, "length 2 and sigma 0.5"),
        ({"vector": 0 * UNIT}, "length 0 and sigma 0.5"),
        ({"vector": np.nan * UNIT}, "length nan and sigma 0.5"),
        ({"sigma": 0.0}, "length 1 and sigma 0"),
        ({"sigma": -1.0}, "length 1 and sigma -1"),
        ({"sigma": float("nan")}, "length 1 and sigma nan"),
        ({"sigma": float("inf")}, "length 1 and sigma inf"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_vector_that_is_not_unit_or_sigma_that_is_not_positive_is_refused(changes: dict[str, Any], shown: str) -> None:
    message = rf"direction 'bass' has {shown}, a unit vector and a positive sigma are needed; find it again"
    with pytest.raises(DirectionError, match=message):
        line(**changes)


@pytest.mark.parametrize("field", ENTRY)
def test_entry_that_lacks_a_field_is_refused_by_it(model_path: pathlib.Path, rewrite: Rewrite, field: str) -> None:
    entry = {name: value for name, value in ENTRY.items() if name != field}
    rewrite(model_path, metadata={"directions": json.dumps([entry])})
    shown = (
        "its direction entries are no list" if field == "name" else rf"direction entry .* \(it has no '{field}'\); find"
    )
    with pytest.raises(LoopmorphError, match=rf"toy\.safetensors: {shown}"):
        read_directions(read_model_header(model_path))


@pytest.mark.parametrize(
    "entry",
    ["density", 5, None, [], *(ENTRY | {field: value} for field, value in OTHER_TYPES)],
    ids=str,
)
def test_entry_of_other_types_is_refused(model_path: pathlib.Path, rewrite: Rewrite, entry: object) -> None:
    rewrite(model_path, metadata={"directions": json.dumps([entry])})
    with pytest.raises(
        LoopmorphError, match=r"toy\.safetensors: (direction entry .* cannot be read|its direction entries)"
    ):
        read_directions(read_model_header(model_path))


@pytest.mark.parametrize("levels", [[6], [-1], [0, 99]])
def test_level_that_the_model_lacks_is_refused(model_path: pathlib.Path, rewrite: Rewrite, levels: list[int]) -> None:
    rewrite(model_path, metadata={"directions": json.dumps([ENTRY | {"levels": levels}])})
    message = r"direction 'density' has shape \(8,\) and levels \(.*\), the model has w_dim 8 and levels 0 to 5"
    with pytest.raises(DirectionError, match=message):
        read_directions(read_model_header(model_path))


@pytest.mark.parametrize("shape", [(9,), (1, 8), (7,)])
def test_vector_that_does_not_fit_w_is_refused(
    model_path: pathlib.Path, rewrite: Rewrite, shape: tuple[int, ...]
) -> None:
    vector = np.zeros(shape, np.float32)
    vector.flat[0] = 1
    rewrite(model_path, tensors={"direction.density": vector})
    with pytest.raises(DirectionError, match=r"toy\.safetensors: direction 'density' has shape .* w_dim 8 and levels"):
        read_directions(read_model_header(model_path))


def test_vector_that_is_not_in_the_file_is_refused_by_its_tensor(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(model_path, tensors={"direction.density": None})
    with pytest.raises(LoopmorphError, match=r"toy\.safetensors: tensors \['direction\.density'\] are missing"):
        read_directions(read_model_header(model_path))


def test_vector_of_the_file_that_is_not_unit_names_the_file(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(model_path, tensors={"direction.density": 2 * UNIT})
    with pytest.raises(DirectionError) as caught:
        read_directions(read_model_header(model_path))
    assert "toy.safetensors" in str(caught.value)


@pytest.mark.parametrize("names", [["density", "density"], [""], ["x" * 41], ["é"], ["a/b"], ["A"]], ids=str)
def test_a_name_that_cannot_be_typed_or_is_there_twice_is_refused(
    model_path: pathlib.Path, rewrite: Rewrite, names: list[str]
) -> None:
    tensors = {f"direction.{name}": UNIT for name in names if name}
    rewrite(
        model_path, metadata={"directions": json.dumps([ENTRY | {"name": name} for name in names])}, tensors=tensors
    )
    with pytest.raises(LoopmorphError, match=r"toy\.safetensors: "):
        read_directions(read_model_header(model_path))
