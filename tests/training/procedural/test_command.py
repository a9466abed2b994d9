"""The command `synth`."""

import os
import pathlib
import signal
import subprocess
import sys
import time

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


def test_help_names_every_genre() -> None:
    shown = invoke("--help").stdout
    assert all(name in shown for name in GENRE_NAMES)


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


def test_ctrl_c_is_one_line_of_one_process_and_leaves_the_folder_free(tmp_path: pathlib.Path) -> None:
    """Ctrl-C goes to the command's processes too."""
    out = tmp_path / "c"
    words = ["synth", "pads", str(out), "--loops", "100000", "--processes", "2"]
    with subprocess.Popen(
        [sys.executable, "-m", "training.cli", *words],
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        partial, deadline = out / "shard-00000.npy.partial", time.monotonic() + 60
        while not (partial.exists() and partial.stat().st_size > 1e6) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)
        _, told = run.communicate()
    assert (run.returncode, told) == (
        1,
        f"loopmorph: {out}: stopped, and left empty, for drawing cannot go on in the middle; run the same command "
        "again to begin anew\n",
    )
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [(), ("techno",), ("polka", "out"), ("techno", "out", "--loops", "0"), ("techno", "out", "--seed", "-1")],
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("loopmorph: ")
