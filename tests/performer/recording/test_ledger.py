import json
import pathlib
import subprocess
import sys

import pytest

from performer.recording.control_log import read_entries
from performer.recording.ledger import Ledger
from tests.performer.recording.test_recording import full_disk


def lines(ledger: Ledger) -> list[object]:
    return [json.loads(line) for line in ledger.path.read_text().splitlines()]


def test_several_processes_write_whole_lines(tmp_path: pathlib.Path) -> None:
    code = f"""
import pathlib, sys
from performer.recording.ledger import Ledger
ledger = Ledger(pathlib.Path({str(tmp_path)!r}))
for number in range(300):
    ledger.append({{"who": sys.argv[1], "number": number, "more": "x" * (number * 13 % 600)}})
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, who]) for who in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    found = [(entry["who"], entry["number"]) for entry in lines(Ledger(tmp_path))]  # type: ignore[index]
    assert sorted(found) == [(who, number) for who in "ab" for number in range(300)]
    assert [number for who, number in found if who == "a"] == list(range(300))


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: pathlib.Path) -> None:
    Ledger(tmp_path).append({"header": 1}, {"a": 0.1})
    with Ledger(tmp_path).path.open("ab") as file:
        file.write(b'{"b":')  # its writer was killed
    ledger = Ledger(tmp_path)
    ledger.append({"c": 2})
    assert list(read_entries(ledger.path)) == [{"a": 0.1}, {"c": 2}]


def test_lines_without_room_are_counted_in_the_ledger_itself(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger(tmp_path)
    ledger.append({"header": 1})
    with full_disk(40):
        for number in range(5):
            ledger.append({"number": number}, {"more": "x" * 50})
    assert capsys.readouterr().err.count("no room for the control log") == 1
    ledger.append({"number": 9})
    entries = list(read_entries(ledger.path))
    assert entries[-2:] == [{"lost": 10}, {"number": 9}]
