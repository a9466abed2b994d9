"""A held note -> its pitch over time, in cents from the pitch it should have.

Per frame, every pitch within 1300 cents (so that a slip of an octave is seen as one) is tried as a comb of the
waveform's partials on a Blackman-Harris spectrum of six periods, at least 4096 samples; the best comb's partials are
then measured by reassignment, exact for a steady partial, and averaged by power.

References
----------
F. Auger, P. Flandrin, "Improving the readability of time-frequency and time-scale representations by the
reassignment method", IEEE Trans. Signal Processing 43(5), 1995, section III.
"""

import numpy as np
from scipy.signal.windows import blackmanharris

from training.vocoder_evaluation.resynthesis import SAMPLE_RATE
from training.vocoder_evaluation.tones import partial_amplitudes

SEARCH_CENTS = 1300.0
"""How far a pitch is looked for; also the error of a frame in which nothing sounds."""
CANDIDATE_CENTS = 5.0
N_HARMONICS = 6
PERIODS = 6
MIN_WINDOW = 4096
LOBE_BINS = 4.0
HOP = 960
SILENT_POWER = 1e-8


def cents_between(f_hz: np.ndarray | float, reference_hz: np.ndarray | float) -> np.ndarray:
    """Interval from a reference up to a frequency, in cents."""
    return 1200.0 * np.log2(np.asarray(f_hz) / reference_hz)


def track_cents(audio: np.ndarray, *, pitch_hz: float, waveform: str, start: int, stop: int) -> np.ndarray:
    """Measure the pitch of a note in frames of 20 ms.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        Loop with the note.
    pitch_hz : float
        The pitch it should have, in hertz, 33 to 1000.
    waveform : str
        One of `tones.WAVEFORMS`.
    start, stop : int
        Samples between which frames are centred.

    Returns
    -------
    np.ndarray [shape=(n_frames,)]
        Cents above `pitch_hz`, -1300 to 1300; 1300 where the sound is below -80 dB re full scale.
    """
    window = track_window(pitch_hz)
    n_fft = 2 ** int(np.ceil(np.log2(2 * len(window))))
    centres = np.arange(start, stop + 1, HOP)
    frames = audio[(centres[:, None] + np.arange(len(window)) - len(window) // 2) % len(audio)]
    spectrum, frequency_hz = reassigned_spectrum(frames, window, n_fft)
    combs, bins = comb_bins(pitch_hz, n_fft)
    amplitudes = partial_amplitudes(waveform, N_HARMONICS)
    best = np.argmax(np.abs(spectrum)[:, bins] @ amplitudes, axis=1)
    found_hz, power = np.empty((2, len(centres), N_HARMONICS))
    for frame, comb in enumerate(best):
        found_hz[frame] = frequency_hz[frame, bins[comb]] / np.arange(1, N_HARMONICS + 1)
        power[frame] = np.abs(spectrum[frame, bins[comb]]) ** 2
    off_hz = np.abs(found_hz - combs[best][:, None]) * np.arange(1, N_HARMONICS + 1)
    power *= (amplitudes > 0) & (off_hz < LOBE_BINS * SAMPLE_RATE / len(window))
    total = power.sum(axis=1)
    mean_hz = (power * found_hz).sum(axis=1) / np.maximum(total, SILENT_POWER)
    sounding = total > SILENT_POWER
    cents = cents_between(np.where(sounding, np.maximum(mean_hz, 1.0), pitch_hz), pitch_hz)
    return np.where(sounding, np.clip(cents, -SEARCH_CENTS, SEARCH_CENTS), SEARCH_CENTS)


def track_window(pitch_hz: float) -> np.ndarray:
    """Periodic Blackman-Harris window of six periods, at least 4096 samples; a full-scale sine peaks at 1."""
    length = max(MIN_WINDOW, 2 * int(np.ceil(PERIODS * SAMPLE_RATE / pitch_hz / 2)))
    window = blackmanharris(length, sym=False)
    return window * (2.0 / window.sum())


def reassigned_spectrum(frames: np.ndarray, window: np.ndarray, n_fft: int) -> tuple[np.ndarray, np.ndarray]:
    """Spectra of frames, and the instantaneous frequency in each bin.

    Returns
    -------
    spectrum, frequency_hz : np.ndarray [shape=(n_frames, n_fft // 2 + 1)]
        complex128 spectra; hertz, the bin's own where it is empty.
    """
    turns = 2 * np.pi * np.arange(len(window)) / len(window)
    coefficients = np.array([0.48829, -2 * 0.14128, 3 * 0.01168])  # Blackman-Harris, differentiated term by term
    scale = window.max() * 2 * np.pi / len(window)
    slope = scale * sum(c * np.sin((k + 1) * turns) for k, c in enumerate(coefficients))
    spectrum = np.fft.rfft(frames * window, n_fft)
    derivative = np.fft.rfft(frames * slope, n_fft)
    power = np.abs(spectrum) ** 2
    turn = np.where(power > 0, (derivative * spectrum.conj()).imag / np.where(power > 0, power, 1.0), 0.0)
    bin_hz = np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE)
    return spectrum, bin_hz - turn * SAMPLE_RATE / (2 * np.pi)


def comb_bins(pitch_hz: float, n_fft: int) -> tuple[np.ndarray, np.ndarray]:
    """Pitches to be tried, and the nearest bins of their partials.

    Returns
    -------
    combs : np.ndarray [shape=(n_candidates,)]
        Hertz.
    bins : np.ndarray [shape=(n_candidates, N_HARMONICS)]
        Bins of an FFT of `n_fft` points.
    """
    offsets = np.arange(-SEARCH_CENTS, SEARCH_CENTS + 1, CANDIDATE_CENTS)
    combs = pitch_hz * 2.0 ** (offsets / 1200)
    return combs, np.rint(np.outer(combs, np.arange(1, N_HARMONICS + 1)) * n_fft / SAMPLE_RATE).astype(int)
