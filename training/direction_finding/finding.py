"""Model -> its direction table: survey, regression, examination."""

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from directions.attributes import ATTRIBUTES
from directions.curve import Curve
from directions.population import Population
from directions.sefa import sefa_axes
from directions.survey import Listener
from directions.table import HOLD, Direction, Line, curved_attributes, read_lines, table_parts
from stylegan_audio.model_file import read_model_header
from stylegan_audio.rewriting import rewrite_model
from training.direction_finding.attribute_regression import N_EPOCHS, AttributeRegression
from training.direction_finding.examination import AXIS_STRENGTHS, NAMES, REFERENCE_SEEDS, STRENGTHS, Examination
from training.direction_finding.verdict import LEVELLED, family_of, rounded
from training.errors import TrainingError

MIN_LOOPS_PER_DIMENSION = 3
"""Fewer loops than this tell more of chance than of the model."""
LOOPS_AN_EPOCH = 5
"""What an epoch of the regression counts for in a progress bar."""
NEXT_TO_NOTHING = 0.1
"""What may change along, as a share: less than what is judged too much, for what is heard changes otherwise."""
FAMILY_SHARE = 0.8
"""How much of what an attribute's family usually changes along may do so, for the same reason."""
HOLD_STRENGTHS = (-3.0, -1.5, 0.0, 1.5, 3.0)
N_AXES = 6
"""Principal axes that are given as directions."""
AXES: Mapping[str, Callable[[Listener, Population], np.ndarray]] = {
    "pca": lambda _, population: population.principal(N_AXES),
    "sefa": lambda listener, _: sefa_axes(listener.generator, N_AXES),
}
"""Unit vectors of axes without a name, `[N_AXES, w_dim]`: where latents vary most, or where styles answer most."""


