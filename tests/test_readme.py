"""The README is true line by line: its commands run, its table is the table, its links lead somewhere."""

import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from performer.controls import find_control

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("command", [line for line in COMMANDS if re.match("loopmorph (render|perform)", line)])
def test_commands_run(command: str, tmp_path: pathlib.Path) -> None:
    words = shlex.split(command)[1:]
    if words[0] == "perform":
        words += ["--osc-port", "19123"]
    done = subprocess.run(
        [sys.executable, "-m", "performer.cli", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_settings_are_accepted_by_their_controls() -> None:
    settings = [shlex.split(line)[2:] for line in COMMANDS if line.startswith("loopmorph set")]
    assert settings
    for path, *values in settings:
        control = find_control(path)
        numbers = [float(value) for value in values]
        assert control.accept(numbers) == tuple(numbers)


def test_every_make_target_named_exists() -> None:
    targets = {line.split()[1] for line in COMMANDS if line.startswith("make ")}
    assert targets == {"perform", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_the_controls_named_are_in_the_table() -> None:
    rows = re.findall(r"^\| (`/[^|]*`) \|", README, re.MULTILINE)
    assert len(rows) > 5
    for row in rows:
        names = re.findall(r"`([/a-z0-9]+)`", row)
        for name in names:
            find_control(name if name.startswith("/") else f"/deck/1/{name}")


def test_the_page_of_controls_is_the_table_of_controls() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from write_controls import page
    finally:
        sys.path.pop(0)
    assert (ROOT / "docs" / "controls.md").read_text() == page(), "run: python docs/write_controls.py"


def test_every_command_named_exists() -> None:
    from performer.cli import main

    for name in re.findall(r"`loopmorph ([a-z]+)", README):
        assert name in main.commands, name


def test_links_lead_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if not link.startswith("http"):
                assert (document.parent / link).exists(), f"{document.name}: {link}"
