"""Finding directions: planted ones come back from correlated latents, apart from each other."""

import numpy as np
import pytest

from directions.regression import HELD_OUT, RIDGE_GRID, find_vectors, ridge

N, W_DIM = 4000, 12
NOISE = 0.5
"""Standard deviation of what w does not explain, relative to what it does."""


@pytest.fixture
def w(rng: np.random.Generator) -> np.ndarray:
    """Correlated latents far from 0, their axes stretched from 1 to 0.05."""
    mixing = rng.standard_normal((W_DIM, W_DIM)) * np.geomspace(1, 0.05, W_DIM)[:, None]
    return (rng.standard_normal((N, W_DIM)) @ mixing + 5 * mixing[0]).astype(np.float32)


def planted(w: np.ndarray, slope: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An attribute that grows with `slope` and is measured with noise, on a scale of its own."""
    explained = w @ slope
    return 40 + 7 * (explained / explained.std() + NOISE * rng.standard_normal(len(w)))


def likely_step(w: np.ndarray, slope: np.ndarray, others: list[np.ndarray]) -> np.ndarray:
    """The closed form: covariance times slope, less what moves the others' predictions."""
    covariance = np.cov(w.T.astype(np.float64))
    step = covariance @ slope
    if others:
        basis = np.stack(others, axis=1)
        step = step - covariance @ basis @ np.linalg.solve(basis.T @ covariance @ basis, basis.T @ covariance @ slope)
    return step / np.linalg.norm(step)


def test_planted_direction_comes_back_as_a_unit_vector_with_its_r2(w: np.ndarray, rng: np.random.Generator) -> None:
    slope = rng.standard_normal(W_DIM)
    vector, r2 = find_vectors(w, {"bass": planted(w, slope, rng)})["bass"]
    assert vector.shape == (W_DIM,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert vector @ likely_step(w, slope, []) > 0.995
    assert r2 == pytest.approx(1 / (1 + NOISE**2), abs=0.05)


def test_each_of_three_attributes_moves_alone_and_leaves_the_others_predictions(
    w: np.ndarray, rng: np.random.Generator
) -> None:
    first, second, third = rng.standard_normal((3, W_DIM))
    second = second + first / 2  # correlated: what moves one would move the other
    slopes = {"density": first, "bass": second, "brightness": third}
    found = find_vectors(w, {name: planted(w, slope, rng) for name, slope in slopes.items()})
    assert found.keys() == slopes.keys()
    for name, (vector, _) in found.items():
        others = [slope for other, slope in slopes.items() if other != name]
        assert vector @ likely_step(w, slopes[name], others) > 0.99
        step = np.std(w @ vector) * vector  # one sigma
        own = slopes[name] @ step / np.std(w @ slopes[name])
        assert own > 0.1
        for slope in others:
            assert abs(slope @ step / np.std(w @ slope)) < 0.03 * own + 0.02


def test_without_the_others_the_same_direction_does_move_them(w: np.ndarray, rng: np.random.Generator) -> None:
    first = rng.standard_normal(W_DIM)
    second = rng.standard_normal(W_DIM) + first
    vector, _ = find_vectors(w, {"density": planted(w, first, rng)})["density"]
    assert abs(second @ vector * np.std(w @ vector) / np.std(w @ second)) > 0.2


def test_direction_points_to_more_and_does_not_depend_on_the_attributes_scale(
    w: np.ndarray, rng: np.random.Generator
) -> None:
    values = planted(w, rng.standard_normal(W_DIM), rng)
    vector, r2 = find_vectors(w, {"bass": values})["bass"]
    assert np.corrcoef(w @ vector, values)[0, 1] > 0.3
    scaled, scaled_r2 = find_vectors(w, {"bass": 1e-3 * values - 9})["bass"]
    np.testing.assert_allclose(scaled, vector, atol=1e-4)
    assert scaled_r2 == pytest.approx(r2, abs=1e-6)
    np.testing.assert_allclose(find_vectors(w, {"bass": -values})["bass"][0], -vector, atol=1e-4)


def test_latents_that_never_leave_a_plane_give_a_direction_within_it(rng: np.random.Generator) -> None:
    plane = np.linalg.qr(rng.standard_normal((W_DIM, 3)))[0]
    w = rng.standard_normal((N, 3)) @ plane.T
    vector, r2 = find_vectors(w, {"bass": w @ plane[:, 0]})["bass"]
    assert vector @ plane[:, 0] > 0.99
    assert r2 > 0.99


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


def test_r2_is_measured_on_the_last_fifth_alone(w: np.ndarray, rng: np.random.Generator) -> None:
    slope = rng.standard_normal(W_DIM)
    values = planted(w, slope, rng)
    values[-N // 5 :] = rng.permutation(values[-N // 5 :])
    vector, r2 = find_vectors(w, {"bass": values})["bass"]
    assert r2 < 0.05
    assert vector @ likely_step(w, slope, []) > 0.99


def test_attribute_that_never_changes_leaves_the_other_directions_finite(
    w: np.ndarray, rng: np.random.Generator
) -> None:
    found = find_vectors(w, {"bass": planted(w, rng.standard_normal(W_DIM), rng), "density": np.full(N, 4.0)})
    assert np.isfinite(found["bass"][0]).all()
