"""seed -> z: the same for ever."""

import numpy as np
import pytest

from stylegan_audio.latent import MAX_SEED, seed_latent


def test_stream_of_a_seed_is_frozen_for_ever() -> None:
    # the first normal variates of numpy's legacy generator, as noted in countless notebooks since 2011
    np.testing.assert_allclose(seed_latent(0, 4), [1.7640524, 0.4001572, 0.978738, 2.2408931], rtol=1e-6)
    np.testing.assert_allclose(seed_latent(42, 3), [0.49671414, -0.1382643, 0.64768857], rtol=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 7, MAX_SEED])
def test_latent_is_float32_of_the_length_asked_for_and_comes_back(seed: int) -> None:
    z = seed_latent(seed, 256)
    assert z.shape == (256,)
    assert z.dtype == np.float32
    np.testing.assert_array_equal(z, seed_latent(seed, 256))


def test_many_seeds_are_standard_normal_and_differ() -> None:
    z = np.stack([seed_latent(seed, 64) for seed in range(200)])
    assert np.abs(z.mean()) < 0.03
    assert z.std() == pytest.approx(1, abs=0.03)
    assert np.abs(np.corrcoef(z) - np.eye(200)).max() < 0.6


def test_drawing_leaves_numpys_global_generator_alone() -> None:
    before = np.random.get_state()[1].copy()
    seed_latent(3, 256)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_largest_seed_fits_an_osc_integer() -> None:
    assert np.iinfo(np.int32).max == MAX_SEED
