"""An audio file -> the 2-bar loop in it, mono at 48 kHz."""

import dataclasses
import math
import os
import pathlib

import numpy as np
import soundfile
import soxr

from directions.errors import DirectionError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.tempo import FASTEST_BPM, SLOWEST_BPM

SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats()} - {".raw"} | {".aif", ".oga", ".opus"}
"""Names of what soundfile reads; raw samples have no header and are left out."""
BARS = (1, 2, 4)
"""Lengths of a file whose tempo is not known."""
USUAL_BPM = 120.0
LATE_BARS = 0.03
"""So much may be missing at the end of a file's last bar."""
SILENT = 1e-4
"""Peak below which there is nothing to hear (-80 dB)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FileLoop:
    """Two bars of a file."""

    path: pathlib.Path
    """The file."""
    audio: np.ndarray
    """float32 `[n_samples]`, mono at 48 kHz, 2 bars at its own tempo; goes round."""
    tempo_bpm: float
    """Beats a minute."""
    file_bars: float
    """Length of the file, in bars."""

    def tell(self) -> str:
        """Say what was taken for what."""
        length = f"{self.file_bars:.4g}"
        return f"{self.path.name}: taken as {length} {'bar' if length == '1' else 'bars'} at {self.tempo_bpm:.4g} BPM"


def read_loop(path: pathlib.Path, *, tempo_bpm: float | None = None) -> FileLoop:
    """Read the first 2 bars of a file; a file of one bar goes round twice.

    Parameters
    ----------
    path : pathlib.Path
        Whatever soundfile reads, of any rate and number of channels; its first sample is a downbeat.
    tempo_bpm : float, optional
        60 to 200 beats a minute. By default the file is taken to be exactly 1, 2 or 4 bars long, which comes nearest
        to 120 BPM.

    Returns
    -------
    FileLoop
        The loop.

    Raises
    ------
    DirectionError
        If the file cannot be read, is silent, shorter than a bar, or of no such tempo.
    """
    audio = read_mono(path)
    fmt = MelFormat()
    duration_s = len(audio) / fmt.sample_rate
    tempo_bpm = guess_tempo(path, duration_s) if tempo_bpm is None else tempo_bpm
    bar = 240 / tempo_bpm * fmt.sample_rate
    n_bars = min(2, math.floor(len(audio) / bar + LATE_BARS))
    if not n_bars:
        raise DirectionError(
            f"{path}: {duration_s:.3g} s, at least a bar of {240 / tempo_bpm:.3g} s is needed at {tempo_bpm:g} BPM; "
            "give its tempo with --bpm"
        )
    n_kept = round(n_bars * bar)
    whole_bars = np.pad(audio[:n_kept], (0, max(0, n_kept - len(audio))))
    return FileLoop(
        path=path,
        audio=np.resize(whole_bars, round(2 * bar)),
        tempo_bpm=tempo_bpm,
        file_bars=len(audio) / bar,
    )


def guess_tempo(path: pathlib.Path, duration_s: float) -> float:
    """Take a file for exactly 1, 2 or 4 bars, and tell its tempo in beats a minute.

    Raises
    ------
    DirectionError
        If none of them is from 60 to 200 BPM.
    """
    tempi = [240 * bars / duration_s for bars in BARS]
    tempo_bpm = min(tempi, key=lambda tempo: abs(math.log(tempo / USUAL_BPM)))
    if not SLOWEST_BPM <= tempo_bpm <= FASTEST_BPM:
        raise DirectionError(
            f"{path}: {duration_s:.4g} s are not 1, 2 or 4 bars at {SLOWEST_BPM:g} to {FASTEST_BPM:g} BPM; give its "
            "tempo with --bpm, or cut it to 2 bars"
        )
    return tempo_bpm


def read_mono(path: pathlib.Path) -> np.ndarray:
    """Read a file, mix its channels and resample: float32 `[n_samples]` at 48 kHz.

    Raises
    ------
    DirectionError
        If it cannot be read, holds what is no number, or is silent.
    """
    try:
        read, rate = soundfile.read(os.fsencode(path), dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise DirectionError(f"{path}: cannot be read ({reason}), an audio file is needed; choose another") from error
    mono = read.mean(axis=1)
    if not np.isfinite(mono).all():
        raise DirectionError(f"{path}: holds NaN or infinity, an audio file is needed; export it again")
    if np.abs(mono).max(initial=0) < SILENT:
        raise DirectionError(f"{path}: is silent, a loop is needed; choose another")
    return soxr.resample(mono, rate, MelFormat().sample_rate, quality="VHQ").astype(np.float32)


def list_loops(folder: pathlib.Path) -> list[pathlib.Path]:
    """List the audio files of a folder, sorted.

    Raises
    ------
    DirectionError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise DirectionError(f"{folder}: no such folder, one with loops is needed; check its name")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
