"""The manifest of a corpus: which loop lies where, where it is from, and whether training may see it."""

import dataclasses
import json
import pathlib
import zlib
from typing import Any

from melgan_vocoder.format import MelFormat
from training.audio_names import holds_audio
from training.errors import TrainingError

MANIFEST = "manifest.jsonl"
"""Name of the file."""
SPLITS = ("train", "held_out")
"""What training sees, and what it is measured on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CorpusEntry:
    """A line of the manifest."""

    shard: str
    """Name of the file."""
    index: int
    """Row of the loop in it."""
    genre: str
    """Name of its genre."""
    source: str
    """Where it comes from: a file's name, or the seed it was drawn from."""
    licence: str
    """SPDX name of its licence."""
    tempo_bpm: float
    """Tempo of the loop, in beats a minute, which says how long it is."""
    split: str
    """One of `SPLITS`."""
    sha256: str
    """Of the loop's int16 samples, little-endian."""
    position_s: float | None = None
    """Seconds of the source at which the loop begins; None where it was not cut from a longer sound."""
    start: int | None = None
    """First sample of the loop in a shard whose loops lie end to end; None in one of rows."""

    @property
    def n_samples(self) -> int:
        """Length of the loop."""
        return loop_samples(self.tempo_bpm)

    def to_json(self) -> str:
        """Write the entry as a line, without what is None."""
        return json.dumps({name: value for name, value in dataclasses.asdict(self).items() if value is not None})


def loop_samples(tempo_bpm: float) -> int:
    """Say how many samples a loop (2 bars of 4/4) has at a tempo in beats a minute."""
    fmt = MelFormat()
    return round(60 * fmt.beats * fmt.sample_rate / tempo_bpm)


def split_of(source: str) -> str:
    """Choose a split by the name of a source: a tenth is held out, the same ones for ever."""
    return "held_out" if zlib.crc32(source.encode()) % 10 == 0 else "train"


def read_manifest(folder: pathlib.Path) -> list[CorpusEntry]:
    """Read the manifest of a corpus.

    Raises
    ------
    TrainingError
        If it is missing or empty, or a line is broken.
    """
    path = folder / MANIFEST
    if not path.is_file():
        if folder.is_dir() and holds_audio(folder):
            raise TrainingError(
                f"{folder}: holds audio files and no {MANIFEST}, a corpus is needed; make one of them: loopmorph-train "
                f"corpus {folder} CORPUS"
            )
        cut = any(folder.glob("shard-*")) if folder.is_dir() else False
        reason = "its run was cut before the end; delete the folder and write" if cut else "check the folder or write"
        raise TrainingError(f"{path}: no such file, a corpus has one; {reason} the corpus again")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines:
        raise TrainingError(f"{path}: is empty, a line for each loop is needed; write the corpus again")
    return [read_line(line, where=f"{path} line {number}") for number, line in enumerate(lines, start=1)]


def read_line(line: str, *, where: str) -> CorpusEntry:
    """Read a line of a manifest.

    Raises
    ------
    TrainingError
        If it is not JSON, lacks a field or has one too many, or a field has another type or value.
    """
    try:
        entry = CorpusEntry(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"{where}: broken ({error}), an entry of a loop is needed; write the corpus again"
        ) from error
    for field in dataclasses.fields(entry):
        value = getattr(entry, field.name)
        kind = getattr(field.type, "__name__", str(field.type))
        if not fits(value, kind):
            raise TrainingError(f"{where}: {field.name} is {value!r}, {kind} is needed; write the corpus again")
    if pathlib.Path(entry.shard).name != entry.shard:
        raise TrainingError(
            f"{where}: shard is {entry.shard!r}, the name of a file beside it is needed; write the corpus again"
        )
    if entry.split not in SPLITS:
        raise TrainingError(f"{where}: split is {entry.split!r}, one of {', '.join(SPLITS)} is needed; correct it")
    return entry


def fits(value: Any, kind: str) -> bool:
    """Whether a value is of a field's type; a tempo or a position may be whole, and must be finite and not below 0."""
    if value is None or isinstance(value, bool):
        return value is None and kind.endswith("| None")
    if kind.startswith("float"):
        return isinstance(value, int | float) and 0 <= value < float("inf") and (value > 0 or kind != "float")
    if kind.startswith("int"):
        return isinstance(value, int)
    return isinstance(value, str)
