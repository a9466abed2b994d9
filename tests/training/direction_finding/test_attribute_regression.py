"""Regressing attributes on latents: bends are learned, noise is not."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from directions.population import Population
from training.direction_finding import attribute_regression
from training.direction_finding.attribute_regression import HELD_OUT, AttributeRegression

N, W_DIM = 3000, 6


@pytest.fixture
def w(rng: np.random.Generator) -> np.ndarray:
    """Correlated latents far from 0."""
    mixing = rng.standard_normal((W_DIM, W_DIM)) * np.geomspace(1, 0.2, W_DIM)[:, None]
    return (rng.standard_normal((N, W_DIM)) @ mixing + 5 * mixing[0]).astype(np.float32)


def fit(w: np.ndarray, values: dict[str, np.ndarray]) -> tuple[AttributeRegression, list[int]]:
    advanced: list[int] = []
    return AttributeRegression.fit(Population.of(w), w=w, values=values, advance=advanced.append), advanced


def test_what_bends_is_predicted_everywhere_and_noise_nowhere(w: np.ndarray, rng: np.random.Generator) -> None:
    u = Population.of(w).whiten(w)
    bent = 40 + 7 * np.abs(u[:, 0] + u[:, 1])  # no straight line explains any of it
    values = {"bass": bent, "kick": rng.standard_normal(N), "hats": np.full(N, 3.0), "density": -2 * bent}
    regression, advanced = fit(w, values)
    assert regression.names == ("bass", "kick", "density")  # hats never change
    assert regression.r2["bass"] > 0.9
    assert regression.r2["kick"] < 0.1
    assert regression.correlate("bass", "density") == pytest.approx(-1)
    assert advanced == [1] * attribute_regression.N_EPOCHS
    attribute_map = regression.attribute_map
    predicted = attribute_map.predict(attribute_map.place(w))[:, 0]
    assert np.corrcoef(predicted, bent)[0, 1] > 0.95
    assert predicted.std() == pytest.approx(1, abs=0.1)  # in standard deviations


def test_a_unit_of_any_axis_is_a_standard_deviation(w: np.ndarray) -> None:
    regression, _ = fit(w, {"bass": w[:, 0]})
    u = regression.attribute_map.place(w)
    np.testing.assert_allclose(u.std(axis=0), 1, rtol=0.01)


def test_the_last_fifth_only_scores(w: np.ndarray, rng: np.random.Generator) -> None:
    values = w[:, 0].copy()
    n_fit = int(N * (1 - HELD_OUT))
    values[n_fit:] = rng.permutation(values[n_fit:])
    regression, _ = fit(w, {"bass": values})
    assert regression.r2["bass"] < 0.1
    predicted = regression.attribute_map.predict(regression.attribute_map.place(w))[:n_fit, 0]
    assert np.corrcoef(predicted, values[:n_fit])[0, 1] > 0.95


def test_it_is_the_same_again_and_as_the_file_holds_it(w: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_regression, "N_EPOCHS", 2)
    one, two = (fit(w, {"bass": w[:, 0]})[0].attribute_map for _ in range(2))
    for first, second in zip((one.mean, one.steps, *one.weights), (two.mean, two.steps, *two.weights), strict=True):
        assert_array_equal(first, second)
        assert_array_equal(first, first.astype(np.float16))
