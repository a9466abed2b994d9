"""Projection into W: a loop that the model drew is found again, and one that it cannot draw is told to be far."""

import numpy as np
import pytest
import torch

from directions import random_loops
from directions.projection import N_STEPS, PULL_DB, project, search, target_level
from directions.random_loops import RandomLoops
from melgan_vocoder.generator import Vocoder
from stylegan_audio.generator import Generator


def ignore(count: int) -> None:
    """No progress bar."""


@pytest.fixture
def toys(toy_generator: Generator, monkeypatch: pytest.MonkeyPatch) -> RandomLoops:
    """Random loops of a toy model."""
    monkeypatch.setattr(random_loops, "N_DRAWN", 16)
    return RandomLoops.draw(toy_generator, advance=ignore)


@pytest.fixture(scope="module")
def drums(generator: Generator) -> RandomLoops:
    """Random loops of the shipped model."""
    return RandomLoops.draw(generator, advance=ignore)


def sounding(drums: RandomLoops, vocoder: Vocoder, seeds: range) -> list[np.ndarray]:
    """Audio of loops that are not among the random ones."""
    from directions.survey import TRUNCATION_PSI
    from stylegan_audio.latent import seed_latent

    z = torch.from_numpy(np.stack([seed_latent(seed, 256) for seed in seeds]))
    with torch.inference_mode():
        return list(vocoder(drums.generator(z, truncation_psi=TRUNCATION_PSI)).numpy())


def test_place_of_a_loop_that_was_drawn_is_found_again(toys: RandomLoops) -> None:
    u = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        target = toys.levels(u)
    for found in search(toys, target, n_steps=200, advance=ignore):
        assert found.fidelity.distance_db < 0.4 * found.fidelity.nearest_db


def test_what_is_told_is_what_is_there(toys: RandomLoops) -> None:
    with torch.no_grad():
        target = toys.levels(torch.zeros(1, 8))
    (found,) = search(toys, target, n_steps=5, advance=ignore)
    assert found.w.dtype == np.float32
    np.testing.assert_allclose(found.w, toys.untruncated(torch.from_numpy(found.u)[None])[0], atol=1e-5)
    with torch.no_grad():
        drawn = toys.levels(torch.from_numpy(found.u)[None])
    assert found.fidelity.distance_db == pytest.approx(float((drawn - target).abs().mean()), rel=1e-4)
    nearest = (toys.level_db - target).abs().mean(dim=(1, 2)).min()
    assert found.fidelity.nearest_db == pytest.approx(float(nearest), rel=1e-4)
    assert found.fidelity.spread_db == toys.spread_db


def test_place_stays_where_latents_are(toys: RandomLoops, monkeypatch: pytest.MonkeyPatch) -> None:
    target = -60 * torch.rand(1, 16, 64, generator=torch.Generator().manual_seed(2))
    lengths = []
    for pull_db in (PULL_DB, 50.0):
        monkeypatch.setattr("directions.projection.PULL_DB", pull_db)
        (found,) = search(toys, target, n_steps=60, advance=ignore)
        lengths.append(float(np.square(found.u).mean()))
    assert lengths[1] < lengths[0]
    assert lengths[1] < 0.1


def test_quiet_loop_sounds_like_a_loud_one(toys: RandomLoops, rng: np.random.Generator) -> None:
    noise = rng.standard_normal(24_000).astype(np.float32)
    torch.testing.assert_close(target_level(toys, 1e-5 * noise), target_level(toys, 0.1 * noise), atol=0.1, rtol=0)


def test_loops_of_any_length_are_searched_for_and_progress_counts_steps(
    toys: RandomLoops, rng: np.random.Generator
) -> None:
    noise = rng.standard_normal(30_000).astype(np.float32)
    loops, advanced = [noise[:24_000], noise, noise[:24_000]], []
    found = project(toys, loops, n_steps=4, advance=advanced.append)
    assert len(found) == 3
    assert sum(advanced) == 12
    np.testing.assert_allclose(found[0].u, found[2].u, atol=0.05)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_loop_of_the_model_is_found_again_through_the_vocoder(drums: RandomLoops, vocoder: Vocoder) -> None:
    for found in project(drums, sounding(drums, vocoder, range(9001, 9003)), n_steps=N_STEPS, advance=ignore):
        assert found.fidelity.distance_db < 0.4 * found.fidelity.nearest_db
        assert not found.fidelity.is_far


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sound_that_the_model_cannot_draw_is_told_to_be_far(drums: RandomLoops) -> None:
    time_s = np.arange(192_000) / 48_000
    chord = sum(np.sin(2 * np.pi * hertz * time_s) for hertz in (220, 277.2, 329.6)) / 6
    (found,) = project(drums, [chord.astype(np.float32)], n_steps=N_STEPS, advance=ignore)
    assert found.fidelity.is_far
    assert "far" in found.fidelity.tell()
