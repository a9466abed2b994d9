"""The command `synth`."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from melgan_vocoder.command_line import CommandLine
from training.corpus import Corpus
from training.procedural.command import synth
from training.procedural.names import GENRE_NAMES

MAIN = CommandLine(commands={"synth": synth})


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(MAIN, ["synth", *(str(argument) for argument in arguments)])


def test_help_shows_an_example_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from training.procedural.command import synth\n"
        "synth(['--help'], prog_name='loopmorph-train synth', standalone_mode=False)\n"
        "heavy = {'torch', 'librosa', 'numba', 'scipy', 'soundfile'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "  loopmorph-train synth techno techno_corpus/ --loops 2000" in run.stdout
    assert all(name in run.stdout for name in GENRE_NAMES)


def test_all_genres_are_drawn_with_samples(tmp_path: pathlib.Path) -> None:
    (tmp_path / "samples").mkdir()
    soundfile.write(tmp_path / "samples" / "bd_a.flac", np.linspace(0.9, 0, 5000), 44_100)
    result = invoke("all", tmp_path / "c", "--loops", 9, "--samples", tmp_path / "samples", "--processes", 1)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == f"{tmp_path / 'c'}: 9 loops"
    assert tuple(entry.genre for entry in Corpus.open(tmp_path / "c").entries) == GENRE_NAMES


def test_genre_named_twice_counts_once(tmp_path: pathlib.Path) -> None:
    assert invoke("tones", "sweeps", "tones", tmp_path / "c", "--loops", 4, "--processes", 1).exit_code == 0
    assert [entry.genre for entry in Corpus.open(tmp_path / "c").entries] == ["tones", "sweeps"] * 2


def test_full_folder_is_one_line_and_status_1(tmp_path: pathlib.Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    result = invoke("tones", tmp_path, "--loops", 1, "--processes", 1)
    assert result.exit_code == 1
    assert result.stderr == (
        f"loopmorph: {tmp_path}: already there, an empty or new folder is needed; delete it or choose another\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [(), ("techno",), ("polka", "out"), ("techno", "out", "--loops", "0"), ("techno", "out", "--seed", "-1")],
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("loopmorph: ")
