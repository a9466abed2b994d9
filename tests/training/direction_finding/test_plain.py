"""Ridge regression, which plain directions come from."""

import numpy as np
import pytest

from training.direction_finding.plain import HELD_OUT, RIDGE_GRID, ridge

W_DIM = 12


@pytest.mark.parametrize("seed", range(3))
def test_noise_explains_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, r2 = ridge(rng.standard_normal((1000, W_DIM)), rng.standard_normal(1000))
    assert r2 < 0.03


def test_ridge_slope_is_the_penalised_least_squares_of_the_fitted_samples(rng: np.random.Generator) -> None:
    x = rng.standard_normal((1000, W_DIM))
    y = x @ rng.standard_normal(W_DIM) + rng.standard_normal(1000)
    slope, r2 = ridge(x, y)
    n_fit = round(1000 * (1 - HELD_OUT))
    candidates = []
    for strength in RIDGE_GRID:
        stacked = np.concatenate([x[:n_fit], np.sqrt(strength * n_fit) * np.eye(W_DIM)])
        fitted = np.linalg.lstsq(stacked, np.concatenate([y[:n_fit], np.zeros(W_DIM)]))[0]
        residual = y[n_fit:] - x[n_fit:] @ fitted
        candidates.append((1 - residual.var() / y[n_fit:].var(), fitted))
    best_r2, best_slope = max(candidates, key=lambda candidate: candidate[0])
    assert r2 == pytest.approx(best_r2, abs=1e-9)
    np.testing.assert_allclose(slope, best_slope, atol=1e-9)


def test_ridge_prefers_a_strong_penalty_where_samples_are_few(rng: np.random.Generator) -> None:
    x = rng.standard_normal((40, 30))
    y = x[:, 0] + 3 * rng.standard_normal(40)
    slope, _ = ridge(x, y)
    unpenalised = np.linalg.lstsq(x[:32], y[:32])[0]
    assert np.linalg.norm(slope) < 0.7 * np.linalg.norm(unpenalised)
