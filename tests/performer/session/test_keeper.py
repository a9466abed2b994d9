import pathlib
import subprocess
import sys
import threading
import time

import pytest

from performer.session import keeper
from performer.session.keeper import Keeper, lock, set_aside, write_whole


def test_what_is_kept_is_written_and_the_newest_wins(tmp_path: pathlib.Path) -> None:
    kept = Keeper()
    for number in range(100):
        kept.keep(tmp_path / "new" / "a.json", f"{number}")
        kept.keep(tmp_path / "new" / "b.json", f"b{number}")
    kept.close()
    assert (tmp_path / "new" / "a.json").read_text() == "99"
    assert (tmp_path / "new" / "b.json").read_text() == "b99"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.json", "b.json"]


def test_nobody_waits_for_the_disk(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    written: list[str] = []

    def slow(path: pathlib.Path, text: str) -> None:
        free.wait(10)
        written.append(text)

    monkeypatch.setattr(keeper, "write_whole", slow)
    kept = Keeper()
    for number in range(5):
        kept.keep(tmp_path / "a", f"{number}")  # returns, though nothing can be written yet
    assert written == []
    free.set()
    kept.close()
    assert written[-1] == "4"


def test_what_cannot_be_written_is_told_once_and_tried_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "RETRY_S", 0.01)
    (tmp_path / "folder").touch()  # a file where a folder is needed
    path = tmp_path / "folder" / "a.json"
    kept = Keeper()
    kept.keep(path, "new")
    until_s = time.monotonic() + 10
    while not kept.problems and time.monotonic() < until_s:
        time.sleep(0.01)
    assert "a.json cannot be written (" in kept.problems.pop(path)
    time.sleep(0.1)
    assert not kept.problems
    (tmp_path / "folder").unlink()
    kept.close()
    assert path.read_text() == "new"


def test_a_file_is_the_old_or_the_new_one_never_half(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_whole(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_broken_file_is_set_aside_and_nothing_is_overwritten(tmp_path: pathlib.Path) -> None:
    for text in ("first", "second"):
        (tmp_path / "session.json").write_text(text)
        set_aside(tmp_path / "session.json")
    assert (tmp_path / "session-broken-1.json").read_text() == "first"
    assert (tmp_path / "session-broken-2.json").read_text() == "second"
    assert not (tmp_path / "session.json").exists()


def test_a_file_is_claimed_by_one_process_until_it_ends(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "session.json"
    claim = lock(path)
    assert claim is not None
    code = (
        f"import pathlib; from performer.session.keeper import lock; print(lock(pathlib.Path({str(path)!r})) is None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    claim.close()
    again = lock(path)
    assert again is not None
    again.close()
