"""Chance and reals: the same for a step however it is shared, different for every step, role and loop."""

import numpy as np
import pytest
import torch

from training.errors import TrainingError
from training.gan.draws import ROLES, Draw, draw
from training.gan.reals import Material, RealBatches, turn_bar

CPU = torch.device("cpu")


def draw_for(role: str = "generator", *, seed: int = 0, step: int = 3, mixing_share: float = 0.0) -> Draw:
    return draw(role, seed=seed, step=step, batch_size=8, z_dim=4, n_levels=6, mixing_share=mixing_share)


def test_same_step_draws_the_same_and_others_do_not() -> None:
    draws = [draw_for(), draw_for(seed=1), draw_for(step=4), *(draw_for(role) for role in ROLES if role != "generator")]
    assert torch.equal(draw_for().z, draws[0].z)
    assert draw_for().noise_seeds == draws[0].noise_seeds
    for number, other in enumerate(draws[1:]):
        assert not torch.isclose(draws[0].z, other.z).any(), number
        assert not torch.isclose(draws[0].chances, other.chances).any(), number


def test_parts_of_a_step_are_rows_of_the_whole() -> None:
    whole, shapes = draw_for().part(slice(None), CPU), [(1, 2, 4), (2, 4, 8)]
    part = draw_for().part(slice(1, None, 2), CPU)
    assert torch.equal(part.z, whole.z[1::2])
    for of_part, of_whole, shape in zip(part.noise(shapes), whole.noise(shapes), shapes, strict=True):
        assert of_whole.shape == (8, *shape)
        assert torch.equal(of_part, of_whole[1::2])
    assert whole.noise(shapes)[1].std().item() == pytest.approx(1, abs=0.1)


def test_share_of_loops_mixes_styles_at_a_level_within() -> None:
    assert (draw_for().crossover == 6).all()
    crossover = torch.cat([draw_for(step=step, mixing_share=0.5).crossover for step in range(100)])
    assert (crossover < 6).float().mean().item() == pytest.approx(0.5, abs=0.06)
    assert set(crossover.tolist()) == {1, 2, 3, 4, 5, 6}


def reals_of(material: Material, rows: slice = slice(None), *, batch_size: int = 4) -> RealBatches:
    return RealBatches(material, batch_size=batch_size, seed=5, rows=rows)


def test_all_reals_are_shown_before_any_again() -> None:
    numbered = Material(
        spectrograms=np.arange(12, dtype=np.float16)[:, None, None, None].repeat(2, axis=1), train=range(2, 12), card={}
    )
    reals = reals_of(numbered, batch_size=5)
    shown = np.concatenate([reals.batch(step)[:, 0, 0, 0] for step in range(6)])
    rounds = [list(shown[start : start + 10]) for start in (0, 10, 20)]
    assert all(sorted(round_) == list(range(2, 12)) for round_ in rounds)
    assert rounds[0] != rounds[1] != rounds[2]


def test_batch_of_a_step_is_the_same_however_it_is_shared(material: Material) -> None:
    whole = reals_of(material).batch(7)
    assert whole.dtype == np.float16
    for rank in (0, 1):
        np.testing.assert_array_equal(reals_of(material, slice(rank, None, 2)).batch(7), whole[rank::2])


def test_half_of_the_reals_are_turned_by_a_bar(material: Material) -> None:
    reals, n_turned = reals_of(material), 0
    for step in range(50):
        for number, loop in enumerate(reals.batch(step), start=4 * step):
            plain = reals.read(number)
            turned = not np.array_equal(loop, plain)
            n_turned += turned
            np.testing.assert_array_equal(loop, turn_bar(plain) if turned else plain)
    assert 75 < n_turned < 125


def test_turning_by_a_bar_twice_is_nothing() -> None:
    loop = np.arange(64.0)[None, None]
    np.testing.assert_array_equal(turn_bar(loop)[0, 0, :32], np.arange(32, 64))
    np.testing.assert_array_equal(turn_bar(turn_bar(loop)), loop)


def test_corpus_without_loops_is_refused() -> None:
    with pytest.raises(TrainingError, match="corpus has 0 loops to train with, at least 1 is needed; build a larger"):
        reals_of(Material(spectrograms=np.zeros((0, 2, 4, 8)), train=[], card={}))
