"""The ledger: all that is decided while the instrument plays, line by line, in the folder of its shared memory.

The worker appends what it draws, the recorder what the audio process obeys. A recording copies it into its control log.
"""

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from performer.console import say

NAME = "ledger.jsonl"
"""Name of the file."""


class Ledger:
    """The ledger as a process appends to it.

    Each line goes into the file at once and whole, also when several processes write.

    Parameters
    ----------
    folder : pathlib.Path
        The running instrument's shared memory.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.path = folder / NAME
        self.file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        size = os.fstat(self.file).st_size
        self.cut = size > 0 and os.pread(self.file, 1, size - 1) != b"\n"
        self.lost = 0

    def append(self, *entries: Mapping[str, Any]) -> None:
        """Append lines; what finds no room is counted, and the count is written once there is room again."""
        if not entries:
            return
        lines = [*([{"lost": self.lost}] if self.lost else []), *entries]
        data = ("\n" if self.cut else "").encode() + b"".join(to_line(line) for line in lines)
        try:
            written = os.write(self.file, data)
        except OSError:
            written = 0
        if written == len(data):
            self.lost, self.cut = 0, False
            return
        if not self.lost:
            say(f"{self.path.parent}: no room for the control log; recordings cannot be rendered anew; make some")
        self.lost += len(entries)
        self.cut = self.cut or written > 0


def to_line(entry: Mapping[str, Any]) -> bytes:
    """Write an entry as a line; numbers are read back exactly."""
    return json.dumps(entry, separators=(",", ":"), allow_nan=False).encode() + b"\n"
