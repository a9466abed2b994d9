"""What became of each file, line by line, so that a run that was cut goes on where it was.

::

    folder/recordings.jsonl           first what was asked for, then a line a file: its loops, and what was left out
    folder/shard-00000.npy.partial    int16, loops end to end; named shard-00000.npy when it is full

A line is written after its loops are on disk; what a cut run left behind the last line is cut off.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from training.errors import TrainingError
from training.manifest import CorpusEntry
from training.shards import flat_header

JOURNAL = "recordings.jsonl"
SHARD_SAMPLES = 50_000_000
"""Samples from which a shard is full, 100 MB; a file's loops stay together."""
SAMPLE_BYTES = 2
OPTIONS = {"role": "--role", "tempo_bpm": "--bpm", "licence": "--licence"}
"""How what was asked for is given."""


@dataclasses.dataclass(kw_only=True)
class FileRecord:
    """A line: what became of a file."""

    source: str
    """Path below the folder of recordings."""
    digest: str
    """What tells it from others."""
    entries: list[CorpusEntry]
    """Its loops."""
    prints: list[str]
    """Their fingerprints, hexadecimal."""
    rejected: dict[str, int]
    """How many were left out, by reason."""
    tempo_source: str
    """Where its tempo is from."""
    error: str
    """What was wrong with it."""

    def to_json(self) -> str:
        """Write the line."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps({**fields, "entries": [dataclasses.asdict(entry) for entry in self.entries]})

    @classmethod
    def from_json(cls, text: str) -> "FileRecord":
        """Read a line; ValueError, KeyError or TypeError if it is none."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{**fields, "entries": [CorpusEntry(**entry) for entry in fields["entries"]]})


class Journal:
    """The loops of a corpus while it grows.

    Parameters
    ----------
    folder : pathlib.Path
        The corpus's folder: new, empty, or of a run with the same settings.
    settings : mapping
        What was asked for; compared with the first line.

    Raises
    ------
    TrainingError
        If the folder holds something else, or was begun with other settings.
    """

    def __init__(self, folder: pathlib.Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.path = folder / JOURNAL
        self.records: list[FileRecord] = []
        if folder.exists() and not self.path.exists() and any(folder.iterdir()):
            raise TrainingError(
                f"{folder}: already there and holds no {JOURNAL}, an empty or new folder is needed; choose another"
            )
        folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self.read(settings)
        else:
            self.append(json.dumps(settings))
        entries = [entry for record in self.records for entry in record.entries]
        self.shard = int(entries[-1].shard.split("-")[1].split(".")[0]) if entries else 0
        last = [entry for entry in entries if entry.shard == self.shard_path.name]
        self.written = (last[-1].start or 0) + last[-1].n_samples if last else 0
        self.n_loops = len(last)
        self.resume_shard()

    @property
    def shard_path(self) -> pathlib.Path:
        """The shard that loops are added to, as it is named when it is full."""
        return self.folder / f"shard-{self.shard:05d}.npy"

    @property
    def partial(self) -> pathlib.Path:
        """The same as long as it is not full."""
        return self.folder / f"{self.shard_path.name}.partial"

    def read(self, settings: dict[str, Any]) -> None:
        """Read the lines; a last one that was cut is dropped, and files that could not be read are tried again."""
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        try:
            begun = json.loads(lines[0]) if lines else None
        except ValueError:
            begun = None
        if not isinstance(begun, dict):
            raise TrainingError(
                f"{self.path}: its first line is broken, what was asked for is needed; delete the folder to begin anew"
            )
        if begun != settings:
            difference = tell_difference(begun, settings)
            raise TrainingError(f"{self.folder}: {difference}; ask for the same or choose another folder")
        whole = lines[0]
        for number, line in enumerate(lines[1:], start=2):
            if not line.endswith("\n"):
                break
            try:
                record = FileRecord.from_json(line)
            except (ValueError, KeyError, TypeError) as error:
                raise TrainingError(
                    f"{self.path} line {number}: broken ({error}), what became of a file is needed; delete the folder "
                    "and begin again"
                ) from error
            if record.entries or not record.error:
                self.records.append(record)
            whole += line
        if len(whole) < sum(map(len, lines)):
            self.path.write_text(whole, encoding="utf-8")

    def resume_shard(self) -> None:
        """Find the last shard as its last line says: full, or cut back to it."""
        length = len(flat_header(0)) + SAMPLE_BYTES * self.written
        if self.shard_path.exists():
            self.shard, self.written, self.n_loops = self.shard + 1, 0, 0
            length = len(flat_header(0))
        if self.written and (not self.partial.exists() or self.partial.stat().st_size < length):
            raise TrainingError(
                f"{self.partial}: missing or shorter than {length} bytes, {JOURNAL} names loops in it; delete the "
                "folder and begin again"
            )
        if not self.written:
            self.partial.write_bytes(flat_header(0))
        with self.partial.open("r+b") as file:
            file.truncate(length)

    def add(self, record: FileRecord, loops: list[tuple[CorpusEntry, np.ndarray]]) -> None:
        """Write a file's loops (int16, with entries whose place is still open) and then its line."""
        with self.partial.open("ab") as file:
            for entry, audio in loops:
                stored = audio.astype("<i2").tobytes()
                file.write(stored)
                record.entries.append(
                    dataclasses.replace(
                        entry,
                        shard=self.shard_path.name,
                        index=self.n_loops,
                        start=self.written,
                        sha256=hashlib.sha256(stored).hexdigest(),
                    )
                )
                self.written += audio.size
                self.n_loops += 1
            file.flush()
            os.fsync(file.fileno())
        self.append(record.to_json())
        self.records.append(record)
        if self.written >= SHARD_SAMPLES:
            self.close_shard()
            self.resume_shard()

    def append(self, line: str) -> None:
        """Write a line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())

    def close_shard(self) -> None:
        """Name the shard as full; without loops, remove it."""
        if not self.written:
            self.partial.unlink(missing_ok=True)
            return
        with self.partial.open("r+b") as file:
            file.write(flat_header(self.written))
            file.flush()
            os.fsync(file.fileno())
        self.partial.replace(self.shard_path)


def tell_difference(begun: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Say in which options two starts differ."""
    names = [name for name in settings if begun.get(name) != settings[name]]
    before, now = (", ".join(tell_option(name, given.get(name)) for name in names) for given in (begun, settings))
    return f"was begun with {before} where {now} is asked for" if names else "was begun by another version"


def tell_option(name: str, value: object) -> str:
    """Write an option as it is given."""
    if value is None:
        return f"no {OPTIONS[name]}"
    return f"{OPTIONS[name]} {value:g}" if isinstance(value, float) else f"{OPTIONS[name]} {value}"
