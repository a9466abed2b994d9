"""Figures of a direction, on sweeps whose answer is known."""

from typing import Any

import numpy as np
import pytest

from directions.attributes import ATTRIBUTES
from training.direction_finding.sweep import Heard, Sweep
from training.direction_finding.verdict import Reference, family_of, judge, rank_correlations

STRENGTHS = (-3.0, -1.0, 0.0, 1.0, 3.0)
N = 40


def heard(rng: np.random.Generator, values: dict[str, np.ndarray], *, away: float = 0.0) -> Heard:
    """Loops of some values; others are noise of no mean."""
    return Heard(
        values={name: values.get(name, np.zeros(N)) for name in ATTRIBUTES},
        features=(rng.standard_normal((N, 32)) + away).astype(np.float32),
        envelopes=np.tile(np.resize([1.0, 0, 0, 0], 64), (N, 1)).astype(np.float32),
    )


@pytest.fixture
def reference(rng: np.random.Generator) -> Reference:
    """Random loops; every attribute has a standard deviation of 2, and kick goes with bass."""
    values = {name: rng.standard_normal(400) for name in ATTRIBUTES}
    values["kick"] = 0.8 * values["bass"] + 0.6 * values["kick"]
    values = {name: 2 * (value - value.mean()) / value.std() for name, value in values.items()}
    features = rng.standard_normal((400, 32)).astype(np.float32)
    return Reference.of(
        Heard(values=values, features=features, envelopes=np.zeros((400, 64), np.float32)), tuple(ATTRIBUTES)
    )


def swept(rng: np.random.Generator, slopes: dict[str, float], *, away: float = 0.0, noise: float = 0.0) -> Sweep:
    """Attributes that rise in straight lines with the strength."""
    start = {name: rng.standard_normal(N) for name in slopes}

    def at(strength: float) -> Heard:
        values = {
            name: start[name] + slope * strength + noise * rng.standard_normal(N) for name, slope in slopes.items()
        }
        return heard(rng, values, away=away * abs(strength))

    return Sweep(strengths=STRENGTHS, heard=tuple(at(strength) for strength in STRENGTHS))


def report(
    rng: np.random.Generator, reference: Reference, slopes: dict[str, float], *, holds: bool = False, **options: float
) -> dict[str, Any]:
    return judge(swept(rng, slopes, **options), attribute="bass", reference=reference, holds=holds)


def test_a_direction_that_moves_its_own_attribute_alone_is_offered(
    rng: np.random.Generator, reference: Reference
) -> None:
    found = report(rng, reference, {"bass": 1.0})
    assert (found["offered"], found["reason"]) == (True, "")
    assert found["spearman"] == found["spearman_p10"] == 1
    assert found["effect"] == pytest.approx(3, abs=0.01)  # 6 of 2 standard deviations
    assert max(abs(leak) for leak in found["leaks"].values()) == 0
    assert found["groove"] == pytest.approx(1)
    assert found["means"]["bass"][-1] - found["means"]["bass"][0] == pytest.approx(6, abs=0.01)
    assert (found["seeds"], found["unit"]) == (N, "dB")


def test_leaks_are_shares_of_the_own_change(rng: np.random.Generator, reference: Reference) -> None:
    found = report(rng, reference, {"bass": 1.0, "density": -0.2, "kick": 0.7})
    assert found["offered"]
    assert found["leaks"]["density"] == pytest.approx(-0.2, abs=0.01)
    assert "kick" not in found["leaks"]
    assert found["within_family"]["kick"] == pytest.approx([0.7, 0.8], abs=0.1)


@pytest.mark.parametrize(
    ("kick", "holds", "reason"),
    [(0.7, False, ""), (0.95, False, "kick moves 95% as much, at most "), (0.2, True, ""),
     (0.7, True, "kick moves 70% as much, at most 25% may")],
)  # fmt: skip
def test_its_family_may_move_along_as_it_usually_does_but_not_where_it_is_to_hold(
    rng: np.random.Generator, reference: Reference, kick: float, holds: bool, reason: str
) -> None:
    found = report(rng, reference, {"bass": 1.0, "kick": kick}, holds=holds)
    assert found["reason"].startswith(reason)
    assert found["offered"] == (not reason)


@pytest.mark.parametrize(
    ("slopes", "options", "reason"),
    [
        ({"bass": 0.5}, {}, "bass moves by 1.5 standard deviations, 2 needed"),
        ({"bass": 1.0, "hats": -0.4}, {}, "hats moves 40% as much, at most 25% may"),
        ({"bass": 1.0}, {"noise": 6.0}, "bass does not rise steadily (Spearman "),
        ({"bass": -1.0}, {}, "bass does not rise steadily (Spearman -1.00, 0.95 needed); bass moves by -3.0"),
        ({}, {}, "bass does not rise steadily (Spearman 0.00, 0.95 needed); bass moves by 0.0"),
    ],
)
def test_one_that_falls_short_is_not_offered_and_says_why(
    rng: np.random.Generator, reference: Reference, slopes: dict[str, float], options: dict[str, float], reason: str
) -> None:
    found = report(rng, reference, slopes, **options)
    assert not found["offered"]
    assert found["reason"].startswith(reason)


def test_loudness_is_reported_and_not_judged(rng: np.random.Generator, reference: Reference) -> None:
    found = report(rng, reference, {"bass": 1.0, "loudness": 0.9})
    assert found["offered"]
    assert found["leaks"]["loudness"] == pytest.approx(0.9, abs=0.01)


def test_loops_that_leave_the_population_are_outside(rng: np.random.Generator, reference: Reference) -> None:
    found = report(rng, reference, {"bass": 1.0}, away=3.0)
    assert found["inside"] < 0.1 < 0.6 < found["inside_unmoved"]
    assert report(rng, reference, {"bass": 1.0})["inside"] > 0.6


def test_rank_correlation_is_taken_loop_by_loop(rng: np.random.Generator) -> None:
    rising, falling = swept(rng, {"bass": 1.0}), swept(rng, {"bass": -1.0})
    mixed = Sweep(
        strengths=STRENGTHS,
        heard=tuple(
            heard(rng, {"bass": np.concatenate([one.values["bass"][:10], other.values["bass"][10:]])})
            for one, other in zip(rising.heard, falling.heard, strict=True)
        ),
    )
    np.testing.assert_allclose(rank_correlations(mixed, "bass"), [1.0] * 10 + [-1.0] * (N - 10))


def test_corpus_features_take_the_place_of_the_models_own(rng: np.random.Generator) -> None:
    loops = heard(rng, {"bass": rng.standard_normal(N)})
    far = (loops.features + 50).astype(np.float32)
    points = Reference.of(loops, ["bass"], far)
    assert np.abs(points.space.mean - far.mean(axis=0)).max() < 1e-5


def test_families_are_those_of_the_table() -> None:
    assert family_of("bass") == ["kick"]
    assert set(family_of("hats")) == {"density", "notes", "syncopation", "brightness", "noisiness", "openness"}
