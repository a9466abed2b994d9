"""What became of a folder of recordings, as a table."""

import collections
from collections.abc import Sequence

import numpy as np
from rich.table import Table

from training.manifest import CorpusEntry
from training.recordings.journal import FileRecord
from training.recordings.placement import FILE_NAME
from training.recordings.rejection import ARRHYTHMIC

MOST_NAMED = 5
"""Files that a line names."""


def count_rejected(records: Sequence[FileRecord]) -> dict[str, int]:
    """Count what was left out by reason, the most frequent first."""
    total: collections.Counter[str] = collections.Counter()
    for record in records:
        total.update(record.rejected)
    return dict(total.most_common())


def make_table(records: Sequence[FileRecord], entries: Sequence[CorpusEntry], *, title: str) -> Table:
    """Lay out files, loops, what was left out, and tempi.

    Parameters
    ----------
    records : sequence of FileRecord
        What became of each file.
    entries : sequence of CorpusEntry
        The corpus's loops.
    title : str
        Heading.

    Returns
    -------
    Table
        To print.
    """
    held_out = [entry for entry in entries if entry.split == "held_out"]
    table = Table("", "count", "", title=title, title_justify="left")
    table.add_row("files", str(len(records)), f"{sum(bool(record.entries) for record in records)} gave loops")
    table.add_row("loops", str(len(entries)), f"{len(held_out)} held out, of {len({e.source for e in held_out})} files")
    for reason, count in count_rejected(records).items():
        table.add_row(f"left out: {reason}", str(count), example(records, reason))
    sources = collections.Counter(record.tempo_source for record in records if record.tempo_source)
    for source, count in sources.most_common():
        table.add_row(f"tempo from {source}", str(count), "files")
    if entries:
        tempi = np.array([entry.tempo_bpm for entry in entries])
        low, middle, high = np.percentile(tempi, [0, 50, 100])
        table.add_row("tempi", str(len(np.unique(tempi.round(1)))), f"{low:.1f} to {high:.1f} BPM, median {middle:.1f}")
    return table


def example(records: Sequence[FileRecord], reason: str) -> str:
    """Name the file that was left out most for a reason."""
    most = max(records, key=lambda record: record.rejected.get(reason, 0))
    return f"most in {most.source}"


def tell_doubtful_names(records: Sequence[FileRecord]) -> str:
    """Name the files that gave nothing because they do not keep to the tempo in their name; empty if there are none."""
    names = [
        record.source
        for record in records
        if record.tempo_source == FILE_NAME and not record.entries and ARRHYTHMIC in record.rejected
    ]
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"{ARRHYTHMIC} at the tempo in the file's name, which may be wrong: {', '.join(names[:MOST_NAMED])}{more}; "
        "take it out of the name, then it is heard, or cut these files alone with --bpm"
    )
