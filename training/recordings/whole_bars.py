"""Files that are loops already: as long as a whole number of bars."""

from collections.abc import Sequence

import numpy as np

from training.recordings.bar_profile import fold_bar
from training.recordings.onsets import HOP, N_BANDS, SAMPLE_RATE, band_magnitudes, onset_envelopes
from training.recordings.tempo import TEMPO_BPM

BARS = (1, 2, 4, 8, 16, 32)
"""Lengths of loops."""
TEMPI = range(70, 181)
OFF_SAMPLES = 2
"""How far a file's length may be from whole bars at a whole number of beats a minute."""
FELT_BARS = (0.5, *BARS)
"""Lengths of loops whose tempo is no whole number and must be heard."""
HEARD_S = 16.0
"""Shorter files are heard as though they went round this long."""
LONGEST_S = 70.0
FEWEST_ONSETS = 5
LOUD = 0.15
"""Share of the greatest onset from which one counts."""
KEEPING = 0.7
"""Share of onsets that must keep to the sixteenths."""
AGREEING = 0.003
AT_START_S = 0.015


def whole_tempi(n_samples: int, rate: int) -> list[float]:
    """Find whole tempi at which a length is a whole number of bars, beats a minute; seldom any by chance."""
    return [
        float(tempo) for bars in BARS for tempo in TEMPI if abs(n_samples - 240 * bars * rate / tempo) <= OFF_SAMPLES
    ]


def is_whole_bars(n_samples: int, rate: int, *, tempo_bpm: float, off_s: float = 0.002) -> bool:
    """Tell whether a length is half a bar or a usual number of whole ones at a tempo."""
    off = (abs(n_samples / rate - 240 * bars / tempo_bpm) for bars in FELT_BARS)
    return min(off) <= off_s


def felt_tempo(audio: np.ndarray, *, heard_bpm: float | None, tempi: Sequence[float] | None = None) -> float | None:
    """Find the tempo at which a file is a loop from its first sample on.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        float32 at 48 kHz, all of the file.
    heard_bpm : float or None
        Tempo that is heard in it, whatever its length; one that agrees is believed though onsets keep to it badly.
    tempi : sequence of float, optional
        Choose from these; by default from those at which its length is half a bar or a usual number of bars.

    Returns
    -------
    float or None
        Beats a minute; None if it has few onsets, or they keep to none of the tempi.
    """
    duration_s = len(audio) / SAMPLE_RATE
    if not 0.3 < duration_s <= LONGEST_S:
        return None
    if tempi is None:
        tempi = [240 * bars / duration_s for bars in FELT_BARS]
    envelopes = circular_envelopes(audio)
    if count_onsets(envelopes.sum(axis=0)) < FEWEST_ONSETS * max(1.0, HEARD_S / duration_s):
        return None
    best, best_keeping = None, 0.0
    for tempo_bpm in tempi:
        if not TEMPO_BPM[0] <= tempo_bpm <= TEMPO_BPM[1]:
            continue
        profile = fold_bar(envelopes, tempo_bpm)
        eighth_s = 30 / tempo_bpm
        late_s = (profile.phase_s + eighth_s / 2) % eighth_s - eighth_s / 2
        sure = profile.keeping >= KEEPING or (heard_bpm and abs(tempo_bpm / heard_bpm - 1) <= AGREEING)
        if abs(late_s) <= AT_START_S and sure and profile.keeping > best_keeping:
            best, best_keeping = float(tempo_bpm), profile.keeping
    return best


def circular_envelopes(audio: np.ndarray) -> np.ndarray:
    """Onset envelopes of a file that goes round for at least 16 s: float64 `[3, n_frames]`."""
    turns = int(np.ceil(HEARD_S * SAMPLE_RATE / len(audio)))
    around = np.concatenate([audio] * (turns + 1))
    envelopes = onset_envelopes(band_magnitudes(around))
    # the first turn's beginning has nothing before it: it is heard once more, as the last turn
    n_first = len(audio) // HOP
    return np.concatenate([np.zeros((N_BANDS, n_first)), envelopes[:, n_first:]], axis=1)


def count_onsets(envelope: np.ndarray) -> int:
    """Count the peaks of an envelope that are not far below its greatest."""
    inner = envelope[1:-1]
    peaks = (inner > envelope[:-2]) & (inner >= envelope[2:]) & (inner > LOUD * envelope.max(initial=0.0))
    return int(peaks.sum())
