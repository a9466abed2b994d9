"""The report as it is read."""

import io
from typing import Any

from rich.console import Console

from training.model_evaluation.figures import MEANINGS, figure
from training.model_evaluation.plan import EvaluationConfig, make_plan
from training.model_evaluation.report import evaluate
from training.model_evaluation.report_table import lay_table

REPORT = {
    "protocol": {
        "n_loops": 140,
        "n_bins": 7,
        "n_training": 1260,
        "n_heard": 0,
        "genres": ["techno"],
        "truncation_psi": 0.8,
        "seed": 3,
    },
    "figures": {
        "bins": {"js_divergence_nats": figure(0.25, 0.1)},
        "seam": {"mel_largest_share": figure(0.125, 0.0)},
    },
    "details": {"memorising": {"ks_p": 0.25, "ks_closer_p": 0.5}, "rhythm": {"mel": {"on_grid_by_chance": 0.254}}},
}


def show(report: dict[str, Any], *, width: int = 120) -> str:
    text = io.StringIO()
    Console(file=text, width=width).print(lay_table(report, title="drums"))
    return text.getvalue()


def test_table_shows_model_reference_and_ratio() -> None:
    lines = [
        [cell.strip() for cell in line.replace("┃", "│").split("│")[1:-1]]
        for line in show(REPORT).splitlines()
        if "│" in line or "┃" in line
    ]
    rows = {cells[0]: cells[1:] for cells in lines}
    assert rows["figure"] == ["model", "reference", "ratio", "what it says"]
    assert rows["bins.js_divergence_nats"] == ["0.25", "0.1", "2.5", "histograms of the bins apart"]
    assert rows["seam.mel_largest_share"][:3] == ["0.125", "0", ""]
    text = " ".join(show(REPORT).split())
    assert "140 loops of each kind (techno), 7 bins, 1260 training loops" in text
    assert "Kolmogorov-Smirnov p 0.25, nearer to training loops p 0.5; on the grid by chance 0.25" in text


def test_names_of_figures_are_whole_on_a_narrow_terminal() -> None:
    assert "bins.js_divergence_nats" in show(REPORT, width=80)
    assert "by chance" not in show({**REPORT, "details": {"memorising": REPORT["details"]["memorising"]}})


def test_every_figure_of_a_report_has_its_meaning(world: Any) -> None:
    plan = make_plan(world.real.corpus, EvaluationConfig(n_loops=40, n_heard=2), with_audio=True)

    def listen(spectrograms: Any) -> Any:
        return spectrograms[:, 0].mean(axis=1).repeat(375, axis=1)

    report = evaluate(
        world.model(), world.real, plan=plan, advance=lambda n: None, listen=listen, with_pitch=True
    ).report
    names = [f"{group}.{key}" for group, figures in report["figures"].items() for key in figures]
    assert names == list(MEANINGS)
    assert all(name in show(report) for name in names)
