"""Directions from examples: a known line is found, chance is not taken for one."""

import numpy as np
import pytest
import torch

from directions import random_loops
from directions.errors import DirectionError
from directions.examples import N_STEPS, learn_direction, require_enough, separate
from directions.likeness import Fidelity
from directions.move import move
from directions.projection import Projection, project
from directions.random_loops import RandomLoops
from directions.survey import TRUNCATION_PSI
from melgan_vocoder.generator import Vocoder
from stylegan_audio.generator import Generator
from stylegan_audio.latent import seed_latent

N_DIMS = 40


def ignore(count: int) -> None:
    """No progress bar."""


def groups(rng: np.random.Generator, n_loops: int, *, apart: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two clouds of whitened latents, and the unit vector along which they lie apart."""
    line = rng.standard_normal(N_DIMS)
    line /= np.linalg.norm(line)
    more, less = (rng.standard_normal((n_loops, N_DIMS)) + sign * apart / 2 * line for sign in (1, -1))
    return more, less, line


@pytest.mark.parametrize("n_loops", [5, 30])
def test_line_between_two_clouds_is_found_and_tells_them_apart(rng: np.random.Generator, n_loops: int) -> None:
    more, less, line = groups(rng, n_loops, apart=8.0)
    found = separate(more, less)
    assert found.slope @ line / np.linalg.norm(found.slope) > 0.7
    assert found.told_apart == found.n_loops == 2 * n_loops
    assert found.chance < 0.002


def test_one_cloud_is_not_told_apart(rng: np.random.Generator) -> None:
    tries = [separate(*groups(rng, 8, apart=0.0)[:2]) for _ in range(60)]
    assert np.mean([one.told_apart / one.n_loops for one in tries]) < 0.6
    assert np.mean([one.chance < 0.05 for one in tries]) < 0.15


def test_loops_left_out_are_judged_by_the_others_alone(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("directions.examples.RIDGE_GRID", (1.0,))
    more, less, _ = groups(rng, 6, apart=2.0)
    x, y = np.concatenate([more, less]), np.repeat([1.0, -1.0], 6)
    centred = x - x.mean(axis=0)
    strength = np.square(centred).sum() / 12
    told = 0
    for left_out in range(12):
        kept = np.arange(12) != left_out
        mean_x, mean_y = x[kept].mean(axis=0), y[kept].mean()
        near, far = x[kept] - mean_x, y[kept] - mean_y
        slope = np.linalg.solve(near.T @ near + strength * np.eye(N_DIMS), near.T @ far)
        told += (mean_y + (x[left_out] - mean_x) @ slope) * y[left_out] > 0
    assert separate(more, less).told_apart == told


def test_groups_of_other_sizes_weigh_as_much(rng: np.random.Generator) -> None:
    more, less, line = groups(rng, 30, apart=8.0)
    found = separate(more[:5], less)
    assert found.slope @ line / np.linalg.norm(found.slope) > 0.6
    assert found.told_apart >= 33


def projections(u: np.ndarray, *, distance_db: float = 1.0) -> list[Projection]:
    fidelity = Fidelity(distance_db=distance_db, nearest_db=4.0, spread_db=6.0)
    return [Projection(u=row.astype(np.float32), w=row.astype(np.float32), fidelity=fidelity) for row in u]


@pytest.fixture
def toys(toy_generator: Generator, monkeypatch: pytest.MonkeyPatch) -> RandomLoops:
    monkeypatch.setattr(random_loops, "N_DRAWN", 2)
    return RandomLoops.draw(toy_generator, advance=ignore)


def test_direction_is_a_likely_move_with_the_spread_of_what_is_played(
    toys: RandomLoops, toy_generator: Generator, rng: np.random.Generator
) -> None:
    line = np.eye(8)[0]
    more, less = (0.2 * rng.standard_normal((6, 8)) + sign * line for sign in (1, -1))
    direction = learn_direction(toys, projections(more), projections(less), name="grit")
    assert (direction.name, direction.attribute, direction.levels) == ("grit", "grit", (0, 1, 2))
    assert direction.vector @ toys.population.axes[:, 0] > 0.9
    z = torch.from_numpy(np.stack([seed_latent(seed, 6) for seed in range(2000)]))
    with torch.no_grad():
        played = toy_generator.map(z, truncation_psi=TRUNCATION_PSI).numpy()
    assert direction.sigma == pytest.approx(np.std(played @ direction.vector), rel=0.05)
    report = direction.report
    assert report["examples"] == [6, 6]
    assert (report["told_apart"], report["far"]) == (12, 0)
    assert report["fidelity"]["distance_db"] == 1.0
    assert report["offered"] is True


def test_direction_that_does_not_tell_the_loops_apart_is_not_offered_and_says_why(
    toys: RandomLoops, rng: np.random.Generator
) -> None:
    one, other = projections(rng.standard_normal((4, 8))), projections(rng.standard_normal((4, 8)))
    report = learn_direction(toys, one, other, name="grit").report
    assert report["offered"] is False
    assert f"{report['told_apart']} of 8 loops are told apart, guessing does as well" in report["reason"]


def test_direction_from_loops_that_the_model_does_not_know_is_not_offered(
    toys: RandomLoops, rng: np.random.Generator
) -> None:
    more, less = (projections(rng.standard_normal((4, 8)) + 9 * sign, distance_db=5.0) for sign in (1, -1))
    report = learn_direction(toys, more, less, name="grit").report
    assert report["offered"] is False
    assert report["reason"] == "8 of 8 loops are far from all that the model draws"


@pytest.mark.parametrize("counts", [(2, 9), (9, 2), (0, 0)])
def test_too_few_loops_are_refused(counts: tuple[int, int]) -> None:
    message = f"examples: {counts[0]} and {counts[1]} loops, 3 of each kind are needed at least; add some"
    with pytest.raises(DirectionError, match=message):
        require_enough(*counts)
    require_enough(3, 3)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_bright_and_dull_loops_of_the_model_give_a_direction_that_makes_others_brighter(
    generator: Generator, vocoder: Vocoder
) -> None:
    def draw(w: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            return np.concatenate(
                [vocoder(generator.synthesis(generator.broadcast(part))).numpy() for part in w.split(4)]
            )

    def brightness(audio: np.ndarray) -> np.ndarray:
        """Octaves above 20 Hz of the spectral centroid."""
        magnitude = np.abs(np.fft.rfft(audio))
        hertz = np.fft.rfftfreq(audio.shape[-1], 1 / 48_000)
        return np.log2((magnitude @ hertz) / magnitude.sum(axis=-1) / 20)

    def latents(seeds: range) -> torch.Tensor:
        z = torch.from_numpy(np.stack([seed_latent(seed, 256) for seed in seeds]))
        with torch.inference_mode():
            return generator.map(z, truncation_psi=TRUNCATION_PSI)

    audio = draw(latents(range(9000, 9048)))
    order = np.argsort(brightness(audio))
    drums = RandomLoops.draw(generator, advance=ignore)
    more, less = (
        project(drums, list(audio[chosen]), n_steps=N_STEPS, advance=ignore) for chosen in (order[-6:], order[:6])
    )
    direction = learn_direction(drums, more, less, name="shine")
    assert direction.report["offered"], direction.report
    w, n_levels = latents(range(9100, 9106)).numpy(), generator.config.n_levels
    means = [
        brightness(draw(torch.from_numpy(move(w, [(direction, strength)], n_levels=n_levels))[:, 0])).mean()
        for strength in (-2.0, 0.0, 2.0)
    ]
    assert means == sorted(means)
    assert means[-1] - means[0] > np.std(brightness(audio))
