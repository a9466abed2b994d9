"""Pitches and waveforms -> test tones whose right answers are known."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from training.vocoder_evaluation.resynthesis import N_SAMPLES, SAMPLE_RATE

WAVEFORMS: Mapping[str, int] = MappingProxyType({"sine": 0, "square": 2, "saw": 1})
"""Distance between the partials of each waveform, in harmonics; 0: the fundamental alone."""
LEVEL = 10 ** (-12 / 20)
"""Peak of a test tone: -12 dB re full scale."""
FADE_S = 0.01
TABLE_LENGTH = 65_536
TOP_HZ = 20_000.0


def log_spaced_hz(low_hz: float, high_hz: float, n_pitches: int) -> np.ndarray:
    """Pitches in equal steps of cents, both ends among them.

    Returns
    -------
    np.ndarray [shape=(n_pitches,)]
        Hertz, rising; `low_hz` alone if there is to be one.
    """
    return np.geomspace(low_hz, high_hz, n_pitches)


def note_hz(midi_note: float) -> float:
    """Pitch of a MIDI note number in hertz; 69 is A4, 440 Hz."""
    return float(440.0 * 2.0 ** ((midi_note - 69) / 12))


def partial_amplitudes(waveform: str, n_harmonics: int) -> np.ndarray:
    """Amplitudes of a waveform's harmonics.

    Returns
    -------
    np.ndarray [shape=(n_harmonics,)]
        1 for the fundamental, `1 / h` for each further harmonic `h` that the waveform has, 0 elsewhere.
    """
    step = WAVEFORMS[waveform]
    harmonics = np.arange(1, n_harmonics + 1)
    sounding = harmonics == 1 if step == 0 else harmonics % step == 1 % step
    return np.where(sounding, 1.0 / harmonics, 0.0)


def held_tone(pitch_hz: float, *, duration_s: float, waveform: str, centre_phase: float | None = None) -> np.ndarray:
    """Synthesise a note without aliases, with 10 ms fades.

    Parameters
    ----------
    pitch_hz : float
        Fundamental in hertz; its partials end at 20 kHz.
    duration_s : float
        Length in seconds.
    waveform : str
        One of `WAVEFORMS`.
    centre_phase : float, optional
        Phase in the middle of the note, in cycles; without it the note starts at phase 0.

    Returns
    -------
    np.ndarray [shape=(n_samples,)]
        float64, peak of the continuous wave 1.
    """
    n_samples = round(duration_s * SAMPLE_RATE)
    cycles = pitch_hz * np.arange(n_samples) / SAMPLE_RATE
    if centre_phase is not None:
        cycles += centre_phase - pitch_hz * duration_s / 2
    spectrum = np.zeros(TABLE_LENGTH // 2 + 1, complex)
    amplitudes = partial_amplitudes(waveform, int(TOP_HZ / pitch_hz))
    spectrum[1 : 1 + len(amplitudes)] = -0.5j * TABLE_LENGTH * amplitudes
    cycle = np.fft.irfft(spectrum)
    cycle /= np.abs(cycle).max()
    tone = np.interp(cycles % 1.0, np.arange(TABLE_LENGTH + 1) / TABLE_LENGTH, np.append(cycle, cycle[0]))
    return tone * fades(n_samples)


def fades(n_samples: int) -> np.ndarray:
    """Envelope of 1 with raised-cosine ends of 10 ms, `[n_samples]`."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(round(FADE_S * SAMPLE_RATE)) + 0.5) / round(FADE_S * SAMPLE_RATE))
    envelope = np.ones(n_samples)
    envelope[: len(ramp)] = ramp
    envelope[-len(ramp) :] = ramp[::-1]
    return envelope


def place(sounds: Sequence[np.ndarray], starts: Sequence[int]) -> np.ndarray:
    """Add sounds into one loop; what runs over its end comes back at its start.

    Parameters
    ----------
    sounds : sequence of np.ndarray [shape=(n,)]
        Sounds of at most one loop each.
    starts : sequence of int
        Sample at which each begins.

    Returns
    -------
    np.ndarray [shape=(n_samples,)]
        float32 loop.
    """
    loop = np.zeros(N_SAMPLES)
    for sound, start in zip(sounds, starts, strict=True):
        loop[(start + np.arange(len(sound))) % N_SAMPLES] += sound
    return loop.astype(np.float32)
