"""Control log -> sound files: a set that was recorded is drawn and mixed once more, and its decks one by one."""

import contextlib
import functools
import importlib.metadata
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from melgan_vocoder.vocoder_file import load_vocoder
from performer.console import say
from performer.controls import N_DECKS
from performer.crate import find_model
from performer.errors import PerformerError
from performer.generation.renderer import LoopRenderer
from performer.recording.control_log import read_entries, read_header, require_fields, survey, vocoder_sum
from performer.recording.recording import SoundFile
from performer.recording.replay import Replay
from performer.recording.take import FORMATS
from performer.session.stamp import ModelStamp, read_stamps
from stylegan_audio.model_file import ModelHeader


def render_log(log: pathlib.Path, out: pathlib.Path, *, stems: bool, progress: Callable[[float], None]) -> float:
    """Write the set of a control log to a sound file.

    Parameters
    ----------
    log : pathlib.Path
        The control log.
    out : pathlib.Path
        Where the master goes, with one of the suffixes of `take.FORMATS`; an older file there is replaced once the new
        one is complete.
    stems : bool
        Whether each deck is written to a file of its own too, as it goes into the master: behind its fader, before
        echo and master fader, behind a limiter of its own and in time with the master.
    progress : callable
        Told which share of it all is done.

    Returns
    -------
    float
        Its length, in seconds.

    Raises
    ------
    PerformerError
        If the log cannot be read or is not whole, a model is missing or another one, or a file cannot be written.
    """
    header, found = read_header(log), survey(log)
    require_fields(log, header)
    if found.lost:
        raise PerformerError(
            f"{log}: it lacks {found.lost} lines, for which there was no room; all are needed to render it"
        )
    if found.end <= int(header["start"]):
        raise PerformerError(
            f"{log}: it ends before the recording begins; all of its lines are needed; take a copy that is whole"
        )
    load = find_renderers(header, used=found.models)
    replay = Replay(header, end=found.end, renderer_of=load)
    paths = [out, *(out.with_name(f"{out.stem}-deck{deck + 1}{out.suffix}") for deck in range(N_DECKS))]
    with writing(paths if stems else paths[:1], sample_rate=replay.sample_rate) as files:
        for block in replay.blocks(read_entries(log)):
            for index, file in enumerate(files):
                write(file, block[:, 2 * index : 2 * index + 2])
            progress(replay.position / max(replay.end, 1))
    return max(replay.end - replay.start, 0) / replay.sample_rate


def find_renderers(header: Mapping[str, Any], *, used: set[int]) -> Callable[[int], LoopRenderer]:
    """Find the models that drew a set, and check that they are the same files.

    Parameters
    ----------
    header : mapping
        First line of the log.
    used : set of int
        Which of its models drew.

    Returns
    -------
    callable
        Loads the renderer of a model.

    Raises
    ------
    LoopmorphError
        If a model is not in the crate or another file, or the vocoder is another one.
    """
    stamps = [ModelStamp.from_entry(entry) for entry in header["models"]]
    models = {index: require_model(stamps[index]) for index in {min(index, len(stamps) - 1) for index in used}}
    if header["vocoder"] != vocoder_sum():
        raise PerformerError(
            "the set was drawn with another vocoder than that of this loopmorph; that of loopmorph "
            f"{header['loopmorph']} is needed; install it"
        )
    torch = importlib.metadata.version("torch")
    if header["torch"] != torch:
        say(f"the set was drawn with torch {header['torch']}, this is {torch}: it may differ a little")

    @functools.cache
    def load(index: int) -> LoopRenderer:
        return LoopRenderer(models[index], load_vocoder())

    return load


def require_model(wanted: ModelStamp) -> ModelHeader:
    """Find a model of the crate, and check that it is the same file."""
    header = find_model(wanted.name)
    (found,) = read_stamps([str(header.weights.path)])
    if found != wanted:
        raise PerformerError(
            f"model {wanted.name!r}: {header.weights.path} has checksum {found.sha256[:8]}, the set was drawn with "
            f"{wanted.sha256[:8]}; that file is needed in the crate"
        )
    return header


@contextlib.contextmanager
def writing(paths: Sequence[pathlib.Path], *, sample_rate: int) -> Iterator[list[SoundFile]]:
    """Open sound files that are there whole in the end, or not at all.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        With suffixes of `take.FORMATS`.
    sample_rate : int
        In hertz.

    Raises
    ------
    PerformerError
        If one of them cannot be written.
    """
    partials = [path.with_name(f".{path.name}.partial") for path in paths]
    try:
        with contextlib.ExitStack() as opened:
            for partial in partials:
                partial.unlink(missing_ok=True)
                opened.callback(partial.unlink, missing_ok=True)
            files = []
            for path, partial in zip(paths, partials, strict=True):
                files.append(FORMATS[path.suffix.lower()](partial, sample_rate=sample_rate))
                opened.callback(files[-1].close)
            yield files
            for path, partial, file in zip(paths, partials, files, strict=True):
                file.close()
                partial.replace(path)
    except OSError as error:
        raise PerformerError(
            f"{paths[0]}: {error.strerror}; files in a writable folder with room are needed; choose another path"
        ) from error


def write(file: SoundFile, block: np.ndarray) -> None:
    """Append a block.

    Raises
    ------
    PerformerError
        If no more fits into a file of this kind.
    """
    if file.is_full():
        raise PerformerError("the set is longer than a WAV file can be, 4 GB; a FLAC file is needed; name one")
    file.write(block)
