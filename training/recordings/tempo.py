"""Onset envelope -> tempi that may be the one: where beats, eighths and sixteenths all have a line in its spectrum."""

import numpy as np

from training.recordings.onsets import RATE_HZ

TEMPO_BPM = (68.0, 182.0)
"""Limits of what is looked for."""
ZERO_PADDING = 8
"""How much finer than the track's own resolution the spectrum is sampled."""
SUBDIVISIONS = (1, 2, 4)
"""Beats, eighths, sixteenths."""
N_PEAKS = 5
RELATIVES = (1.0, 2.0, 0.5, 1.5, 2 / 3, 4 / 3, 0.75)
"""Tempi that share many of their onsets."""
SAME = 0.006
"""Relative distance below which two tempi are one."""
SNAP_S = 0.01
"""A tempo is taken to be a whole number if the two then drift apart by less over the track."""


def tempo_candidates(envelope: np.ndarray) -> list[float]:
    """Find tempi at which an envelope may beat.

    Parameters
    ----------
    envelope : np.ndarray [shape=(n_frames,)]
        Onsets from 0 up, at `RATE_HZ`.

    Returns
    -------
    list of float
        Beats a minute within `TEMPO_BPM`, likeliest first; their relatives by 2, 3/2 and 4/3 after them.

    References
    ----------
    Grosche and Müller 2011, "Extracting predominant local pulse information from music recordings", IEEE Trans.
    Audio, Speech and Language Processing 19 (6) (Fourier tempogram); Peeters 2005, "Time variable tempo detection
    and beat marking", ICMC (subdivisions decide).
    """
    lines, step_bpm = tempo_spectrum(envelope)
    first, last = (round(limit / step_bpm) for limit in TEMPO_BPM)
    last = min(last, (len(lines) - 1) // SUBDIVISIONS[-1])
    if last <= first + 2:
        return []
    numbers = np.arange(first, last + 1)
    strength = sum(lines[numbers * subdivision] for subdivision in SUBDIVISIONS)
    found: list[float] = []
    for place in np.argsort(-np.asarray(strength)):
        tempo_bpm = float(numbers[place] * step_bpm)
        if all(abs(tempo_bpm / other - 1) > 2 * SAME for other in found):
            found.append(tempo_bpm)
        if len(found) == N_PEAKS:
            break
    tempi: list[float] = []
    for ratio in RELATIVES:
        for tempo_bpm in (ratio * peak for peak in found):
            inside = TEMPO_BPM[0] <= tempo_bpm <= TEMPO_BPM[1]
            if inside and all(abs(tempo_bpm / other - 1) > SAME for other in tempi):
                tempi.append(tempo_bpm)
    return tempi


def tempo_spectrum(envelope: np.ndarray) -> tuple[np.ndarray, float]:
    """Magnitude of the envelope's spectrum re its mean, and the distance of two bins in beats a minute."""
    n = int(ZERO_PADDING * 2 ** np.ceil(np.log2(max(len(envelope), 2))))
    lines = np.abs(np.fft.rfft(envelope - envelope.mean(), n)) / max(float(envelope.sum()), 1e-12)
    return lines, 60 * RATE_HZ / n


def refine_tempo(envelope: np.ndarray, tempo_bpm: float, *, reach: float = 0.004) -> float:
    """Find the tempo near another one at which beats, eighths and sixteenths line up best over the whole track.

    Parameters
    ----------
    envelope : np.ndarray [shape=(n_frames,)]
        Onsets from 0 up, at `RATE_HZ`.
    tempo_bpm : float
        Where to look.
    reach : float
        How far, as a share of it.

    Returns
    -------
    float
        Beats a minute; a whole number where the track is too short to tell it from one.
    """
    duration_s = len(envelope) / RATE_HZ
    at = np.flatnonzero(envelope > 0)
    time_s, weight = at / RATE_HZ, envelope[at]
    for width in (reach, reach / 8, reach / 64):
        tempi = tempo_bpm * (1 + np.linspace(-width, width, 17))
        tempo_bpm = float(tempi[int(np.argmax([alignment(time_s, weight, tempo / 60) for tempo in tempi]))])
    whole = round(tempo_bpm)
    return float(whole) if abs(tempo_bpm / whole - 1) * duration_s < SNAP_S else tempo_bpm


def alignment(time_s: np.ndarray, weight: np.ndarray, beat_hz: float) -> float:
    """Sum of the lines of beats, eighths and sixteenths at a tempo."""
    turn = np.exp(2j * np.pi * beat_hz * time_s)
    eighth = turn * turn
    return float(sum(abs(np.dot(weight, line)) for line in (turn, eighth, eighth * eighth)))