def regress_attributes(examination: Examination, *, n_loops: int) -> AttributeRegression:
    """Draw many loops and regress what is measured on where they are."""
    listener = examination.listener
    w = listener.draw_w(range(n_loops))
    values = listener.measure(listener.broadcast(w), heard=False)
    measured = {name: values[name] for name in examination.reference.population_sd if name != LEVELLED}
    return AttributeRegression.fit(
        examination.population, w=w, values=measured, advance=lambda count: listener.advance(count * LOOPS_AN_EPOCH)
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finder:
    """Finds the directions of a model.

    Use `judged` and `axes`.
    """

    examination: Examination
    """The model."""
    regression: AttributeRegression
    """How its attributes rise."""

    def judged(self, name: str) -> Iterator[Curve]:
        """Find and examine the direction of an attribute, then the one that holds the rest."""
        for called, limits, strengths in (
            (name, self.natural_limits(name), STRENGTHS),
            (name + HOLD, self.strict_limits(name), HOLD_STRENGTHS),
        ):
            curve = Curve(
                name=called,
                attribute=name,
                limits=rounded(limits),
                report={},
                attribute_map=self.regression.attribute_map,
            )
            found = {"r2_held_out": self.regression.r2[name], "agreement": self.examination.agreement[name]}
            report = rounded(found) | self.examination.examine(curve, strengths=strengths)
            yield dataclasses.replace(curve, report=report)

    def axes(self, kind: str) -> Iterator[Line]:
        """Give the axes that have no name, and what each of them moves."""
        listener, population = self.examination.listener, self.examination.population
        for number, vector in enumerate(AXES[kind](listener, population), start=1):
            along = population.w @ vector
            direction = Line(
                name=f"pc{number}",
                attribute=kind,
                levels=tuple(range(listener.n_levels)),
                sigma=float(np.std(along)),
                vector=vector,
                report={},
            )
            share = float(np.var(along) / np.var(population.w, axis=0).sum())
            yield dataclasses.replace(
                direction, report={"share_of_w": round(share, 3), **self.examination.describe(direction)}
            )

    def natural_limits(self, name: str) -> dict[str, float]:
        """How much others may move along: those of its family as much as they usually do, all others a little."""
        family = family_of(name)
        return {
            other: FAMILY_SHARE * abs(self.regression.correlate(name, other)) if other in family else NEXT_TO_NOTHING
            for other in self.others(name)
        }

    def strict_limits(self, name: str) -> dict[str, float]:
        """Nothing may move along but a little."""
        return dict.fromkeys(self.others(name), NEXT_TO_NOTHING)

    def others(self, name: str) -> list[str]:
        """Attributes beside one."""
        return [other for other in self.regression.names if other != name]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What is looked for, and on how many loops."""

    names: tuple[str, ...] = ()
    """Attributes; none for all that suit the model's role."""
    n_loops: int = 10_000
    """Loops that attributes are regressed on."""
    n_seeds: int = 200
    """Loops that each direction is examined on."""
    axes: str = "pca"
    """Where the unnamed axes come from, a key of `AXES`."""

    def wanted(self, role: str, known: Sequence[str]) -> tuple[str, ...]:
        """Attributes to find directions for: also those that the model has one for, which would follow an older map."""
        return tuple(dict.fromkeys((*(self.names or NAMES[role]), *known)))

    def count_loops(self, wanted: Sequence[str]) -> int:
        """Loops that will be drawn, for a progress bar."""
        surveyed = self.n_loops + 2 * len(REFERENCE_SEEDS) + N_EPOCHS * LOOPS_AN_EPOCH
        judged = len(wanted) * (len(STRENGTHS) + len(HOLD_STRENGTHS) - 2)
        return surveyed + (1 + judged + N_AXES * (len(AXIS_STRENGTHS) - 1)) * self.n_seeds  # 0 is heard once


def find_directions(
    path: pathlib.Path, plan: Plan, *, begin: Callable[[int], None], advance: Callable[[int], None]
) -> dict[str, Direction]:
    """Find a model's directions and write them into its file.

    Parameters
    ----------
    path : pathlib.Path
        The model file; replaced by one with the new table.
    plan : Plan
        What is looked for.
    begin : callable
        Called once, with the number of loops that will be drawn.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    dict of str to Direction
        The table: each attribute's direction, the one that holds the rest, and the axes. Straight lines that the model
        had under other names stay; its curves are found anew, but for those of an attribute that is now the same in
        all loops.

    Raises
    ------
    LoopmorphError
        If the file is not a model, the loops are too few, or an attribute is the same in all of them.
    OSError
        If the file's folder cannot be written.
    """
    header = read_model_header(path)
    require_names(plan.names)
    require_loops(plan.n_loops, header.config.w_dim)
    tempfile.TemporaryFile(dir=path.parent).close()  # told now, not when all is found
    table = read_lines(header)
    known = [name for name in curved_attributes(header) if name in ATTRIBUTES]
    wanted = plan.wanted(header.identity.role, known)
    begin(plan.count_loops(wanted))
    examination = Examination.open(header, names=wanted, n_seeds=plan.n_seeds, advance=advance)
    regression = regress_attributes(examination, n_loops=plan.n_loops)
    finder = Finder(examination=examination, regression=regression)
    for name in choose_attributes(wanted, asked=plan.names, moving=regression.names):
        table |= {direction.name: direction for direction in finder.judged(name)}
    table |= {direction.name: direction for direction in finder.axes(plan.axes)}
    rewrite_model(header, path, directions=table_parts(table), attribute_map=regression.attribute_map.parts())
    return table


def choose_attributes(wanted: Sequence[str], *, asked: Sequence[str], moving: Sequence[str]) -> list[str]:
    """Choose what to find directions for: what is wanted and moves.

    Raises
    ------
    TrainingError
        If one that was asked for by name is the same in all loops.
    """
    if still := [name for name in asked if name not in moving]:
        raise TrainingError(
            f"{still[0]} is the same in all loops, a difference is needed to find a direction; leave it out with "
            "--attribute"
        )
    return [name for name in wanted if name in moving]


def require_names(names: tuple[str, ...]) -> None:
    """Check that attributes can have a direction: loudness has none, for a deck plays every loop at one.

    Raises
    ------
    TrainingError
        If one cannot.
    """
    known = [name for name in ATTRIBUTES if name != LEVELLED]
    if unknown := [name for name in names if name not in known]:
        raise TrainingError(f"attribute {unknown[0]!r} has no direction; choose among {', '.join(known)}")


def require_loops(n_loops: int, w_dim: int) -> None:
    """Check that there are loops enough to regress on.

    Raises
    ------
    TrainingError
        If there are not.
    """
    if n_loops < MIN_LOOPS_PER_DIMENSION * w_dim:
        raise TrainingError(
            f"{n_loops} loops are too few for w_dim {w_dim}; at least {MIN_LOOPS_PER_DIMENSION * w_dim} are needed; "
            "raise --loops"
        )
