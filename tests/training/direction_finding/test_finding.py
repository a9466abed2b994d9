"""Model -> its directions, with a toy model: what is found, measured and written back."""

import dataclasses
import pathlib
import shutil

import numpy as np
import pytest

from directions.attribute_map import AttributeMap
from directions.attributes import ATTRIBUTES
from directions.curve import Curve, follow
from directions.move import move
from directions.survey import Listener
from directions.table import HOLD, Direction, Line, read_directions
from melgan_vocoder.errors import LoopmorphError
from melgan_vocoder.weights_file import read_tensors
from stylegan_audio.generator import Generator
from stylegan_audio.model_file import ModelHeader, read_model_header
from stylegan_audio.rewriting import rewrite_model
from training.direction_finding.attribute_regression import AttributeRegression
from training.direction_finding.examination import NAMES, POPULATION_SEEDS
from training.direction_finding.finding import (
    FAMILY_SHARE,
    NEXT_TO_NOTHING,
    Finder,
    Plan,
    choose_attributes,
    find_directions,
)
from training.errors import TrainingError

PLAN = Plan(names=("density", "bass"), n_loops=30, n_seeds=3)
AXES = [f"pc{number}" for number in range(1, 7)]
MEASURED = {"density", *NAMES["bass"], "loudness"}
"""Attributes of a bass model, and the one that was asked for."""


@dataclasses.dataclass
class Found:
    """What finding the directions of the toy model has done."""

    path: pathlib.Path
    before: ModelHeader
    table: dict[str, Direction]
    announced: list[int]
    advanced: list[int]


@pytest.fixture(scope="module")
def found(toy_file: pathlib.Path, little_work: None, tmp_path_factory: pytest.TempPathFactory) -> Found:
    path = tmp_path_factory.mktemp("found") / "toy.safetensors"
    shutil.copy(toy_file, path)
    grit = Line(
        name="grit", attribute="grit", levels=(1,), sigma=1.0, vector=np.eye(1, 8, dtype=np.float32)[0], report={}
    )
    header = read_model_header(path)
    rewrite_model(header, path, directions={"grit": (grit.entry(), grit.vector)})
    announced: list[int] = []
    advanced: list[int] = []
    table = find_directions(path, PLAN, begin=announced.append, advance=advanced.append)
    return Found(path, header, table, announced, advanced)


def ignore(count: int) -> None:
    """No progress bar."""


def test_found_table_is_written_into_the_file_and_the_rest_stays(found: Found, toy_file: pathlib.Path) -> None:
    after = read_model_header(found.path)
    assert (after.identity, after.config) == (found.before.identity, found.before.config)
    written = read_directions(after)
    assert set(written) == set(found.table) == {"grit", "density", "bass", "density.hold", "bass.hold", *AXES}
    for name, direction in found.table.items():
        assert written[name].entry() == direction.entry()
        if isinstance(direction, Curve):
            w = np.random.default_rng(3).standard_normal((2, 8)).astype(np.float32)
            np.testing.assert_array_equal(follow(w, [(written[name], 2.0)]), follow(w, [(direction, 2.0)]))
        else:
            np.testing.assert_array_equal(written[name].vector, direction.vector)
    for name, array in read_tensors(read_model_header(toy_file).weights).items():
        np.testing.assert_array_equal(read_tensors(after.weights, [name])[name].squeeze(), array.squeeze())
    assert list(found.path.parent.iterdir()) == [found.path]


def test_a_direction_says_what_was_measured(found: Found) -> None:
    direction = found.table["bass"]
    assert direction.attribute == "bass"
    assert direction.limits.keys() == MEASURED - {"bass", "loudness"}
    report = direction.report
    assert report["unit"] == "dB"
    assert report["seeds"] == 3
    assert report["means"].keys() == report["population_sd"].keys() == MEASURED
    assert report["leaks"].keys() == MEASURED - {"bass"}
    assert report["offered"] is (report["reason"] == "")
    assert report["r2_held_out"] <= 1
    assert -1 <= report["agreement"] <= 1


def test_axes_say_what_they_move_and_how_much_of_w_they_hold(found: Found) -> None:
    shares = [found.table[name].report["share_of_w"] for name in AXES]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1
    assert found.table["pc1"].report["moves"].keys() == MEASURED
    assert found.table["pc1"].attribute == "pca"


def test_the_one_that_holds_the_rest_is_of_the_same_attribute(found: Found) -> None:
    assert found.table["bass" + HOLD].attribute == "bass"
    assert found.table["bass" + HOLD].report["seeds"] == 3


