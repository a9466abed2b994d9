"""The control log: JSON lines beside a recording, from which it can be rendered again.

A header says what drew; then comes the ledger, from the start of the instrument up to the end of the recording.
"""

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from melgan_vocoder import SHIPPED_VOCODER
from performer.errors import PerformerError
from performer.session.stamp import read_stamps

SUFFIX = ".jsonl"
KIND = "loopmorph control log"
VERSION = 1
FIELDS = {"models": list, "vocoder": str, "torch": str, "sample_rate": int, "start": int}
"""What no log can be rendered without."""
POSITIVE = ("models", "sample_rate")
"""Of these, what is neither empty nor 0."""


def make_header(models: Sequence[str]) -> dict[str, Any]:
    """Say what draws.

    Parameters
    ----------
    models : sequence of str
        Paths of the model files that the decks choose from.

    Returns
    -------
    dict
        The first line of a log, but for what belongs to one recording.
    """
    return {
        "kind": KIND,
        "version": VERSION,
        "loopmorph": importlib.metadata.version("loopmorph"),
        "torch": importlib.metadata.version("torch"),
        "vocoder": vocoder_sum(),
        "models": [dataclasses.asdict(stamp) for stamp in read_stamps(models)],
    }


def vocoder_sum() -> str:
    """Hash the vocoder file: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(SHIPPED_VOCODER.read_bytes()).hexdigest()


def read_header(path: pathlib.Path) -> dict[str, Any]:
    """Read the first line of a log.

    Raises
    ------
    PerformerError
        If there is no such file, or it is no control log of this version.
    """
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline())
    except OSError as error:
        raise PerformerError(f"{path}: {error.strerror}; a control log is needed; check the path") from error
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("kind") != KIND:
        raise PerformerError(f"{path}: not a control log; the {SUFFIX} file beside a recording is needed; choose that")
    if header.get("version") != VERSION:
        raise PerformerError(
            f"{path}: version {header.get('version')} of the control log, version {VERSION} is needed; render it with "
            f"loopmorph {header.get('loopmorph')}"
        )
    return header


def require_fields(path: pathlib.Path, header: Mapping[str, Any]) -> None:
    """Check that a log can be rendered.

    Raises
    ------
    PerformerError
        If its first line lacks something, or has it otherwise than a recording writes it.
    """
    for name, kind in FIELDS.items():
        if not isinstance(header.get(name), kind) or (name in POSITIVE and not header[name]):
            raise PerformerError(
                f"{path}: its first line has {name} {header.get(name)!r}; the log as it was recorded is needed; "
                "take a copy that nobody has edited"
            )


@dataclasses.dataclass
class Survey:
    """What a log is about."""

    end: int = 0
    """Position at which the recording ends."""
    models: set[int] = dataclasses.field(default_factory=set)
    """Which of the header's models drew."""
    lost: int = 0
    """Lines that found no room."""


def survey(path: pathlib.Path) -> Survey:
    """Look through a log.

    Raises
    ------
    PerformerError
        If one of its lines was not written by a recording.
    """
    found = Survey()
    for number, entry in enumerate(read_entries(path), start=1):
        with readable(number):
            found.end = int(entry.get("end", found.end))
            found.lost += int(entry.get("lost", 0))
            if "model" in entry.get("to", {}):
                found.models.add(int(entry["to"]["model"]))
    return found


@contextlib.contextmanager
def readable(number: int) -> Iterator[None]:
    """Tell of an entry that no recording wrote, by its number, in one line."""
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise PerformerError(
            f"entry {number} of the log cannot be obeyed ({type(error).__name__}: {error}); the log as it was recorded "
            "is needed; take a copy that nobody has edited"
        ) from error


def read_entries(path: pathlib.Path) -> Iterator[dict[str, Any]]:
    """Read a log's lines behind the header.

    Yields
    ------
    dict
        An entry. A line that was cut off is passed over: who wrote it died then, and nothing came of it.
    """
    with path.open("rb") as file:
        file.readline()
        for line in file:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict):
                yield entry
