"""Files that the instrument keeps: written whole or not at all, on a thread of their own, and never lost."""

import contextlib
import os
import pathlib
import threading
from typing import IO

RETRY_S = 2.0
"""Time between attempts to write, where the disk is full or gone."""
LEAVE_S = 2.0
"""How long closing waits for what is being written."""


class Keeper:
    """Write texts to files without making anybody wait.

    A file is replaced once its new text is complete and on the disk. Of several texts for one file the newest is
    written.
    """

    def __init__(self) -> None:
        self.waiting: dict[pathlib.Path, str] = {}
        self.problems: dict[pathlib.Path, str] = {}
        """A line for each file that could not be written; whoever says it, removes it."""
        self.failing: set[pathlib.Path] = set()
        self.wake = threading.Event()
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def keep(self, path: pathlib.Path, text: str) -> None:
        """Have a file written."""
        self.waiting[path] = text
        self.wake.set()

    def run(self) -> None:
        """Write what is waiting, as it comes."""
        while not self.closing.is_set():
            self.wake.wait()
            self.wake.clear()
            self.write_waiting()
            if self.failing and not self.closing.wait(RETRY_S):
                self.wake.set()
        self.write_waiting()

    def write_waiting(self) -> None:
        """Write each waiting text; one that cannot be written goes on waiting, unless a newer one does."""
        failed = {}
        while self.waiting:
            path, text = self.waiting.popitem()
            try:
                write_whole(path, text)
                self.failing.discard(path)
            except OSError as error:
                failed[path] = text
                if path not in self.failing:
                    self.problems[path] = (
                        f"{path} cannot be written ({error.strerror}); a writable folder with room is needed, trying "
                        f"again every {RETRY_S:g} s"
                    )
                self.failing.add(path)
        for path, text in failed.items():
            self.waiting.setdefault(path, text)

    def close(self) -> None:
        """Write what is waiting, and end."""
        self.closing.set()
        self.wake.set()
        self.thread.join(LEAVE_S)


def write_whole(path: pathlib.Path, text: str) -> None:
    """Replace a file by a text: at every moment it holds the old or the new one, even if the power fails.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def set_aside(path: pathlib.Path) -> pathlib.Path:
    """Rename a file that cannot be read, so that nothing overwrites it.

    Returns
    -------
    pathlib.Path
        Its new name.

    Raises
    ------
    OSError
        If it cannot be renamed.
    """
    aside = free_name(path, "broken")
    path.rename(aside)
    return aside


def free_name(path: pathlib.Path, word: str) -> pathlib.Path:
    """Name a file beside another one, by a word and the first number that is free."""
    number = 1
    while (free := path.with_name(f"{path.stem}-{word}-{number}{path.suffix}")).exists():
        number += 1
    return free


def lock(path: pathlib.Path) -> IO[str] | None:
    """Claim a file for this process, until it ends or closes what is returned.

    Returns
    -------
    file or None
        None if another process has it.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_name(f".{path.name}.lock").open("w")
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError:  # a file system without locks
        return file
    return file
