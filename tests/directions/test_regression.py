"""Finding directions: planted ones come back from correlated latents, apart from each other."""

import numpy as np
import pytest

from directions.population import Population
from directions.regression import CORRECTIONS, ENDS, HELD_OUT, RIDGE_GRID, TOLERANCE, Slopes, correct, excess_of, ridge

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


def find(w: np.ndarray, values: dict[str, np.ndarray], name: str, others: list[str]) -> np.ndarray:
    """The unit vector in W that is found for an attribute."""
    population = Population.of(w)
    return population.line(Slopes.fit(population.whiten(w), values).apart(name, others))[0]


def test_planted_direction_comes_back_with_its_r2(w: np.ndarray, rng: np.random.Generator) -> None:
    slope = rng.standard_normal(W_DIM)
    values = {"bass": planted(w, slope, rng)}
    assert find(w, values, "bass", []) @ likely_step(w, slope, []) > 0.995
    r2 = Slopes.fit(Population.of(w).whiten(w), values).r2["bass"]
    assert r2 == pytest.approx(1 / (1 + NOISE**2), abs=0.05)


def test_each_of_three_attributes_moves_alone_and_leaves_the_others_predictions(
    w: np.ndarray, rng: np.random.Generator
) -> None:
    first, second, third = rng.standard_normal((3, W_DIM))
    second = second + first / 2  # correlated: what moves one would move the other
    slopes = {"density": first, "bass": second, "brightness": third}
    values = {name: planted(w, slope, rng) for name, slope in slopes.items()}
    for name in slopes:
        others = [other for other in slopes if other != name]
        vector = find(w, values, name, others)
        assert vector @ likely_step(w, slopes[name], [slopes[other] for other in others]) > 0.99
        step = np.std(w @ vector) * vector  # one sigma
        own = slopes[name] @ step / np.std(w @ slopes[name])
        assert own > 0.1
        for other in others:
            assert abs(slopes[other] @ step / np.std(w @ slopes[other])) < 0.03 * own + 0.02


def test_without_the_others_the_same_direction_does_move_them(w: np.ndarray, rng: np.random.Generator) -> None:
    first = rng.standard_normal(W_DIM)
    second = rng.standard_normal(W_DIM) + first
    vector = find(w, {"density": planted(w, first, rng)}, "density", [])
    assert abs(second @ vector * np.std(w @ vector) / np.std(w @ second)) > 0.2


def test_direction_points_to_more_and_does_not_depend_on_the_attributes_scale(
    w: np.ndarray, rng: np.random.Generator
) -> None:
    values = planted(w, rng.standard_normal(W_DIM), rng)
    vector = find(w, {"bass": values}, "bass", [])
    assert np.corrcoef(w @ vector, values)[0, 1] > 0.3
    np.testing.assert_allclose(find(w, {"bass": 1e-3 * values - 9}, "bass", []), vector, atol=1e-4)
    np.testing.assert_allclose(find(w, {"bass": -values}, "bass", []), -vector, atol=1e-4)


def test_attribute_that_never_changes_is_left_out(w: np.ndarray, rng: np.random.Generator) -> None:
    values = {"bass": planted(w, rng.standard_normal(W_DIM), rng), "density": np.full(N, 4.0)}
    slopes = Slopes.fit(Population.of(w).whiten(w), values)
    assert slopes.names == ("bass",)
    assert np.isfinite(slopes.rows).all()


def test_correlations_are_those_of_the_values(w: np.ndarray, rng: np.random.Generator) -> None:
    values = {"one": planted(w, rng.standard_normal(W_DIM), rng), "two": planted(w, rng.standard_normal(W_DIM), rng)}
    slopes = Slopes.fit(Population.of(w).whiten(w), values)
    assert slopes.correlate("one", "two") == pytest.approx(np.corrcoef(values["one"], values["two"])[0, 1])


def bent_sweep(rows: dict[str, np.ndarray], bend: np.ndarray, *, asked: list[np.ndarray]):
    """A sweep in which `two` also rises with `bend`, which no regression in the middle saw."""

    def sweep(move: np.ndarray) -> dict[str, float]:
        asked.append(move)
        span = ENDS[1] - ENDS[0]
        return {name: span * float(row @ move + (bend @ move if name == "two" else 0)) for name, row in rows.items()}

    return sweep


def test_what_is_measured_to_move_too_much_is_taken_back(w: np.ndarray, rng: np.random.Generator) -> None:
    population = Population.of(w)
    values = {name: planted(w, rng.standard_normal(W_DIM), rng) for name in ("one", "two")}
    slopes = Slopes.fit(population.whiten(w), values)
    rows = {name: slopes.row(name) for name in slopes.names}
    asked: list[np.ndarray] = []
    sweep = bent_sweep(rows, 0.4 * rows["one"], asked=asked)
    kept_apart = sweep(slopes.apart("one", ["two"]))
    after = sweep(correct(slopes, name="one", limits={"two": 0.0}, sweep=sweep))
    assert abs(kept_apart["two"] / kept_apart["one"]) > 0.35
    assert abs(after["two"] / after["one"]) <= TOLERANCE
    assert after["one"] > 0.5 * kept_apart["one"]
    assert len(asked) == CORRECTIONS + 2


def test_what_may_move_along_is_left_to(w: np.ndarray, rng: np.random.Generator) -> None:
    population = Population.of(w)
    values = {name: planted(w, rng.standard_normal(W_DIM), rng) for name in ("one", "two")}
    slopes = Slopes.fit(population.whiten(w), values)
    sweep = bent_sweep({name: slopes.row(name) for name in slopes.names}, 0 * slopes.rows[0], asked=[])
    found = correct(slopes, name="one", limits={"two": 1.0}, sweep=sweep)
    np.testing.assert_allclose(found, slopes.apart("one", []))


@pytest.mark.parametrize(
    ("shares", "best"),
    [
        ([0.9, 0.02, 0.01, 0.0, 0.0, 0.0], 1),  # of those within the limits the strongest
        ([0.9, 0.4, 0.1, 0.6, 0.5, 0.7], 2),  # of those beyond them the one with the least excess
    ],
)
def test_of_all_moves_that_were_tried_the_best_is_kept(
    w: np.ndarray, rng: np.random.Generator, shares: list[float], best: int
) -> None:
    slopes = Slopes.fit(
        Population.of(w).whiten(w), {name: planted(w, rng.standard_normal(W_DIM), rng) for name in ("one", "two")}
    )
    asked: list[np.ndarray] = []

    def sweep(move: np.ndarray) -> dict[str, float]:
        asked.append(move)
        effect = 10.0 - len(asked)
        return {"one": effect, "two": effect * shares[len(asked) - 1]}

    np.testing.assert_array_equal(correct(slopes, name="one", limits={"two": 0.0}, sweep=sweep), asked[best])


@pytest.mark.parametrize(
    ("share", "limit", "excess"), [(0.5, 0.2, 0.3), (-0.5, 0.2, -0.3), (0.1, 0.2, 0), (0.1, 0, 0.1)]
)
def test_excess_is_what_is_beyond_the_limit_either_way(share: float, limit: float, excess: float) -> None:
    assert excess_of(share, limit) == pytest.approx(excess)


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
    population = Population.of(w)
    slopes = Slopes.fit(population.whiten(w), {"bass": values})
    assert slopes.r2["bass"] < 0.05
    assert population.line(slopes.row("bass"))[0] @ likely_step(w, slope, []) > 0.99
