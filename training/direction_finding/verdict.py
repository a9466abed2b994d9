"""Sweep -> figures -> whether a direction is offered as a knob."""

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from directions.attributes import ATTRIBUTES
from training.direction_finding.sweep import Heard, Sweep
from training.model_evaluation.feature_space import FeatureSpace
from training.model_evaluation.neighbours import share_within

LEAST_SPEARMAN = 0.95
LEAST_EFFECT = 2.0
MOST_LEAK = 0.25
LEVELLED = "loudness"
"""A deck plays every loop at one loudness, so what leaks into it is not heard; it is reported and not judged."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reference:
    """Loops that a direction must not leave."""

    space: FeatureSpace
    """The space in which loops are compared."""
    points: np.ndarray
    """Where the loops lie in it."""
    population_sd: Mapping[str, float]
    """Standard deviation of each attribute."""
    correlation: Mapping[tuple[str, str], float]
    """Correlation of each two attributes."""

    @classmethod
    def of(cls, heard: Heard, names: Sequence[str], features: np.ndarray | None = None) -> "Reference":
        """Learn about attributes from random loops of the model; from a corpus's coarse mels where loops may lie."""
        features = heard.features if features is None else features
        space = FeatureSpace.fit(features)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # an attribute that never changes correlates with nothing
            correlation = np.atleast_2d(np.nan_to_num(np.corrcoef(np.stack([heard.values[name] for name in names]))))
        return cls(
            space=space,
            points=space.project(features),
            population_sd={name: float(heard.values[name].std()) for name in names},
            correlation={
                (one, other): float(correlation[row, column])
                for row, one in enumerate(names)
                for column, other in enumerate(names)
            },
        )


def judge(sweep: Sweep, *, attribute: str, reference: Reference, holds: bool = False) -> dict[str, Any]:
    """Sum up what a direction does.

    Parameters
    ----------
    sweep : Sweep
        Its sweep, of loops that took no part in finding it.
    attribute : str
        What it is to move.
    reference : Reference
        Random loops.
    holds : bool
        Whether it is to hold its attribute's family as well; else that may move along as it usually does.

    Returns
    -------
    dict
        `offered`, `reason` (empty if it is offered); `spearman` (median over loops) and `spearman_p10`; `effect`
        (change between the ends, in population standard deviations), `leaks` (change of every other attribute re that
        of its own, each in its standard deviations), `within_family` (the same and the correlation, for attributes
        that naturally move with it); `inside` and `inside_unmoved` (share of loops that lie among the reference, at
        the worse end and unmoved), `groove` (correlation of the onsets with those of the unmoved loop, median, at the
        worse end); `unit`, `strengths`, `means`, `seeds`, `population_sd`.
    """
    changes = changes_of(sweep, reference)
    effect = changes[attribute]
    leaks = {name: change / effect if effect else 0.0 for name, change in changes.items() if name != attribute}
    ranks = rank_correlations(sweep, attribute)
    family = {
        name: (leaks[name], reference.correlation[attribute, name]) for name in family_of(attribute) if name in leaks
    }
    inside = [share_within(reference.points, reference.space.project(heard.features)) for heard in sweep.heard]
    report = {
        "unit": ATTRIBUTES[attribute].unit,
        "spearman": float(np.median(ranks)),
        "spearman_p10": float(np.percentile(ranks, 10)),
        "effect": effect,
        "leaks": {name: leak for name, leak in leaks.items() if name not in family},
        "within_family": {name: list(pair) for name, pair in family.items()},
        "inside": min(inside[0], inside[-1]),
        "inside_unmoved": inside[sweep.strengths.index(0.0)],
        "groove": min(groove(sweep.middle, sweep.heard[end]) for end in (0, -1)),
        "strengths": list(sweep.strengths),
        "means": {name: sweep.values(name).mean(axis=1).tolist() for name in changes},
        "seeds": len(sweep.middle.envelopes),
        "population_sd": dict(reference.population_sd),
    }
    reason = "; ".join(objections(report, attribute, holds=holds))
    return {"offered": not reason, "reason": reason, **rounded(report)}


def changes_of(sweep: Sweep, reference: Reference) -> dict[str, float]:
    """Tell by how much each attribute changes between the ends, in population standard deviations."""
    first, last = sweep.heard[0].values, sweep.heard[-1].values
    return {
        name: float((last[name] - first[name]).mean() / sd) if sd else 0.0
        for name, sd in reference.population_sd.items()
    }


def objections(report: Mapping[str, Any], attribute: str, *, holds: bool) -> list[str]:
    """Say in plain words what a direction falls short of."""
    said = []
    if report["spearman"] < LEAST_SPEARMAN:
        said.append(f"{attribute} does not rise steadily (Spearman {report['spearman']:.2f}, {LEAST_SPEARMAN} needed)")
    if report["effect"] < LEAST_EFFECT:
        said.append(f"{attribute} moves by {report['effect']:.1f} standard deviations, {LEAST_EFFECT:g} needed")
    leaks = {name: (abs(leak), MOST_LEAK) for name, leak in report["leaks"].items() if name != LEVELLED}
    for name, (leak, correlation) in report["within_family"].items():
        leaks[name] = abs(leak), MOST_LEAK if holds else max(abs(correlation), MOST_LEAK)
    worst = max(leaks, key=lambda name: leaks[name][0] - leaks[name][1], default=None)
    if worst is not None and leaks[worst][0] > leaks[worst][1]:
        leak, most = leaks[worst]
        said.append(f"{worst} moves {leak:.0%} as much, at most {most:.0%} may")
    return said


def family_of(attribute: str) -> list[str]:
    """Attributes that naturally move with one, without itself."""
    return [name for name in ATTRIBUTES if name in ATTRIBUTES[attribute].family and name != attribute]


def rank_correlations(sweep: Sweep, attribute: str) -> np.ndarray:
    """Spearman's rank correlation of strength and attribute, loop by loop, `[n]`; 0 where nothing moves."""
    values = sweep.values(attribute)
    moved = np.ptp(values, axis=0) > 0
    ranks = np.zeros(values.shape[1])
    ranks[moved] = [stats.spearmanr(sweep.strengths, column).statistic for column in values[:, moved].T]
    return ranks


def groove(loops: Heard, moved: Heard) -> float:
    """Correlation of the onsets of loops with those of the same loops moved, median."""
    pairs = zip(loops.envelopes, moved.envelopes, strict=True)
    return float(
        np.median([np.corrcoef(one, other)[0, 1] if np.ptp(one) and np.ptp(other) else 0.0 for one, other in pairs])
    )


def rounded(entry: Any) -> Any:
    """Round all numbers of a report to three places."""
    if isinstance(entry, dict):
        return {name: rounded(value) for name, value in entry.items()}
    if isinstance(entry, list):
        return [rounded(value) for value in entry]
    return round(entry, 3) if isinstance(entry, float) else entry
