"""Model -> its directions, with a toy model: what is found, measured and written back."""

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from directions.attributes import ATTRIBUTES
from directions.survey import draw_latents, sweep
from directions.table import read_directions
from melgan_vocoder.errors import LoopmorphError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from melgan_vocoder.weights_file import read_tensors
from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.model_file import ModelHeader, read_model_header
from training import directions
from training.directions import count_work, find_directions
from training.errors import TrainingError

N_LOOPS = 30


@pytest.fixture
def narrow_vocoder(seeded_torch: None) -> Vocoder:
    """A vocoder of whole loops that costs next to nothing."""
    config = VocoderConfig(channels=(6, 5, 4), dilations=(1,), stand_in_channels=4)
    return Vocoder(MelFormat(), config).eval().requires_grad_(False)


@pytest.fixture(autouse=True)
def little_work(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A few loops, a quick vocoder, and a density that needs no onset detection."""
    if "slow" in request.keywords:
        return
    narrow_vocoder = request.getfixturevalue("narrow_vocoder")
    monkeypatch.setattr(directions, "load_vocoder", lambda: narrow_vocoder)
    monkeypatch.setattr(directions, "SWEEP_SEEDS", 3)
    monkeypatch.setattr(directions, "SIGMA_SAMPLES", 200)
    monkeypatch.setattr(directions, "STRENGTHS", (-1.0, 0.0, 2.0))
    monkeypatch.setitem(ATTRIBUTES, "density", lambda audio, mel_format: float(np.abs(np.diff(audio)).mean()))


def ignore(count: int) -> None:
    """No progress bar."""


def test_found_table_is_written_into_the_file_and_the_rest_stays(model_path: pathlib.Path) -> None:
    before = read_model_header(model_path)
    weights = {name: array for name, array in read_tensors(before.weights).items() if "direction." not in name}
    table = find_directions(model_path, names=("density", "bass"), n_loops=N_LOOPS, advance=ignore)
    after = read_model_header(model_path)
    assert after.identity == before.identity
    assert after.config == before.config
    written = read_directions(after)
    assert list(written) == list(table) == ["density", "bass"]
    for name, direction in table.items():
        assert written[name].entry() == direction.entry()
        np.testing.assert_array_equal(written[name].vector, direction.vector)
    for name, array in weights.items():
        np.testing.assert_array_equal(read_tensors(after.weights, [name])[name].squeeze(), array.squeeze())
    assert list(model_path.parent.iterdir()) == [model_path]


def test_only_the_named_attributes_replace_an_older_table(model_path: pathlib.Path) -> None:
    find_directions(model_path, names=("brightness",), n_loops=N_LOOPS, advance=ignore)
    header = read_model_header(model_path)
    assert list(read_directions(header)) == ["brightness"]
    assert [name for name in header.weights.shapes if name.startswith("direction.")] == ["direction.brightness"]


def test_direction_says_its_levels_sigma_and_what_was_measured(model_path: pathlib.Path) -> None:
    direction = find_directions(model_path, names=("bass",), n_loops=N_LOOPS, advance=ignore)["bass"]
    population = draw_latents(load_generator(read_model_header(model_path)), range(200))
    assert direction.attribute == "bass"
    assert direction.levels == (0, 1, 2, 3, 4, 5)
    assert direction.sigma == pytest.approx(np.std(population @ direction.vector), rel=1e-4)
    report = direction.report
    assert report["unit"] == "dB"
    assert report["loops"] == N_LOOPS
    assert report["strengths"] == [-1.0, 0.0, 2.0]
    assert report["means"].keys() == report["population_sd"].keys() == {"density", "bass", "brightness"}
    assert {len(means) for means in report["means"].values()} == {3}
    assert report["r2_held_out"] <= 1


def test_measured_means_are_those_of_a_sweep_over_seeds_the_regression_never_saw(
    model_path: pathlib.Path, narrow_vocoder: Vocoder
) -> None:
    direction = find_directions(model_path, names=("bass",), n_loops=N_LOOPS, advance=ignore)["bass"]
    generator = load_generator(read_model_header(model_path))
    again = sweep(
        generator,
        narrow_vocoder,
        direction,
        seeds=range(N_LOOPS, N_LOOPS + 3),
        strengths=direction.report["strengths"],
        advance=ignore,
    )
    for name, means in again.items():
        np.testing.assert_allclose(direction.report["means"][name], means, atol=2e-3)


def test_every_attribute_takes_part_in_the_regression_even_if_not_asked_for(
    model_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    find_vectors: Callable[..., Any] = directions.find_vectors

    def watched(w: np.ndarray, values: dict[str, np.ndarray]) -> Any:
        seen.update(w=w, values=values)
        return find_vectors(w, values)

    monkeypatch.setattr(directions, "find_vectors", watched)
    find_directions(model_path, names=("bass",), n_loops=N_LOOPS, advance=ignore)
    assert seen["w"].shape == (N_LOOPS, 8)
    assert seen["values"].keys() == {"density", "bass", "brightness"}


@pytest.mark.parametrize("names", [("density",), ("density", "bass")])
def test_progress_reaches_exactly_the_counted_work(model_path: pathlib.Path, names: tuple[str, ...]) -> None:
    advanced: list[int] = []
    find_directions(model_path, names=names, n_loops=N_LOOPS, advance=advanced.append)
    assert sum(advanced) == count_work(N_LOOPS, names) == N_LOOPS + len(names) * 3 * 3


def test_too_few_loops_are_refused_before_any_work_and_the_file_stays(model_path: pathlib.Path) -> None:
    before, advanced = model_path.read_bytes(), []
    message = "23 loops are too few for w_dim 8; at least 24 are needed; raise --loops"
    with pytest.raises(TrainingError, match=message):
        find_directions(model_path, names=("bass",), n_loops=23, advance=advanced.append)
    assert model_path.read_bytes() == before
    assert not advanced


def test_file_that_is_no_model_is_refused(vocoder_path: pathlib.Path) -> None:
    with pytest.raises(LoopmorphError, match="holds 'loopmorph vocoder', a 'loopmorph model' is needed"):
        find_directions(vocoder_path, names=("bass",), n_loops=N_LOOPS, advance=ignore)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["density", "bass"])
def test_shipped_direction_does_what_its_report_says(
    drums_header: ModelHeader, generator: Generator, vocoder: Vocoder, name: str
) -> None:
    direction = read_directions(drums_header)[name]
    loops, strengths = direction.report["loops"], direction.report["strengths"]
    seeds = range(loops, loops + directions.SWEEP_SEEDS)
    ends = sweep(generator, vocoder, direction, seeds=seeds, strengths=(strengths[0], strengths[-1]), advance=ignore)
    for attribute, means in direction.report["means"].items():
        spread = direction.report["population_sd"][attribute]
        # the report was measured through an earlier vocoder, which had up to 2.2 dB less bass
        np.testing.assert_allclose(ends[attribute], [means[0], means[-1]], atol=0.7 * spread)


@pytest.mark.slow
def test_shipped_direction_is_measured_on_its_own_models_spread(
    drums_header: ModelHeader, generator: Generator
) -> None:
    with torch.inference_mode():
        population = draw_latents(generator, range(directions.SIGMA_SAMPLES))
    for direction in read_directions(drums_header).values():
        assert direction.sigma == pytest.approx(np.std(population @ direction.vector), rel=1e-3)
