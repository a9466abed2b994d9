"""Reports side by side."""

import io
from typing import Any

from rich.console import Console

from training.vocoder_evaluation.bars import Bar
from training.vocoder_evaluation.report_table import compare_reports


def toy_report(cents: float) -> dict[str, Any]:
    figures = {"held_notes": {"median_cents": cents, "jitter_worst_cents": 7.25}, "equal_kicks": {"correlation": 0.5}}
    bars = [
        Bar(group="held_notes", figure="median_cents", limit=5.0),
        Bar(group="equal_kicks", figure="correlation", limit=0.98, at_least=True),
    ]
    checks = [bar.check(figures) for bar in bars]
    return {"figures": figures, "checks": checks, "passed": False}


def test_table_shows_figure_bar_and_each_vocoders_value() -> None:
    text = io.StringIO()
    Console(file=text, width=100).print(compare_reports({"good": toy_report(1.5), "bad": toy_report(123.4)}))
    rows = {cells[0]: cells[1:] for line in text.getvalue().splitlines() if (cells := split(line))}
    assert rows["figure"] == ["bar", "good", "bad"]
    assert rows["held_notes.median_cents"] == ["<= 5", "1.5", "x 123.4"]
    assert rows["held_notes.jitter_worst_cents"] == ["", "7.25", "7.25"]
    assert rows["equal_kicks.correlation"] == [">= 0.98", "x 0.5", "x 0.5"]
    assert rows["passed"] == ["18 bars", "1", "0"]


def split(line: str) -> list[str]:
    return [cell.strip() for cell in line.replace("┃", "│").split("│")[1:-1]]
