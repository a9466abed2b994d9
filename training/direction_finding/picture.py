"""A page of a model's directions: how each attribute rises, and what leaks into what."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLUMNS = 4


def draw_picture(path: pathlib.Path, reports: Mapping[str, Mapping[str, Any]], *, title: str) -> None:
    """Draw each direction's own attribute over strength, and the matrix of leaks.

    Parameters
    ----------
    path : pathlib.Path
        The PNG to write.
    reports : mapping of str to mapping
        By the direction's name, from `verdict.judge`; others are passed over.
    title : str
        Heading, such as the model's name.
    """
    judged = {name: report for name, report in reports.items() if "effect" in report}
    n_rows = -(-len(judged) // COLUMNS)
    figure = Figure(figsize=(16, 3 * n_rows + 0.4 * len(judged) + 3), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{title}: what its directions do")
    grid = figure.add_gridspec(n_rows + 1, COLUMNS, height_ratios=[3] * n_rows + [0.4 * len(judged) + 2])
    for number, (name, report) in enumerate(judged.items()):
        draw_curves(figure.add_subplot(grid[number // COLUMNS, number % COLUMNS]), name, report)
    draw_leaks(figure.add_subplot(grid[n_rows, :]), judged)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def draw_curves(axes: Axes, name: str, report: Mapping[str, Any]) -> None:
    """Draw how the mean of each attribute moves, the direction's own one strongly, in standard deviations."""
    own = name.split(".")[0]
    for attribute, means in report["means"].items():
        moved = (np.array(means) - means[len(means) // 2]) / (report["population_sd"][attribute] or 1.0)
        is_own = attribute == own
        colour, label = ("tab:orange", own) if is_own else ("grey", None)
        axes.plot(
            report["strengths"],
            moved,
            color=colour,
            linewidth=3 if is_own else 1,
            alpha=1 if is_own else 0.4,
            label=label,
        )
    axes.set(
        title=f"{name}{'' if report['offered'] else ' (not offered)'}", xlabel="sigma", ylabel="standard deviations"
    )
    axes.legend()


def draw_leaks(axes: Axes, reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw the change of every attribute along every direction, in standard deviations."""
    attributes = list(dict.fromkeys(name for report in reports.values() for name in report["means"]))
    changes = np.array(
        [
            [
                (report["means"][name][-1] - report["means"][name][0]) / (report["population_sd"][name] or 1.0)
                for name in attributes
            ]
            for report in reports.values()
        ]
    ).reshape(len(reports), len(attributes))
    axes.imshow(changes, cmap="RdBu_r", vmin=-4, vmax=4, aspect="auto")
    for (row, column), change in np.ndenumerate(changes):
        axes.text(column, row, f"{change:+.1f}", ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(attributes)), attributes, rotation=30)
    axes.set_yticks(range(len(reports)), list(reports))
    axes.set_title("change from -3 to +3 sigma, in standard deviations of random loops")
