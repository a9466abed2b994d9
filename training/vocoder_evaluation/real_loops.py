"""A folder of audio files -> loops of four seconds to measure distances on."""

import os
import pathlib
from collections.abc import Callable

import numpy as np
import soundfile  # type: ignore[import-untyped, unused-ignore]
import soxr  # type: ignore[import-untyped, unused-ignore]

from training.audio_names import AUDIO_SUFFIXES, printable
from training.errors import TrainingError
from training.vocoder_evaluation.resynthesis import N_SAMPLES, SAMPLE_RATE

NamedLoop = tuple[str, np.ndarray]
"""Name of a loop, and its float32 `[n_samples]`."""

CROSSFADE = SAMPLE_RATE // 20
BEAT = SAMPLE_RATE // 2


def read_real_loops(
    folder: pathlib.Path, *, report: Callable[[str], None], n_loops: int | None = None
) -> list[NamedLoop]:
    """Make a loop of every audio file in a folder and below it.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files lie.
    report : callable
        Called with one line for each file that cannot be read.
    n_loops : int, optional
        Make no more than this many, from files spread evenly over their sorted names; by default all.

    Returns
    -------
    list of NamedLoop
        Path below `folder` and float32 loop in [-1, 1], sorted by path.

    Raises
    ------
    TrainingError
        If there is no file, or not one can be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    if not paths:
        found = "holds no audio file" if folder.is_dir() else "no such folder"
        kinds = ", ".join(sorted(AUDIO_SUFFIXES))
        raise TrainingError(f"{folder}: {found}, at least one file ({kinds}) is needed; choose another folder")
    if n_loops is not None and n_loops < len(paths):
        paths = [paths[index * len(paths) // n_loops] for index in range(n_loops)]
    loops = []
    for path in paths:
        try:
            loops.append((printable(path.relative_to(folder).as_posix()), make_loop(read_audio(path))))
        except TrainingError as error:
            report(str(error))
    if not loops:
        raise TrainingError(
            f"{folder}: no audio file that can be read (of {len(paths)}), at least one is needed; choose another folder"
        )
    return loops


def read_audio(path: pathlib.Path) -> np.ndarray:
    """Read a file as one channel at the sample rate of the loops.

    Returns
    -------
    np.ndarray [shape=(n_samples,)]
        float32.

    Raises
    ------
    TrainingError
        If it cannot be read, or holds no sound.
    """
    try:
        audio, sample_rate = soundfile.read(os.fsencode(path), dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise TrainingError(
            f"{printable(str(path))}: cannot be read ({error}), an audio file is needed; remove or repair it"
        ) from error
    mono = audio.mean(axis=1)
    if not len(mono) or not np.isfinite(mono).all() or not mono.any():
        raise TrainingError(
            f"{printable(str(path))}: {len(mono)} samples that hold no sound, some are needed; remove or repair it"
        )
    return soxr.resample(mono, sample_rate, SAMPLE_RATE).astype(np.float32)


def make_loop(audio: np.ndarray) -> np.ndarray:
    """Make a loop of four seconds from sound of any length.

    Parameters
    ----------
    audio : np.ndarray [shape=(n,)]
        Sound at the loops' sample rate.

    Returns
    -------
    np.ndarray [shape=(n_samples,)]
        float32 in [-1, 1]. Longer sound is cut, its next 50 ms faded into its beginning; shorter sound is repeated
        every 1, 2, 4 or 8 beats, whichever first leaves it room, and wraps around the end.
    """
    if len(audio) >= N_SAMPLES + CROSSFADE:
        loop = audio[:N_SAMPLES].astype(float)
        rise = (np.arange(CROSSFADE) + 0.5) / CROSSFADE
        loop[:CROSSFADE] = rise * loop[:CROSSFADE] + (1 - rise) * audio[N_SAMPLES : N_SAMPLES + CROSSFADE]
    else:
        period = next((beats * BEAT for beats in (1, 2, 4) if len(audio) <= beats * BEAT), N_SAMPLES)
        loop = np.zeros(N_SAMPLES)
        for start in range(0, N_SAMPLES, period):
            np.add.at(loop, (start + np.arange(len(audio))) % N_SAMPLES, audio)
    return (loop / max(1.0, np.abs(loop).max())).astype(np.float32)
