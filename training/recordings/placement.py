"""A recording -> its tempo and first downbeat, by the best source there is."""

import dataclasses
import pathlib

import numpy as np

from training.recordings.audio_file import Recording
from training.recordings.downbeat import find_grid
from training.recordings.onsets import SAMPLE_RATE
from training.recordings.tempo_hint import named_tempo
from training.recordings.whole_bars import LONGEST_S, felt_tempo, is_whole_bars, whole_tempi

FILE_NAME = "file name"
SOURCES = ("--bpm", FILE_NAME, "length", "estimate")
"""Where a tempo may be from, the most trusted first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Placement:
    """Where the bars of a recording are."""

    tempo_bpm: float
    """Beats a minute."""
    downbeat_s: float
    """Beginning of the first whole bar."""
    source: str
    """One of `SOURCES`."""
    loop: bool
    """Whether the recording is a loop of whole bars, its end going on at its beginning."""


def place(
    recording: Recording, path: pathlib.Path, *, tempo_bpm: float | None, rhythmic: bool = True
) -> Placement | None:
    """Find the bars of a recording.

    Parameters
    ----------
    recording : Recording
        The recording.
    path : pathlib.Path
        Its file, whose name may tell the tempo.
    tempo_bpm : float or None
        The tempo, if it was given.
    rhythmic : bool
        Whether it has hits that tell a beat; without, a length of whole bars is believed unheard.

    Returns
    -------
    Placement or None
        Its bars; None if no beat was found.
    """
    source = "--bpm"
    if tempo_bpm is None:
        tempo_bpm, source = named_tempo(path.name), FILE_NAME
    if tempo_bpm is not None:
        if recording.whole and is_whole_bars(recording.source_samples, recording.source_rate, tempo_bpm=tempo_bpm):
            return loop_placement(recording.audio, tempo_bpm, source=source)
    elif recording.whole:
        whole = whole_tempo(recording, rhythmic=rhythmic)
        if whole is not None:
            return loop_placement(recording.audio, whole, source="length")
    grid = find_grid(recording.audio, tempo_bpm=tempo_bpm)
    if grid is None:
        return None
    known = "estimate" if tempo_bpm is None else source
    return Placement(tempo_bpm=grid.tempo_bpm, downbeat_s=grid.downbeat_s, source=known, loop=False)


def whole_tempo(recording: Recording, *, rhythmic: bool) -> float | None:
    """Find the tempo at which a recording is whole bars, by its length alone or with what is heard; None if at none."""
    tempi = whole_tempi(recording.source_samples, recording.source_rate)
    whole_seconds = recording.source_samples % recording.source_rate == 0  # as excerpts have
    if len(tempi) == 1 and not (rhythmic and whole_seconds):
        return tempi[0]
    if recording.source_samples > LONGEST_S * recording.source_rate:
        return None
    heard = find_grid(recording.audio)
    heard_bpm = heard.tempo_bpm if heard is not None else None
    return felt_tempo(recording.audio, heard_bpm=heard_bpm, tempi=tempi or None)


def loop_placement(audio: np.ndarray, tempo_bpm: float, *, source: str) -> Placement:
    """Place a loop that begins with its downbeat; its tempo is set so that its length is whole bars to the sample."""
    half_bars = round(len(audio) / SAMPLE_RATE * tempo_bpm / 120)
    exact_bpm = half_bars * 120 * SAMPLE_RATE / len(audio)
    return Placement(tempo_bpm=exact_bpm, downbeat_s=0.0, source=source, loop=True)
