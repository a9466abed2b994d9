"""One file -> its loops, and what was left out of it."""

import collections
import dataclasses
import pathlib
from collections.abc import Iterator

import numpy as np

from training.errors import TrainingError
from training.recordings import rejection
from training.recordings.audio_file import Recording, read_parts
from training.recordings.cutting import TEXTURE_BPM, cut_bars, cut_texture
from training.recordings.fingerprint import fingerprint
from training.recordings.loudness import normalise
from training.recordings.meter import is_in_three
from training.recordings.onsets import SAMPLE_RATE, band_magnitudes, onset_envelopes
from training.recordings.placement import Placement, place
from training.recordings.settings import Settings
from training.shards import to_int16


@dataclasses.dataclass(frozen=True, kw_only=True)
class FileLoop:
    """A loop of a file."""

    audio: np.ndarray
    """int16 `[loop_samples(tempo_bpm)]`."""
    tempo_bpm: float
    """Beats a minute."""
    position_s: float
    """Where in the file it begins."""
    fingerprint: np.ndarray
    """int8, as of `fingerprint`."""


@dataclasses.dataclass(kw_only=True)
class FileResult:
    """What became of a file."""

    loops: list[FileLoop] = dataclasses.field(default_factory=list)
    """Its loops, in order."""
    rejected: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    """How many loops were left out, by reason; a file that gave none for a reason of its own counts as one."""
    tempo_source: str = ""
    """Where its tempo is from, one of `placement.SOURCES`; empty for a texture."""
    error: str = ""
    """What was wrong with it, if it cannot be read."""


def loops_of_file(path: pathlib.Path, settings: Settings) -> FileResult:
    """Cut a file into loops.

    Parameters
    ----------
    path : pathlib.Path
        The file; one that cannot be read is told in the result.
    settings : Settings
        What is asked for.

    Returns
    -------
    FileResult
        Its loops, normalised; duplicates are still among them.
    """
    result = FileResult()
    try:
        for recording in read_parts(path):
            for reason, loop in part_loops(recording, path, settings=settings, result=result):
                if loop is None:
                    result.rejected[reason] += 1
                else:
                    result.loops.append(loop)
    except TrainingError as error:
        result.error = str(error)
        result.rejected[rejection.UNREADABLE] += 1
    return result


Outcome = tuple[str, FileLoop | None]
"""Why a loop was left out, or the loop."""


def part_loops(
    recording: Recording, path: pathlib.Path, *, settings: Settings, result: FileResult
) -> Iterator[Outcome]:
    """Cut a part of a file, and note in the result where its tempo is from."""
    audio = recording.audio
    if np.max(np.abs(audio)) < rejection.SILENT_RMS:
        yield rejection.SILENT, None
        return
    if settings.role == "texture":
        cuts = [(start, loop, 1.0) for start, loop in cut_texture(audio)]
        yield from judged(recording, cuts, tempo_bpm=TEXTURE_BPM, settings=settings)
        return
    placement = place(recording, path, tempo_bpm=settings.tempo_bpm, rhythmic=settings.role == "rhythm")
    if placement is None:
        yield rejection.NO_BEAT, None
        return
    result.tempo_source = placement.source
    envelopes = onset_envelopes(band_magnitudes(audio))
    if settings.role == "rhythm" and is_in_three(
        envelopes, tempo_bpm=placement.tempo_bpm, downbeat_s=placement.downbeat_s
    ):
        yield rejection.IN_THREE, None
        return
    yield from judged(
        recording, beat_cuts(audio, placement, envelopes.sum(axis=0)), tempo_bpm=placement.tempo_bpm, settings=settings
    )


Cut = tuple[int, np.ndarray, float]
"""First sample, audio, and the share of its onsets that keep to the grid."""


def beat_cuts(audio: np.ndarray, placement: Placement, envelope: np.ndarray) -> list[Cut]:
    """Cut bars, and measure how well each loop keeps to its grid."""
    return [
        (start, loop, rejection.keeping(envelope, tempo_bpm=placement.tempo_bpm, start_s=start / SAMPLE_RATE))
        for start, loop in cut_bars(audio, placement)
    ]


def judged(recording: Recording, cuts: list[Cut], *, tempo_bpm: float, settings: Settings) -> Iterator[Outcome]:
    """Leave out cuts that a model should not learn from; normalise and describe the others."""
    if not cuts:
        yield rejection.TOO_SHORT, None
        return
    peak = float(np.max(np.abs(recording.audio)))
    sounding = [keeping for _, loop, keeping in cuts if not rejection.is_silent(loop, peak=peak)]
    lost = bool(sounding) and float(np.median(sounding)) < rejection.KEEPING  # those that keep do so by chance
    for start, loop, keeping in cuts:
        if rejection.is_silent(loop, peak=peak):
            yield rejection.SILENT, None
        elif rejection.is_clipped(recording.clipped, start=start, n_samples=len(loop)):
            yield rejection.CLIPPED, None
        elif settings.role == "rhythm" and (lost or keeping < rejection.KEEPING):
            yield rejection.ARRHYTHMIC, None
        else:
            level = normalise(loop)
            yield (
                "",
                FileLoop(
                    audio=to_int16(level),
                    tempo_bpm=tempo_bpm,
                    position_s=round(recording.position_s + start / SAMPLE_RATE, 6),
                    fingerprint=fingerprint(level),
                ),
            )
