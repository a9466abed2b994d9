"""Reports of directions -> a table."""

import json
from collections.abc import Mapping
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from training.direction_finding.verdict import LEVELLED


def print_reports(reports: Mapping[str, Mapping[str, Any]], *, as_json: bool) -> None:
    """Print what is known of directions."""
    if as_json:
        click.echo(json.dumps({name: dict(report) for name, report in reports.items()}))
        return
    console = Console(markup=False, emoji=False)
    console.print(lay_table({name: report for name, report in reports.items() if "effect" in report}))
    for name, report in reports.items():
        if "moves" in report:
            console.print(f"{name}: {describe_moves(report['moves'])}")


def print_morphs(found: Mapping[str, Mapping[str, Any]], *, as_json: bool) -> None:
    """Print how even morphs are and whether they keep the beat."""
    if as_json:
        click.echo(json.dumps({way: dict(figures) for way, figures in found.items()}))
        return
    table = Table(caption="unevenness: largest step of a morph re its median step; shares of all steps")
    table.add_column("way", no_wrap=True)
    for name in ("unevenness (median; largest)", "at most 3", "120 BPM (at the ends)", "downbeat"):
        table.add_column(name, justify="right")
    for way, figures in found.items():
        table.add_row(
            way,
            f"{np.median(figures['unevenness']):.2f}; {max(figures['unevenness']):.2f}",
            f"{figures['even']:.0%}",
            f"{figures['tempo_held']:.1%} ({figures['tempo_at_ends']:.1%})",
            f"{figures['downbeat_held']:.1%}",
        )
    Console(markup=False, emoji=False).print(table)


def lay_table(reports: Mapping[str, Mapping[str, Any]]) -> Table:
    """Lay reports out as a table, a row for each direction that has an attribute.

    Parameters
    ----------
    reports : mapping of str to mapping
        By the direction's name, from `verdict.judge`.

    Returns
    -------
    rich.table.Table
        Figures, and whether it is offered or why not.
    """
    table = Table(
        caption="from -3 to +3 sigma; changes in standard deviations of random loops, leaks re the own change"
    )
    table.add_column("direction", no_wrap=True)
    for name in ("Spearman", "change", "worst leak", "inside", "groove"):
        table.add_column(name, justify="right")
    table.add_column("offered")
    for name, report in reports.items():
        table.add_row(
            name,
            f"{report['spearman']:.3f}",
            f"{report['effect']:.1f}",
            worst_leak(report["leaks"]),
            f"{report['inside']:.2f} ({report['inside_unmoved']:.2f})",
            f"{report['groove']:.2f}",
            "yes" if report["offered"] else report["reason"],
        )
    return table


def worst_leak(leaks: Mapping[str, float]) -> str:
    """Name the attribute that moves along most, of those that are judged, and how much."""
    name = max((name for name in leaks if name != LEVELLED), key=lambda name: abs(leaks[name]), default="")
    return "" if not name else f"{name} {leaks[name]:+.0%}"


def describe_moves(moves: Mapping[str, float]) -> str:
    """Tell what an axis moves most."""
    largest = sorted(moves, key=lambda name: -abs(moves[name]))[:4]
    return ", ".join(f"{name} {moves[name]:+.1f}" for name in largest)
