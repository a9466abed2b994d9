"""Filters: a state-variable one whose cutoff moves, on single sounds and all round a loop.

References
----------
Zavalishin, The Art of VA Filter Design, section 4 (topology-preserving state-variable filter).
"""

import numba
import numpy as np

from training.procedural.grid import SAMPLE_RATE

CONTROL = 32
"""Samples from one value of a moving cutoff to the next."""
MODES = {"low": (1.0, 0.0, 0.0), "band": (0.0, 1.0, 0.0), "high": (0.0, 0.0, 1.0)}
"""Shares of the low, band and high outputs."""
WARM_UP = 48_000
"""Samples of the loop's end that are filtered first, so that the state at the beginning fits."""


@numba.njit(cache=True, nogil=True)
def state_variable(
    audio: np.ndarray, g: np.ndarray, damping: float, low: float, band: float, high: float
) -> np.ndarray:
    """Filter with tangents `g` every CONTROL samples (n // CONTROL + 2 of them), moving straight in between."""
    out = np.empty(audio.shape[0], np.float32)
    first = 0.0
    second = 0.0
    for start in range(0, audio.shape[0], CONTROL):
        block = start // CONTROL
        step = (g[block + 1] - g[block]) / CONTROL
        tangent = g[block]
        for k in range(start, min(audio.shape[0], start + CONTROL)):
            scale = 1.0 / (1.0 + tangent * (tangent + damping))
            above = (audio[k] - (damping + tangent) * first - second) * scale
            middle = tangent * above + first
            below = tangent * middle + second
            first = tangent * above + middle
            second = tangent * middle + below
            out[k] = np.float32(low * below + band * damping * middle + high * above)
            tangent += step
    return out


def control_points(n: int) -> int:
    """Values of a moving cutoff that `n` samples need."""
    return n // CONTROL + 2


def filter_sound(audio: np.ndarray, cutoff_hz: np.ndarray | float, *, mode: str, resonance: float = 0.7) -> np.ndarray:
    """Filter a sound.

    Parameters
    ----------
    audio : np.ndarray [shape=(n,)]
        float32.
    cutoff_hz : np.ndarray [shape=(control_points(n),)] or float
        Hertz: one value for good, or one every `CONTROL` samples.
    mode : str
        "low", "band" or "high"; 12 dB an octave, the band's peak at 0 dB.
    resonance : float
        Quality factor, 0.5 (none) to about 20.

    Returns
    -------
    np.ndarray [shape=(n,)]
        float32.
    """
    cutoff = np.broadcast_to(np.asarray(cutoff_hz, np.float64), control_points(len(audio)))
    g = np.tan(np.pi * np.clip(cutoff, 10.0, 0.45 * SAMPLE_RATE) / SAMPLE_RATE)
    return state_variable(audio, g, 1.0 / resonance, *MODES[mode])


def filter_round(loop: np.ndarray, cutoff_hz: np.ndarray, *, mode: str, resonance: float = 0.7) -> np.ndarray:
    """Filter a loop so that its end meets its beginning.

    Parameters
    ----------
    loop : np.ndarray [shape=(n,)]
        float32.
    cutoff_hz : np.ndarray [shape=(n // CONTROL,)] or float
        Hertz, going round as the loop does.
    mode, resonance : str, float
        As of `filter_sound`.

    Returns
    -------
    np.ndarray [shape=(n,)]
        float32.
    """
    points = np.broadcast_to(np.asarray(cutoff_hz, np.float64), len(loop) // CONTROL)
    round_points = np.concatenate([points[-WARM_UP // CONTROL :], points, points[:2]])
    audio = np.concatenate([loop[-WARM_UP:], loop])
    return filter_sound(audio, round_points, mode=mode, resonance=resonance)[WARM_UP:]
