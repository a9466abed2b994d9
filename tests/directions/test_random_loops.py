"""Random loops of a model, and W as they fill it."""

import numpy as np
import pytest
import torch

from directions import random_loops
from directions.likeness import distances_db, heard_db
from directions.random_loops import RandomLoops
from directions.survey import TRUNCATION_PSI
from stylegan_audio.generator import Generator
from stylegan_audio.latent import seed_latent
from stylegan_audio.mapping import truncate


@pytest.fixture
def drawn(toy_generator: Generator, monkeypatch: pytest.MonkeyPatch) -> RandomLoops:
    monkeypatch.setattr(random_loops, "N_DRAWN", 9)
    return RandomLoops.draw(toy_generator.requires_grad_(False), advance=lambda count: None)


def test_whitened_latents_have_mean_0_and_covariance_1(drawn: RandomLoops, toy_generator: Generator) -> None:
    u = torch.randn(50_000, 8, generator=torch.Generator().manual_seed(0))
    w = drawn.unwhiten(u).numpy()
    np.testing.assert_allclose(w.mean(axis=0), drawn.population.mean, atol=0.02)
    np.testing.assert_allclose(drawn.population.whiten(w), u.numpy(), atol=1e-3)
    np.testing.assert_allclose(drawn.population.whiten(drawn.population.w[:9]), drawn.u.numpy(), atol=1e-3)


def test_untruncated_latents_are_played_where_they_were_found(drawn: RandomLoops, toy_generator: Generator) -> None:
    w = drawn.untruncated(drawn.u)
    played = truncate(w, toy_generator.w_avg, truncation_psi=TRUNCATION_PSI)
    torch.testing.assert_close(played, drawn.unwhiten(drawn.u), atol=1e-5, rtol=0)


def test_its_loops_are_those_of_the_first_seeds_as_they_are_played(
    drawn: RandomLoops, toy_generator: Generator
) -> None:
    z = torch.from_numpy(np.stack([seed_latent(seed, 6) for seed in range(9)]))
    with torch.no_grad():
        spectrograms = toy_generator(z, truncation_psi=TRUNCATION_PSI)
        torch.testing.assert_close(drawn.untruncated(drawn.u), toy_generator.mapping(z), atol=1e-4, rtol=0)
    expected = heard_db(spectrograms[:, 0], toy_generator.mel_format)
    torch.testing.assert_close(drawn.level_db, expected, atol=1e-2, rtol=0)
    torch.testing.assert_close(drawn.levels(drawn.u[:2]), expected[:2], atol=1e-2, rtol=0)


def test_spread_is_that_of_its_loops(drawn: RandomLoops) -> None:
    between = distances_db(drawn.level_db, drawn.level_db).numpy()
    assert drawn.spread_db == pytest.approx(between[~np.eye(9, dtype=bool)].mean(), rel=1e-4)


def test_progress_counts_the_loops(toy_generator: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_loops, "N_DRAWN", 6)
    advanced: list[int] = []
    RandomLoops.draw(toy_generator, advance=advanced.append)
    assert advanced == [4, 2]
