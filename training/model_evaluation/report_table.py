"""Report -> a table: model, reference, ratio, and what each figure says."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from training.model_evaluation.figures import MEANINGS


def lay_table(report: Mapping[str, Any], *, title: str) -> Table:
    """Lay a report out as a table.

    Parameters
    ----------
    report : mapping
        `Evaluation.report`.
    title : str
        The model's name.

    Returns
    -------
    rich.table.Table
        A row per figure, and the protocol below.
    """
    protocol = report["protocol"]
    genres = ", ".join(protocol["genres"]) or "all genres"
    caption = (
        f"{protocol['n_loops']} loops of each kind ({genres}), {protocol['n_bins']} bins, {protocol['n_training']} "
        f"training loops, {protocol['n_heard']} heard, truncation {protocol['truncation_psi']:g}, seed "
        f"{protocol['seed']}{memory_text(report)}{chance_text(report)}"
    )
    table = Table(title=title, caption=caption)
    table.add_column("figure", no_wrap=True)
    for name in ("model", "reference", "ratio"):
        table.add_column(name, justify="right")
    table.add_column("what it says")
    for group, figures in report["figures"].items():
        for key, row in figures.items():
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
            name = f"{group}.{key}"
            table.add_row(name, f"{row['model']:.4g}", f"{row['reference']:.4g}", ratio, MEANINGS.get(name, ""))
        table.add_section()
    return table


def memory_text(report: Mapping[str, Any]) -> str:
    """Tell how probable it is that the model's loops are no nearer to training loops than held-out ones."""
    memory = report["details"]["memorising"]
    return f"; Kolmogorov-Smirnov p {memory['ks_p']:.3g}, nearer to training loops p {memory['ks_closer_p']:.3g}"


def chance_text(report: Mapping[str, Any]) -> str:
    """Tell how many onsets are on the grid by chance, where that was measured."""
    rhythm = report["details"].get("rhythm")
    return "" if rhythm is None else f"; on the grid by chance {rhythm['mel']['on_grid_by_chance']:.2g}"
