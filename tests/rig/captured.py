"""What a capture of the instrument says: where it is silent, and in which phase it is."""

import numpy as np

from tests.rig.conftest import LOOP, RATE, SILENCE, silences


def sounding(audio: np.ndarray) -> np.ndarray:
    """A capture from a quarter of a second after its first sound on."""
    return audio[np.flatnonzero(np.any(audio != 0, axis=1))[0] + RATE // 4 :]


def gap(audio: np.ndarray) -> tuple[int, int]:
    """First sample and end of what is silent in a capture, from the first silence to the last."""
    gaps = silences(audio)
    gaps = gaps[gaps[:, 1] - gaps[:, 0] > SILENCE]
    return (int(gaps[0, 0]), int(gaps[-1, 1])) if len(gaps) else (0, 0)


def phase_error_s(before: np.ndarray, after: np.ndarray, apart_s: float) -> float:
    """How far a loop is from the phase that one so long before it has, had the clock run on."""
    likeness = np.fft.irfft(np.fft.rfft(after[:, 0]) * np.fft.rfft(before[:, 0]).conj())
    late = int(np.argmax(likeness)) + apart_s * RATE
    return float((late + LOOP / 2) % LOOP - LOOP / 2) / RATE
