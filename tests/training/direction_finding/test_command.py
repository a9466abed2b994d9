"""`loopmorph-train directions`: what is asked for, and what is printed, with a toy model."""

import json
import pathlib
import re
import shutil
from typing import Any

import pytest
from click.testing import CliRunner, Result

from training.cli import main
from training.direction_finding import finding
from training.direction_finding.finding import Plan
from training.direction_finding.report_table import lay_table, print_reports


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["directions", *map(str, arguments)])


@pytest.fixture(scope="module")
def told(
    toy_file: pathlib.Path, little_work: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pathlib.Path, Result]:
    """A model whose directions were found by the command, and what it printed."""
    path = tmp_path_factory.mktemp("told") / "toy.safetensors"
    shutil.copy(toy_file, path)
    result = invoke("find", path, "--attribute", "density", "--loops", "30", "--seeds", "3")
    assert result.exit_code == 0, result.output
    return path, result


def test_find_asks_for_all_that_suits_the_role(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[pathlib.Path, Plan]] = []

    def find(path: pathlib.Path, plan: Plan, **_: Any) -> dict[str, Any]:
        asked.append((path, plan))
        return {}

    monkeypatch.setattr(finding, "find_directions", find)
    assert invoke("find", tmp_path / "m").exit_code == 0
    assert invoke("find", tmp_path / "m", "--attribute", "kick", "--loops", 900, "--axes", "sefa").exit_code == 0
    assert asked[0] == (tmp_path / "m", Plan())
    assert asked[1][1] == Plan(names=("kick",), n_loops=900, axes="sefa")


def test_find_prints_a_row_for_each_and_what_axes_move(told: tuple[pathlib.Path, Result]) -> None:
    for name in ("density ", "density.hold ", "pc1: ", "pc6: "):
        assert name in told[1].stdout


def test_report_measures_anew_and_leaves_the_file(told: tuple[pathlib.Path, Result], tmp_path: pathlib.Path) -> None:
    path, out = told[0], tmp_path / "report"
    before = path.read_bytes()
    result = invoke("report", path, "--seeds", "3", "--plain", "--out", out, "--json")
    assert result.exit_code == 0, result.output
    reports = json.loads(result.stdout)
    assert set(reports) == {"density", "density.hold", "density.plain", *(f"pc{number}" for number in range(1, 7))}
    assert reports["density"]["seeds"] == 3
    assert reports["pc1"]["moves"].keys() == reports["density"]["means"].keys()
    assert json.loads((out / "report.json").read_text()) == reports
    assert (out / "picture.png").stat().st_size > 10_000
    assert path.read_bytes() == before


def test_a_corpus_that_holds_out_too_few_loops_is_refused_at_once(
    told: tuple[pathlib.Path, Result], tmp_path: pathlib.Path
) -> None:
    corpus = CliRunner().invoke(main, ["synth", "techno", str(tmp_path / "corpus"), "--loops", "12"])
    assert corpus.exit_code == 0, corpus.output
    result = invoke("report", told[0], "--corpus", tmp_path / "corpus")
    assert result.exit_code == 1
    assert re.search(r"holds out [0-5] loops, more than 5 are needed", result.stderr)


def test_morphs_are_measured_on_each_way(toy_file: pathlib.Path, little_work: None) -> None:
    options = ("morphs", toy_file, "--morphs", 2, "--steps", 4)
    result = invoke(*options, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert list(found) == ["straight in W", "great circle in Z"]
    assert all(len(each["unevenness"]) == 2 for each in found.values())
    assert "straight in W" in invoke(*options).stdout


def test_reports_are_laid_out_in_a_table_or_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    judged = {
        "spearman": 0.98, "effect": 2.5, "leaks": {"swing": -0.1, "kick": 0.02}, "inside": 0.9, "inside_unmoved": 1.0,
        "groove": 0.7, "offered": False, "reason": "it is shy",
    }  # fmt: skip
    reports = {"bass": judged, "pc1": {"moves": {"density": 2.0, "bass": -3.0}}}
    cells = [next(iter(column.cells)) for column in lay_table({"bass": judged}).columns]
    assert cells == ["bass", "0.980", "2.5", "swing -10%", "0.90 (1.00)", "0.70", "it is shy"]
    print_reports(reports, as_json=False)
    assert "pc1: bass -3.0, density +2.0" in capsys.readouterr().out
    print_reports(reports, as_json=True)
    assert json.loads(capsys.readouterr().out) == reports


def test_deliberate_errors_are_one_line(toy_copy: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for arguments, needed in (
        (("find", toy_copy, "--attribute", "sparkle"), "attribute 'sparkle' has no direction; choose among density"),
        (("report", tmp_path / "gone"), "gone: no such file"),
        (("report", toy_copy, "--corpus", tmp_path / "none"), "none"),
    ):
        result = invoke(*arguments)
        assert result.exit_code == 1
        assert result.stderr.startswith("loopmorph: ")
        assert result.stderr.count("\n") == 1
        assert needed in result.stderr
