"""What a terminal shows of progress bars once a command has ended."""

import pathlib
import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import rich
from click.testing import CliRunner

from training.checkpoint import Progress
from training.cli import main
from training.display import Display


def screen(written: str) -> str:
    """Rows that a terminal shows of what was written: carriage return, new line, erase line, up a line."""
    rows, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if part == "\n":
            row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
        elif part == "\r":
            column = 0
        elif part.endswith("K"):
            rows[row] = ""
        elif part.endswith("A"):
            row -= int(part[2:-1])
        elif not part.startswith("\x1b"):
            rows[row] = rows[row][:column].ljust(column) + part + rows[row][column + len(part) :]
            column += len(part)
    return "\n".join(line.rstrip() for line in rows).strip()


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets rich take its stream for a terminal."""
    monkeypatch.setenv("TERM", "xterm")
    rich.reconfigure(force_terminal=True, width=100)
    yield
    rich.reconfigure()


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (("synth", "tones", "FULL", "--processes", "1"), "already there, an empty or new folder is needed"),
        (("corpus", "FULL", "OUT"), "holds no audio file"),
        (("directions", "find", "OUT"), "no such file"),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_no_bar_is_left_above_an_error(tmp_path: pathlib.Path, command: tuple[str, ...], error: str) -> None:
    places = {"FULL": tmp_path, "OUT": tmp_path / "out"}
    (tmp_path / "note.txt").touch()
    result = CliRunner().invoke(main, [str(places.get(word, word)) for word in command])
    assert result.exit_code == 1
    assert "━" in result.output
    (line,) = screen(result.output).splitlines()
    assert line.startswith("loopmorph: ")
    assert error in line


@pytest.mark.parametrize(("steps", "shown"), [(0, False), (3, True)])
def test_bar_of_a_training_stays_if_it_took_a_step(steps: int, shown: bool, capsys: pytest.CaptureFixture[str]) -> None:
    run = SimpleNamespace(progress=Progress(), share_done=0.0, label="0.5 kimg", per_step=1, unit="images")
    with Display(run):  # type: ignore[arg-type]
        run.progress = Progress(step=steps)
    assert ("0.5 kimg" in screen(capsys.readouterr().out)) == shown
