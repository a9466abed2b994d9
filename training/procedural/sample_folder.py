"""A folder of recordings -> one-shots: those with a drum's name, short, at 48 kHz, beginning with the hit."""

import math
import os
import pathlib

import numpy as np
import soundfile
from scipy import signal

from training.audio_names import AUDIO_SUFFIXES
from training.errors import TrainingError
from training.procedural.envelopes import fade_ends
from training.procedural.grid import SAMPLE_RATE, seconds
from training.procedural.one_shots import OneShots, voice_of

MAX_S = 2.8
"""Longest recording that counts as one hit."""
MAX_HIT_S = 0.9
"""Where a longer hit is faded out."""
ONSET = 0.05
"""Share of the peak at which a hit begins."""


def read_one_shots(folder: pathlib.Path) -> OneShots:
    """Read the drum hits of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Holds audio files named like `bd_boom.flac`; others (`loop_...`, long ones) are passed over.

    Returns
    -------
    OneShots
        The hits, by voice, in the order of their names.

    Raises
    ------
    TrainingError
        If the folder is missing, holds no drum hit, or one of them cannot be read.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder; a folder of drum hits is needed; check --samples")
    sounds: dict[str, list[np.ndarray]] = {}
    for path in sorted(folder.iterdir()):
        voice = voice_of(path.stem) if path.suffix.lower() in AUDIO_SUFFIXES else None
        if voice is None or path.stem.startswith(("loop_", "ambi_", "glitch_bass")):
            continue
        hit = read_hit(path)
        if hit is not None:
            sounds.setdefault(voice, []).append(hit)
    if not sounds:
        raise TrainingError(
            f"{folder}: no drum hit found, short files named like bd_boom.flac, sn_dub.wav or hat_tap.flac are needed; "
            "rename them or choose another folder with --samples"
        )
    return OneShots(sounds=sounds)


def read_hit(path: pathlib.Path) -> np.ndarray | None:
    """Read one hit: mono, 48 kHz, from its onset on, peak 1, ending in silence; None if long or silent.

    Raises
    ------
    TrainingError
        If the file cannot be read.
    """
    try:
        recording, rate = soundfile.read(os.fsencode(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise TrainingError(
            f"{path}: cannot be read ({error}); an audio file is needed; replace or delete it"
        ) from error
    mono = recording.mean(axis=1)
    if not 0 < len(mono) <= MAX_S * rate or float(np.max(np.abs(mono))) < 1e-4:
        return None
    if rate != SAMPLE_RATE:
        common = math.gcd(rate, SAMPLE_RATE)
        mono = signal.resample_poly(mono, SAMPLE_RATE // common, rate // common).astype(np.float32)
    return cut_hit(mono / np.float32(np.max(np.abs(mono))))


def cut_hit(mono: np.ndarray) -> np.ndarray:
    """Cut a recording of peak 1 from its onset to where it has died away."""
    loud = np.flatnonzero(np.abs(mono) > ONSET)
    alive = np.flatnonzero(np.abs(mono) > 0.002)
    first = max(0, int(loud[0]) - seconds(0.001))
    last = min(int(alive[-1]) + 1, first + seconds(MAX_HIT_S))
    return fade_ends(mono[first:last].copy(), attack_s=0.0005, release_s=0.02)
