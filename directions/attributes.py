"""audio -> numbers a performer has words for: how dense, how heavy, how bright a loop is."""

from collections.abc import Callable

import librosa
import numpy as np

from melgan_vocoder.format import LoopFormat

BASS_EDGE_HZ = 120.0
BARS = 2
FAINTEST_ONSET_DB = 1.0
"""Rise of the mean mel band that the strongest onset of a loop must have."""


def density(audio: np.ndarray, mel_format: LoopFormat) -> float:
    """Count the onsets a bar.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        One loop in [-1, 1].
    mel_format : LoopFormat
        Its format.

    Returns
    -------
    float
        Peaks of the onset envelope a bar, counted over the loop as it repeats.

    References
    ----------
    Böck and Widmer 2013, "Maximum filter vibrato suppression for onset detection", DAFx; as in librosa's
    `onset_detect` with its defaults.
    """
    sample_rate, edge = mel_format.sample_rate, mel_format.sample_rate // 2
    wrapped = np.concatenate([audio[-edge:], audio, audio[:edge]])  # an onset at the loop's seam counts once
    envelope = librosa.onset.onset_strength(y=wrapped, sr=sample_rate)
    if envelope.max() < FAINTEST_ONSET_DB:
        return 0.0  # librosa scales the envelope by its peak: in a held tone it would count rounding errors
    onsets = librosa.onset.onset_detect(onset_envelope=envelope, sr=sample_rate, units="samples")
    return float(np.sum((onsets >= edge) & (onsets < edge + audio.shape[-1]))) / BARS


def bass(audio: np.ndarray, mel_format: LoopFormat) -> float:
    """Measure the level below 120 Hz.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        One loop in [-1, 1].
    mel_format : LoopFormat
        Its format.

    Returns
    -------
    float
        Mean power in dB re a full-scale square wave; -120 for silence.
    """
    power, frequency_hz = loop_power(audio, mel_format)
    return float(10 * np.log10(power[frequency_hz < BASS_EDGE_HZ].sum() + 1e-12))


def brightness(audio: np.ndarray, mel_format: LoopFormat) -> float:
    """Find the spectral centroid.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        One loop in [-1, 1].
    mel_format : LoopFormat
        Its format.

    Returns
    -------
    float
        Octaves above 20 Hz of the mean frequency weighted with magnitude.

    References
    ----------
    Peeters 2004, "A large set of audio features for sound description", section 6.1.1.
    """
    power, frequency_hz = loop_power(audio, mel_format)
    magnitude = np.sqrt(power)
    centroid_hz = float((frequency_hz * magnitude).sum() / (magnitude.sum() + 1e-12))
    return float(np.log2(max(centroid_hz, 20.0) / 20.0))


def loop_power(audio: np.ndarray, mel_format: LoopFormat) -> tuple[np.ndarray, np.ndarray]:
    """Split a loop's mean power by frequency.

    Returns
    -------
    tuple of np.ndarray [shape=(1 + n_samples // 2,)]
        Power of each harmonic of the loop (they sum to the mean square), and its frequency in Hz.
    """
    n_samples = audio.shape[-1]
    power = 2 * np.abs(np.fft.rfft(audio) / n_samples) ** 2
    power[0] /= 2
    if n_samples % 2 == 0:
        power[-1] /= 2  # the Nyquist harmonic, too, stands for itself alone
    return power, np.fft.rfftfreq(n_samples, 1 / mel_format.sample_rate)


ATTRIBUTES: dict[str, Callable[[np.ndarray, LoopFormat], float]] = {
    "density": density,
    "bass": bass,
    "brightness": brightness,
}
"""Every attribute by its name."""

UNITS = {"density": "onsets/bar", "bass": "dB", "brightness": "octaves"}
"""Unit of each attribute."""
