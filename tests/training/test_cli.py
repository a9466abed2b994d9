"""The command line of training: help without torch, one-line errors, and what is printed."""

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from directions.table import Direction
from melgan_vocoder.format import OneChannelFormat
from stylegan_audio.model_file import read_model_header
from training import directions as training_directions
from training.cli import main
from training.errors import TrainingError


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


HEAVY = {"torch", "librosa", "numba", "scipy", "yaml", "matplotlib", "rich", "soundfile"}
COMMANDS = ["convert", "corpus", "synth", "gan", "evaluate", "export", "vocoder", "vocoder-eval"]


@pytest.mark.parametrize(
    "command", [(), *((name,) for name in COMMANDS), ("directions",), ("directions", "find")], ids=" ".join
)
def test_help_is_shown_with_an_example_without_importing_anything_heavy(command: tuple[str, ...]) -> None:
    arguments = [*command, "--help"]
    script = (
        "import contextlib, sys\n"
        "from training.cli import main\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    main({arguments!r}, prog_name='loopmorph-train')\n"
        f"heavy = {HEAVY!r} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"Usage: {' '.join(['loopmorph-train', *command])} ")
    if command != ("directions",):
        assert f"  loopmorph-train {' '.join(command)}" in run.stdout.split("\n", 1)[1]


@pytest.mark.parametrize(("before", "spins"), [(None, "1000"), ("7", "7")])
def test_waiting_threads_soon_sleep_unless_told_otherwise(before: str | None, spins: str) -> None:
    """It must be said before libgomp loads with torch."""
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    script = (
        "import os, sys\n"
        "from training.cli import main\n"
        "main.commands['gan'].callback = lambda **_: print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)\n"
        "main(['gan', 'corpus', 'run'])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | ({"GOMP_SPINCOUNT": before} if before else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == f"{spins} False\n", run.stderr


def test_convert_writes_the_file_and_prints_where(prototype: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out" / "mine.safetensors"
    result = invoke("convert", prototype / "drums.safetensors", out)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{out}\n"
    assert list(out.parent.iterdir()) == [out]
    header = read_model_header(out)
    assert (header.name, header.mel_format) == ("drums", OneChannelFormat())


def test_convert_of_a_missing_prototype_is_one_line_and_status_1(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "gone.safetensors"
    result = invoke("convert", path, tmp_path / "out.safetensors")
    assert result.exit_code == 1
    assert result.stderr == (
        f"loopmorph: {path}: no such file; a prototype's safetensors file is needed; check the folder\n"
    )


def test_find_without_a_model_is_one_line_and_status_1(tmp_path: pathlib.Path) -> None:
    result = invoke("directions", "find", tmp_path / "gone.safetensors")
    assert result.exit_code == 1
    assert result.stderr.startswith("loopmorph: ")
    assert result.stderr.count("\n") == 1
    assert "gone.safetensors: no such file" in result.stderr


def test_find_with_too_few_loops_says_how_many_and_leaves_the_file(model_path: pathlib.Path) -> None:
    before = model_path.read_bytes()
    result = invoke("directions", "find", model_path, "--loops", 5)
    assert result.exit_code == 1
    assert result.stderr == ("loopmorph: 5 loops are too few for w_dim 8; at least 24 are needed; raise --loops\n")
    assert model_path.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert",),
        ("convert", "only-one"),
        ("convert", ".", "out"),
        ("directions", "find"),
        ("directions", "find", "a", "--attribute", "sparkle"),
        ("directions", "find", "a", "--loops", "0"),
        ("directions", "find", "a", "--loops", "many"),
        ("dance",),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("loopmorph: ")
    assert result.stderr.count("\n") == 1


def stand_in(calls: list[dict[str, Any]]) -> Callable[..., dict[str, Direction]]:
    """A `find_directions` that writes down what it is asked for."""

    def find(
        path: pathlib.Path, *, names: tuple[str, ...], n_loops: int, advance: Callable[[int], None]
    ) -> dict[str, Direction]:
        calls.append({"path": path, "names": names, "n_loops": n_loops})
        advance(training_directions.count_work(n_loops, names))
        report = {
            "r2_held_out": 0.65,
            "strengths": [-3.0, 0.0, 3.0],
            "means": {"density": [7.5, 9.0, 12.25], "bass": [-20.0, -20.0, -19.5]},
        }
        vector = np.eye(1, 8, 0, dtype=np.float32)[0]
        return {
            name: Direction(name=name, attribute=name, levels=(0,), sigma=1.0, vector=vector, report=report)
            for name in names
        }

    return find


def test_find_asks_for_density_and_bass_of_3000_loops_and_prints_a_row_each(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(training_directions, "find_directions", stand_in(calls))
    result = invoke("directions", "find", tmp_path / "m.safetensors")
    assert result.exit_code == 0, result.output
    assert calls == [{"path": tmp_path / "m.safetensors", "names": ("density", "bass"), "n_loops": 3000}]
    row = "held-out R2 0.65; -3 to +3 sigma moves density 7.5 to 12.25, bass -20 to -19.5"
    assert result.stdout.splitlines()[-2:] == [f"density: {row}", f"bass: {row}"]


def test_find_passes_attributes_and_loops_on(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(training_directions, "find_directions", stand_in(calls))
    result = invoke("directions", "find", tmp_path / "m", "--attribute", "brightness", "--loops", "900")
    assert result.exit_code == 0, result.output
    assert calls == [{"path": tmp_path / "m", "names": ("brightness",), "n_loops": 900}]


def test_deliberate_error_of_finding_is_one_line(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(path: pathlib.Path, **arguments: object) -> None:
        raise TrainingError("the model is shy; try again")

    monkeypatch.setattr(training_directions, "find_directions", find)
    result = invoke("directions", "find", tmp_path / "m")
    assert (result.exit_code, result.stderr) == (1, "loopmorph: the model is shy; try again\n")


def test_version_is_printed() -> None:
    result = invoke("--version")
    assert result.exit_code == 0
    assert "version 0." in result.stdout
