"""Drums and a slide through a vocoder: equal hits stay equal, attacks stay in time, a slide stays level."""

import numpy as np
from scipy.signal import hilbert

from training.vocoder_evaluation.drum_hits import drum_loops, equal_kicks
from training.vocoder_evaluation.onset_time import onset_time_ms, pre_echo_db
from training.vocoder_evaluation.resynthesis import N_SAMPLES, SAMPLE_RATE, Advance, Resynthesise, resynthesise_all
from training.vocoder_evaluation.tones import LEVEL, fades

LOW_PASS_HZ = 4000.0
KICK_S = 0.3
SLIDE_LOW_HZ, SLIDE_HIGH_HZ = 110.0, 220.0
SLIDE_START = SAMPLE_RATE
SLIDE_BAND_HZ = (55.0, 440.0)
ENVELOPE_S = 0.02
SILENT_POWER = 1e-9
VANISHED_DB = 120.0


def measure_hits(resynthesise: Resynthesise, *, advance: Advance) -> dict[str, dict[str, float]]:
    """Measure equal kicks, an octave slide and drum onsets after resynthesis.

    Parameters
    ----------
    resynthesise : callable
        The vocoder under test.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    dict of str to dict
        `equal_kicks` and `late_kicks` (off the grid of hops): the smallest pairwise `correlation` below 4 kHz and
        `peak_difference_db`; `slide`: `ripple_db`; `onsets`: `median_ms` and `p95_ms` of the errors' sizes,
        `pre_echo_db` and `pre_echo_original_db` (the median over hits, 0 for equal energy).
    """
    grid, grid_starts = equal_kicks(on_the_grid=True)
    late, late_starts = equal_kicks(on_the_grid=False)
    drums, drum_starts = drum_loops()
    loops = np.stack([grid, late, octave_slide(), *drums])
    audio = resynthesise_all(resynthesise, loops, advance=advance)
    return {
        "equal_kicks": compare_kicks(audio[0], grid_starts),
        "late_kicks": compare_kicks(audio[1], late_starts),
        "slide": {"ripple_db": slide_ripple_db(audio[2])},
        "onsets": compare_onsets(drums, audio[3:], drum_starts),
    }


N_LOOPS = 7
"""Loops that `measure_hits` plays."""


def compare_kicks(audio: np.ndarray, starts: list[int]) -> dict[str, float]:
    """Compare the kicks of one loop with one another.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        Loop of kicks that should be equal.
    starts : list of int
        Samples at which they begin.

    Returns
    -------
    dict of str to float
        `correlation`: the smallest of any pair below 4 kHz, 0 if one is silent; `peak_difference_db`: from the lowest
        peak to the highest.
    """
    kicks = np.stack([np.roll(audio, -start)[: round(KICK_S * SAMPLE_RATE)] for start in starts])
    low = np.stack([np.roll(band(audio, 0.0, LOW_PASS_HZ), -start)[: kicks.shape[1]] for start in starts])
    lengths = np.linalg.norm(low, axis=1, keepdims=True)
    unit = low / np.where(lengths > 0, lengths, 1.0)
    peaks = np.maximum(np.abs(kicks).max(axis=1), 1e-6)
    return {
        "correlation": float((unit @ unit.T).min()),
        "peak_difference_db": float(20 * np.log10(peaks.max() / peaks.min())),
    }


def band(audio: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """Keep the part of a loop between two frequencies, circularly, without moving it in time."""
    spectrum = np.fft.rfft(audio)
    frequency_hz = np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE)
    return np.fft.irfft(np.where((frequency_hz >= low_hz) & (frequency_hz <= high_hz), spectrum, 0), len(audio))


def octave_slide() -> np.ndarray:
    """Synthesise a sine of 110 Hz that slides to 220 Hz between seconds 1 and 2, held 0.5 s at both ends."""
    seconds = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE - 0.5
    pitch_hz = SLIDE_LOW_HZ * (SLIDE_HIGH_HZ / SLIDE_LOW_HZ) ** np.clip(seconds, 0.0, 1.0)
    loop = np.zeros(N_SAMPLES, np.float32)
    tone = np.sin(2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE) * fades(len(seconds))
    loop[SLIDE_START - SAMPLE_RATE // 2 :][: len(tone)] = LEVEL * tone
    return loop


def slide_ripple_db(audio: np.ndarray) -> float:
    """Measure how far the level of a slide moves.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        `octave_slide` after resynthesis.

    Returns
    -------
    float
        Decibels from the lowest to the highest point of the envelope (55 to 440 Hz, 20 ms smoothed) in the slide;
        120 if it has vanished.
    """
    power = np.abs(hilbert(band(audio, *SLIDE_BAND_HZ))) ** 2
    window = np.hanning(round(ENVELOPE_S * SAMPLE_RATE))
    smooth = np.convolve(power, window / window.sum(), mode="same")[SLIDE_START:][:SAMPLE_RATE]
    if smooth.max() < SILENT_POWER:
        return VANISHED_DB
    return float(10 * np.log10(smooth.max() / max(smooth.min(), SILENT_POWER)))


def compare_onsets(originals: np.ndarray, audio: np.ndarray, starts: np.ndarray) -> dict[str, float]:
    """Compare the attacks of drum hits with the original ones.

    Parameters
    ----------
    originals, audio : np.ndarray [shape=(n_loops, n_samples)]
        Loops of drums before and after resynthesis.
    starts : np.ndarray [shape=(n_loops, n_hits)]
        Samples at which the hits begin.

    Returns
    -------
    dict of str to float
        `median_ms` and `p95_ms` of the errors' sizes; `pre_echo_db` and `pre_echo_original_db`.
    """
    hits = [(loop, start) for loop, row in enumerate(starts.tolist()) for start in row]
    errors = [onset_time_ms(audio[loop], start) - onset_time_ms(originals[loop], start) for loop, start in hits]
    after, before = ([pre_echo_db(loops[loop], start) for loop, start in hits] for loops in (audio, originals))
    return {
        "median_ms": float(np.median(np.abs(errors))),
        "p95_ms": float(np.percentile(np.abs(errors), 95)),
        "pre_echo_db": float(np.median(after)),
        "pre_echo_original_db": float(np.median(before)),
    }
