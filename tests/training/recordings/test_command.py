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
    for name in ("breaks.wav", "corrupt.wav", "waltz.wav", "wrong 100 BPM.wav"):
        shutil.copy(recordings / name, files)
    run = CliRunner().invoke(group, ["corpus", str(files), str(tmp_path / "out"), "--processes", "1"])
    assert run.exit_code == 0, run.output
    assert f"skipped: {files / 'corrupt.wav'}: cannot be read (" in run.output
    assert "left out: not in 4/4" in run.output
    assert "which may be wrong: wrong 100 BPM.wav; take it out of the name" in run.output
    assert len(Corpus.open(tmp_path / "out")) == 1
    assert (tmp_path / "out" / "loops.png").read_bytes().startswith(b"\x89PNG")


def test_ctrl_c_is_one_line_and_the_next_start_goes_on(
    recordings: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, out = tmp_path / "files", tmp_path / "out"
    files.mkdir()
    for name in ("breaks.wav", "waltz.wav"):
        shutil.copy(recordings / name, files)
    words = ["corpus", str(files), str(out), "--processes", "1"]

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("training.recordings.build.finish", interrupted)
        run = CliRunner().invoke(group, words)
    line = f"loopmorph: {out}: stopped; run the same command again to go on with the files that remain\n"
    assert (run.exit_code, run.stderr) == (1, line)
    monkeypatch.setattr("training.recordings.build.cut_file", interrupted)  # nothing is cut twice
    assert CliRunner().invoke(group, words).exit_code == 0


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
