"""Coarse mels, their scale and components."""

import numpy as np
import pytest

from training.model_evaluation.feature_space import LEAST_SD, FeatureSpace, pool_mel, roll_half


def test_pooled_mel_is_the_mean_of_blocks() -> None:
    mel = np.random.default_rng(0).standard_normal((3, 128, 512)).astype(np.float32)
    pooled = pool_mel(mel)
    assert (pooled.shape, pooled.dtype) == ((3, 2048), np.float32)
    np.testing.assert_allclose(pooled.reshape(3, 32, 64)[1, 5, 7], mel[1, 20:24, 56:64].mean(), rtol=1e-4)
    small = mel[:, :16, :32]
    np.testing.assert_array_equal(pool_mel(small), small.reshape(3, -1))


def test_half_turn_swaps_the_bars() -> None:
    mel = np.random.default_rng(0).standard_normal((2, 128, 512)).astype(np.float32)
    turned = roll_half(pool_mel(mel), columns=64)
    np.testing.assert_allclose(turned, pool_mel(np.roll(mel, 256, axis=2)))
    np.testing.assert_array_equal(roll_half(turned, columns=64), pool_mel(mel))


@pytest.mark.parametrize("n", [40, 300])
def test_components_are_those_of_a_singular_value_decomposition(n: int) -> None:
    rng = np.random.default_rng(1)
    features = (rng.standard_normal((n, 9)) * np.arange(1, 10)) @ rng.standard_normal((9, 100)) + 3
    space = FeatureSpace.fit(features.astype(np.float32))
    white = space.whiten(features)
    _, values, rows = np.linalg.svd(white, full_matrices=False)
    assert space.components.shape == (100, 9)
    np.testing.assert_allclose(np.abs(rows[:9] @ space.components), np.eye(9), atol=1e-3)
    assert space.explained == pytest.approx(1, abs=1e-6)
    projected = space.project(features)
    np.testing.assert_allclose(np.square(projected).sum(axis=0), values[:9] ** 2, rtol=1e-3)


def test_whitened_cells_are_even_but_for_those_that_hardly_move() -> None:
    features = np.random.default_rng(2).standard_normal((500, 8)) * [1, 2, 3, 4, 5, 6, 7, 1e-4] + 5
    space = FeatureSpace.fit(features)
    white = space.whiten(features)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(white[:, 1:7].std(axis=0), 1, atol=1e-9)
    assert white[:, 7].std() < 1e-3
    assert space.sd[7] == pytest.approx(LEAST_SD * features.std(axis=0).mean(), rel=1e-3)


def test_fit_of_equal_loops_stays_finite() -> None:
    space = FeatureSpace.fit(np.stack([np.zeros(50), np.zeros(50), np.eye(50)[0]]))
    assert np.isfinite(space.project(np.ones((2, 50)))).all()
