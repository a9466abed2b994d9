"""A folder of recordings -> a corpus, by several processes, going on where a run was cut."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from training.audio_names import printable
from training.corpus import write_manifest
from training.errors import TrainingError
from training.manifest import CorpusEntry
from training.recordings.audio_file import file_digest, find_files
from training.recordings.file_loops import FileResult, loops_of_file
from training.recordings.fingerprint import Fingerprints
from training.recordings.journal import FileRecord, Journal
from training.recordings.rejection import DUPLICATE
from training.recordings.settings import Settings
from training.worker_pool import share, worker_pool

HELD_OUT = 10
"""One file of so many is held out of training."""


def build_corpus(
    folder: pathlib.Path,
    out: pathlib.Path,
    settings: Settings,
    *,
    processes: int = 1,
    begin: Callable[[int], None] | None = None,
    advance: Callable[[str], None] | None = None,
) -> list[FileRecord]:
    """Cut every audio file below a folder into loops, and write them as a corpus.

    Parameters
    ----------
    folder : pathlib.Path
        The recordings.
    out : pathlib.Path
        Where the corpus goes: a new or empty folder, or that of an earlier run, which goes on.
    settings : Settings
        What is asked for.
    processes : int
        How many work at a time; the corpus is the same for any number.
    begin : callable, optional
        Called once with the number of files, for a progress bar.
    advance : callable, optional
        Called for each file that is done, with what was wrong with it or an empty text.

    Returns
    -------
    list of FileRecord
        What became of each file.

    Raises
    ------
    TrainingError
        If there are no audio files, none of them gave a loop, or `out` is of another run.
    """
    paths = find_files(folder)
    names = {printable(path.relative_to(folder).as_posix()): path for path in paths}
    journal = Journal(out, dataclasses.asdict(settings))
    if begin is not None:
        begin(len(names))
    seen = Fingerprints()
    for record in journal.records:
        for text in record.prints:
            seen.add_if_new(np.frombuffer(bytes.fromhex(text), np.int8))
    done = {record.source for record in journal.records}
    if advance is not None:
        for record in journal.records:
            advance(record.error)
    waiting = [name for name in names if name not in done]
    jobs = [names[name] for name in waiting]
    for name, (digest, result) in zip(waiting, work(jobs, settings, processes=processes), strict=True):
        keep_new(journal, name, result, digest=digest, settings=settings, seen=seen)
        if advance is not None:
            advance(result.error)
    finish(journal, folder)
    return journal.records


def finish(journal: Journal, folder: pathlib.Path) -> None:
    """Close the last shard and write the manifest.

    Raises
    ------
    TrainingError
        If there is no loop.
    """
    entries = [entry for record in journal.records for entry in record.entries]
    if not entries:
        reasons = sorted({reason for record in journal.records for reason in record.rejected})
        raise TrainingError(
            f"{folder}: {len(journal.records)} audio files gave no loop ({', '.join(reasons)}), at least one is "
            "needed; choose other files, another --role or give --bpm"
        )
    journal.close_shard()
    write_manifest(journal.folder, hold_one_out(entries, journal.records))


def hold_one_out(entries: list[CorpusEntry], records: Sequence[FileRecord]) -> list[CorpusEntry]:
    """Hold out one file of several if chance held out none."""
    given = sorted((record.digest, record.source) for record in records if record.entries)
    if len(given) < 2 or any(entry.split == "held_out" for entry in entries):
        return entries
    chosen = given[0][1]
    return [dataclasses.replace(entry, split="held_out") if entry.source == chosen else entry for entry in entries]


def work(paths: Sequence[pathlib.Path], settings: Settings, *, processes: int) -> Iterator[tuple[str, FileResult]]:
    """Cut files in their order, by one or several processes."""
    job = functools.partial(cut_file, settings=settings)
    if processes == 1 or len(paths) < 2:
        yield from map(job, paths)
        return
    with worker_pool(min(processes, len(paths))) as pool:
        yield from share(pool, job, paths)


def cut_file(path: pathlib.Path, *, settings: Settings) -> tuple[str, FileResult]:
    """Cut one file; its digest comes with it."""
    try:
        digest = file_digest(path)
    except OSError:
        digest = ""
    return digest, loops_of_file(path, settings)


def split_of_file(digest: str) -> str:
    """Choose a split by what tells a file from others (hexadecimal): the same for a copy of another name."""
    return "held_out" if int(digest[:8] or "1", 16) % HELD_OUT == 0 else "train"


def keep_new(
    journal: Journal, source: str, result: FileResult, *, digest: str, settings: Settings, seen: Fingerprints
) -> None:
    """Add the loops of a file to the corpus that are not nearly there yet."""
    split = split_of_file(digest)
    record = FileRecord(
        source=source,
        digest=digest,
        entries=[],
        prints=[],
        rejected=dict(result.rejected),
        tempo_source=result.tempo_source,
        error=result.error,
    )
    loops = []
    for loop in result.loops:
        if not seen.add_if_new(loop.fingerprint):
            record.rejected[DUPLICATE] = record.rejected.get(DUPLICATE, 0) + 1
            continue
        entry = CorpusEntry(
            shard="",
            index=0,
            genre=settings.role,
            source=source,
            licence=settings.licence,
            tempo_bpm=loop.tempo_bpm,
            split=split,
            sha256="",
            position_s=loop.position_s,
        )
        loops.append((entry, loop.audio))
        record.prints.append(loop.fingerprint.tobytes().hex())
    journal.add(record, loops)
