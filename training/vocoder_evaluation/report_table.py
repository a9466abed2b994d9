"""Reports of several vocoders -> one table, figure by figure."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from training.vocoder_evaluation.bars import BARS


def compare_reports(reports: Mapping[str, Mapping[str, Any]]) -> Table:
    """Lay reports side by side.

    Parameters
    ----------
    reports : mapping of str to mapping
        What `evaluate` returned, by the vocoder's name; at least one.

    Returns
    -------
    rich.table.Table
        A row per figure: its bar, and each vocoder's value, marked `x` where it misses the bar.
    """
    first = next(iter(reports.values()))
    table = Table("figure", "bar", title="Vocoders")
    for name in reports:
        table.add_column(name, justify="right")
    for group, figures in first["figures"].items():
        for key in figures:
            table.add_row(
                f"{group}.{key}", bar_text(group, key), *[value_text(r, group, key) for r in reports.values()]
            )
        table.add_section()
    table.add_row("passed", f"{len(BARS)} bars", *[passed_text(report) for report in reports.values()])
    return table


def bar_text(group: str, key: str) -> str:
    """Write the limit of a figure as it is read, empty if it has none."""
    for bar in BARS:
        if (bar.group, bar.figure) == (group, key):
            limit = bar.limit if isinstance(bar.limit, str) else f"{bar.limit:g}"
            return f"{'>=' if bar.at_least else '<='} {limit}"
    return ""


def value_text(report: Mapping[str, Any], group: str, key: str) -> Text:
    """Write a figure of one report: green within its bar, red and marked beyond it, plain without one."""
    passed = {check["figure"]: check["passed"] for check in report["checks"]}.get(f"{group}.{key}")
    text = f"{report['figures'][group][key]:.4g}"
    return Text(text) if passed is None else Text(text if passed else f"x {text}", style="green" if passed else "red")


def passed_text(report: Mapping[str, Any]) -> Text:
    """Count the bars that a report keeps."""
    count = sum(check["passed"] for check in report["checks"])
    return Text(str(count), style="green" if report["passed"] else "red")