def test_progress_reaches_exactly_what_was_announced(found: Found) -> None:
    assert [sum(found.advanced)] == found.announced


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(names=("bass",), n_loops=23), "23 loops are too few for w_dim 8; at least 24 are needed; raise --loops"),
        (Plan(names=("sparkle",)), "attribute 'sparkle' has no direction; choose among density, bass"),
        (Plan(names=("loudness",)), "attribute 'loudness' has no direction"),
    ],
)
def test_what_cannot_be_found_is_refused_before_any_work_and_the_file_stays(
    toy_copy: pathlib.Path, plan: Plan, message: str
) -> None:
    before, advanced = toy_copy.read_bytes(), []
    with pytest.raises(TrainingError, match=message):
        find_directions(toy_copy, plan, begin=ignore, advance=advanced.append)
    assert toy_copy.read_bytes() == before
    assert not advanced


def test_file_that_is_no_model_is_refused(vocoder_path: pathlib.Path) -> None:
    with pytest.raises(LoopmorphError, match="holds 'loopmorph vocoder', a 'loopmorph model' is needed"):
        find_directions(vocoder_path, PLAN, begin=ignore, advance=ignore)


def test_an_attribute_that_never_changes_is_refused_by_name_and_left_out_by_role() -> None:
    with pytest.raises(TrainingError, match="swing is the same in all loops, a difference is needed"):
        choose_attributes(("swing",), asked=("swing",), moving=("bass", "density"))
    assert choose_attributes(("density", "swing", "bass"), asked=(), moving=("bass", "density")) == ["density", "bass"]
    assert all(set(names) <= set(ATTRIBUTES) for names in NAMES.values())


def test_its_family_may_move_along_as_it_usually_does_and_others_may_not() -> None:
    names = ("bass", "kick", "hats")
    attribute_map = AttributeMap(names=names, mean=np.zeros(2), steps=np.ones((2, 3)), weights=(), biases=())
    regression = AttributeRegression(attribute_map=attribute_map, r2={}, correlation=np.full((3, 3), -0.6))
    finder = Finder(examination=None, regression=regression)  # type: ignore[arg-type]
    assert finder.natural_limits("bass") == {"kick": FAMILY_SHARE * 0.6, "hats": NEXT_TO_NOTHING}
    assert finder.strict_limits("bass") == {"kick": NEXT_TO_NOTHING, "hats": NEXT_TO_NOTHING}


def test_curves_that_a_model_has_are_found_anew_with_those_that_are_asked_for() -> None:
    assert Plan(names=("hats",)).wanted("rhythm", ("density", "bass")) == ("hats", "density", "bass")
    assert Plan().wanted("bass", ("density", "bass")) == (*NAMES["bass"], "density")


def test_directions_that_lost_their_map_can_be_found_again(
    found: Found, tmp_path: pathlib.Path, little_work: None
) -> None:
    path, header = tmp_path / "toy.safetensors", read_model_header(found.path)
    grit = found.table["grit"]
    assert isinstance(grit, Line)
    kept = {"grit": (grit.entry(), grit.vector)}
    density = {**found.table["density"].entry(), "limits": {"an unknown one": 0.1}}
    rewrite_model(header, path, directions={**kept, "density": (density, None)})
    with pytest.raises(LoopmorphError, match="find it again"):
        read_directions(read_model_header(path))
    find_directions(path, Plan(names=("bass",), n_loops=30, n_seeds=2), begin=ignore, advance=ignore)
    assert set(read_directions(read_model_header(path))) == set(found.table)  # density, too


@pytest.mark.slow
@pytest.mark.parametrize("name", ["density", "bass"])
def test_shipped_direction_does_what_its_report_says(
    drums_header: ModelHeader, generator: Generator, vocoder: object, name: str
) -> None:
    direction = read_directions(drums_header)[name]
    listener = Listener(generator, vocoder, advance=ignore)  # type: ignore[arg-type]
    w = listener.draw_w(range(5_000_000, 5_000_024))
    ends = (move(w, [(direction, end)], n_levels=listener.n_levels) for end in (-3.0, 3.0))
    low, high = (listener.measure(ws, heard=True) for ws in ends)
    report = direction.report
    for attribute, means in report["means"].items():
        spread = report["population_sd"][attribute]
        change = float((high[attribute] - low[attribute]).mean())
        assert change == pytest.approx(means[-1] - means[0], abs=0.7 * spread), attribute


@pytest.mark.slow
def test_shipped_direction_is_measured_on_its_own_models_spread(
    drums_header: ModelHeader, generator: Generator, vocoder: object
) -> None:
    listener = Listener(generator, vocoder, advance=ignore)  # type: ignore[arg-type]
    population = listener.draw_w(POPULATION_SEEDS)
    lines = [each for each in read_directions(drums_header).values() if isinstance(each, Line)]
    assert lines
    for direction in lines:
        assert direction.sigma == pytest.approx(np.std(population @ direction.vector), rel=1e-3)
