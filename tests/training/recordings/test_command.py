"""The command: folder in, corpus, table and picture out; wrong use told in a line."""

import pathlib
import shutil

import click
import pytest
from click.testing import CliRunner

from melgan_vocoder.command_line import CommandLine
from training.corpus import Corpus
from training.recordings.command import corpus
from training.recordings.settings import ROLES


@click.group(cls=CommandLine)
def group() -> None:
    """As of the command line of training."""


group.add_command(corpus)


def test_folder_becomes_corpus_table_and_picture(recordings: pathlib.Path, tmp_path: pathlib.Path) -> None:
    files = tmp_path / f"a long name {'of a folder ' * 5}"
    files.mkdir()
    for name in ("breaks.wav", "corrupt.wav", "waltz.wav"):
        shutil.copy(recordings / name, files)
    run = CliRunner().invoke(group, ["corpus", str(files), str(tmp_path / "out"), "--processes", "1"])
    assert run.exit_code == 0, run.output
    assert f"skipped: {files / 'corrupt.wav'}: cannot be read (" in run.output
    assert "left out: not in 4/4" in run.output
    assert len(Corpus.open(tmp_path / "out")) == 1
    assert (tmp_path / "out" / "loops.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "message"), [(["--bpm", "20"], "40"), (["--role", "lead"], "texture"), (["--processes", "0"], "1")]
)
def test_wrong_use_is_told_in_a_line(tmp_path: pathlib.Path, options: list[str], message: str) -> None:
    run = CliRunner().invoke(group, ["corpus", str(tmp_path), str(tmp_path / "out"), *options])
    assert run.exit_code == 2
    assert message in run.output


def test_help_has_an_example_and_every_role() -> None:
    run = CliRunner().invoke(group, ["corpus", "--help"])
    assert "loopmorph-train corpus my_tracks/ my_corpus/" in run.output
    assert all(role in run.output for role in ROLES)
