"""Chords through a vocoder: level and pitch of every tone, and the tones that should not be there."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.signal.windows import blackmanharris

from training.vocoder_evaluation.chord_set import FAMILIES, LOBE_BINS, Chord
from training.vocoder_evaluation.pitch_track import cents_between
from training.vocoder_evaluation.resynthesis import SAMPLE_RATE, Advance, Resynthesise, resynthesise_all

ZERO_PADDING = 4
LOBE_SUM = 2.0044 * ZERO_PADDING
"""Power in the whole main lobe of a sine, re its highest bin: the window's noise bandwidth."""
TONE_CENTS = 300.0
SILENT_POWER = 1e-16
LOW_HZ, HIGH_HZ = 20.0, 20_000.0


def measure_chords(resynthesise: Resynthesise, chords: Sequence[Chord], *, advance: Advance) -> list[dict[str, Any]]:
    """Measure every tone of every chord after resynthesis.

    Parameters
    ----------
    resynthesise : callable
        The vocoder under test.
    chords : sequence of Chord
        What to play.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    list of dict
        Per chord `name`, `family`, per tone `level_errors_db` and `errors_cents` against the original, and
        `false_partial_db`: the strongest other spectral peak, re the sum of the original's tones.
    """
    loops = np.stack([chord.loop() for chord in chords])
    audio = resynthesise_all(resynthesise, loops, advance=advance)
    return [measure_chord(before, after, chord) for before, after, chord in zip(loops, audio, chords)]


def measure_chord(original: np.ndarray, resynthesised: np.ndarray, chord: Chord) -> dict[str, Any]:
    """Measure one chord; the keys are those of `measure_chords`."""
    before, after = (power_spectrum(audio, chord) for audio in (original, resynthesised))
    true = [find_tone(before, f, chord) for f in chord.tones_hz]
    found = [find_tone(after, f, chord) for f in chord.tones_hz]
    chord_power = sum(power for _, power in true)
    return {
        "name": chord.name,
        "family": chord.family,
        "level_errors_db": [decibels(now / was) for (_, now), (_, was) in zip(found, true)],
        "errors_cents": [float(cents_between(now, was)) for (now, _), (was, _) in zip(found, true)],
        "false_partial_db": decibels(false_partial(after, chord) / chord_power),
    }


def power_spectrum(audio: np.ndarray, chord: Chord) -> np.ndarray:
    """Average the power spectra of a chord's windows; a full-scale sine peaks at 1, `[1 + 4 n_window / 2]`."""
    window = blackmanharris(chord.window_length, sym=False)
    window *= 2.0 / window.sum()
    power = [
        np.abs(np.fft.rfft(np.take(audio, range(start, start + len(window)), mode="wrap") * window, n_fft(chord))) ** 2
        for start in chord.window_starts
    ]
    return np.maximum(np.mean(power, axis=0), SILENT_POWER)


def n_fft(chord: Chord) -> int:
    """Points of a chord's spectra: four times its window."""
    return ZERO_PADDING * chord.window_length


def find_tone(power: np.ndarray, tone_hz: float, chord: Chord) -> tuple[float, float]:
    """Find the peak nearest a tone's place: the strongest within 300 cents and half-way to its neighbours.

    Parameters
    ----------
    power : np.ndarray [shape=(n_bins,)]
        Power spectrum of the chord.
    tone_hz : float
        Where the tone should be, in hertz.
    chord : Chord
        What it is part of.

    Returns
    -------
    frequency_hz, power : float
        Hertz of the peak, by a parabola through its decibels; power in the main lobe around it, up to
        half-way to its neighbours.
    """
    bin_hz = SAMPLE_RATE / n_fft(chord)
    own_hz = min(np.diff(chord.tones_hz)) / 2
    reach_hz = min(own_hz, tone_hz * (2 ** (TONE_CENTS / 1200) - 1))
    low, high = int(np.ceil((tone_hz - reach_hz) / bin_hz)), int((tone_hz + reach_hz) / bin_hz)
    peak = low + int(np.argmax(power[low : high + 1]))
    left, middle, right = np.log(power[peak - 1 : peak + 2])
    curvature = left - 2 * middle + right
    offset = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
    half_lobe = int(LOBE_BINS * ZERO_PADDING)
    lowest, highest = int(np.ceil((tone_hz - own_hz) / bin_hz)), int((tone_hz + own_hz) / bin_hz)
    lobe = power[max(peak - half_lobe, lowest) : min(peak + half_lobe, highest) + 1].sum()
    return float((peak + np.clip(offset, -1, 1)) * bin_hz), float(lobe)


def false_partial(power: np.ndarray, chord: Chord) -> float:
    """Power of a sine as high as the strongest peak outside the main lobes of the chord's tones, 20 Hz to 20 kHz."""
    frequency_hz = np.arange(len(power)) * SAMPLE_RATE / n_fft(chord)
    peaks = np.zeros(len(power), bool)
    peaks[1:-1] = (power[1:-1] >= power[:-2]) & (power[1:-1] > power[2:])
    peaks &= (frequency_hz >= LOW_HZ) & (frequency_hz <= HIGH_HZ)
    for tone_hz in chord.tones_hz:
        peaks &= np.abs(frequency_hz - tone_hz) > chord.lobe_hz
    return float(power[peaks].max()) * LOBE_SUM if peaks.any() else SILENT_POWER


def decibels(power_ratio: float) -> float:
    """Power ratio in decibels."""
    return float(10 * np.log10(max(power_ratio, SILENT_POWER)))


def summarise_chords(measured: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Reduce measured chords to figures.

    Returns
    -------
    dict of str to dict
        Per family `worst_level_db`, `median_level_db`, `worst_cents`, `median_cents` (sizes, over tones) and
        `false_partial_db` (the strongest).
    """
    figures = {}
    for family in FAMILIES:
        members = [chord for chord in measured if chord["family"] == family]
        levels, cents = (
            np.abs(np.concatenate([chord[key] for chord in members])) for key in ("level_errors_db", "errors_cents")
        )
        figures[family] = {
            "worst_level_db": float(levels.max()),
            "median_level_db": float(np.median(levels)),
            "worst_cents": float(cents.max()),
            "median_cents": float(np.median(cents)),
            "false_partial_db": float(max(chord["false_partial_db"] for chord in members)),
        }
    return figures
