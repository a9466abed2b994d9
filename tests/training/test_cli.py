"""The command line of training: help without torch, one-line errors, and what is printed."""

import os
import pathlib
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from melgan_vocoder.format import OneChannelFormat
from stylegan_audio.model_file import read_model_header
from training.cli import main


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


HEAVY = {"torch", "librosa", "numba", "scipy", "yaml", "matplotlib", "rich", "soundfile"}
COMMANDS = ["convert", "corpus", "synth", "gan", "evaluate", "export", "vocoder", "vocoder-eval"]


@pytest.mark.parametrize(
    "command",
    [(), *((name,) for name in COMMANDS), ("directions",), ("directions", "find"), ("directions", "report")],
    ids=" ".join,
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
        ("directions", "find", "a", "--axes", "ica"),
        ("directions", "report", "a", "--seeds", "1"),
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


def test_version_is_printed() -> None:
    result = invoke("--version")
    assert result.exit_code == 0
    assert "version 0." in result.stdout
