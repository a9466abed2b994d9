"""Envelopes: how a sound's level, pitch or cutoff moves in time."""

import numpy as np

from training.procedural.grid import N_SAMPLES, SAMPLE_RATE, seconds

FADE_S = 0.004
"""Seconds in which a sound's end is faded out."""


def decay(n: int, decay_s: float) -> np.ndarray:
    """Fall from 1 by 60 dB every `decay_s` seconds: float32 `[n]`."""
    return np.exp(np.arange(n, dtype=np.float32) * np.float32(-6.9078 / (decay_s * SAMPLE_RATE)))


def fade_ends(sound: np.ndarray, *, attack_s: float = 0.0, release_s: float = FADE_S) -> np.ndarray:
    """Let a sound begin and end in silence; changes it in place and returns it.

    Parameters
    ----------
    sound : np.ndarray [shape=(n,)]
        float32.
    attack_s, release_s : float
        Seconds of the raised-cosine fades; shortened where the sound is too short.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The same array.
    """
    for fade_s, part in ((attack_s, slice(None)), (release_s, slice(None, None, -1))):
        n = min(int(fade_s * SAMPLE_RATE), len(sound) // 2)
        if n > 0:
            ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)
            sound[part][:n] *= ramp.astype(np.float32)
    return sound


def hold_envelope(n: int, *, attack_s: float, decay_s: float, sustain: float, release_s: float) -> np.ndarray:
    """Rise, fall to a sustained level, hold, and fall silent after the note's end.

    Parameters
    ----------
    n : int
        Samples that the note is held; the release follows them.
    attack_s, decay_s, release_s : float
        Seconds: of the raised-cosine rise, of a fall by 60 dB, of the raised-cosine fall to silence.
    sustain : float
        Level that is held, 0 to 1.

    Returns
    -------
    np.ndarray [shape=(n + seconds(release_s),)]
        float32.
    """
    n_attack = min(seconds(attack_s), n)
    held = sustain + (1 - sustain) * decay(n - n_attack, decay_s)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(n_attack) / n_attack)
    n_release = seconds(release_s)
    fall = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n_release + 1) / n_release)
    note = np.concatenate([rise, held])
    return np.concatenate([note, note[-1] * fall]).astype(np.float32)


def wave_round(rng: np.random.Generator, *, n: int = N_SAMPLES, slowest: int = 1, fastest: int = 5) -> np.ndarray:
    """Draw a smooth curve that goes round once in `n` points: float32 in [-1, 1].

    Parameters
    ----------
    rng : np.random.Generator
        Where its shape is drawn.
    n : int
        Points.
    slowest, fastest : int
        Cycles a loop of the slowest and fastest of its waves.

    Returns
    -------
    np.ndarray [shape=(n,)]
        float32.
    """
    time = np.arange(n, dtype=np.float32) * np.float32(2 * np.pi / n)
    curve = np.zeros(n, np.float32)
    for cycles in range(slowest, fastest + 1):
        curve += np.float32(rng.normal() / np.sqrt(cycles)) * np.sin(
            np.float32(cycles) * time + np.float32(rng.uniform(0, 2 * np.pi))
        )
    return curve / max(float(np.max(np.abs(curve))), 1e-6)
