"""Four loops -> four loops with one bass: what lies low is mono, whatever the width."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from scipy import fft, signal

BASS_HZ = 200.0
"""Crossover: below 150 Hz all four loops are the first one, above 250 Hz each is its own."""
HALF = 750
"""Samples that the crossover looks back, and ahead: two frames."""
ATTENUATION_DB = 50.0
"""Of what lies beyond the crossover."""
SILENCE = 1e-12
"""Mean power below which there is nothing to make louder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Joined:
    """Four loops with one bass."""

    audio: np.ndarray
    """float32 `[4, n_samples]`."""
    blend: "Blend"
    """What windows of them need."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blend:
    """How loops with one bass add up; of whole loops, for windows of them."""

    high_gain: float = 1.0
    """What the loops are raised by above the crossover."""
    covariance: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((4, 4)))
    """K-weighted covariance of the loops (mean square), float64 `[4, 4]`."""
    high_covariance: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((4, 4)))
    """The same above the crossover, before they are raised."""

    def doubled(self, loops: Sequence[int]) -> "Blend":
        """Tell how they add up where some loops stand in for others.

        Parameters
        ----------
        loops : sequence of int
            Which loop stands for each of the four.
        """
        high = self.high_covariance[np.ix_(loops, loops)]
        gain = equal_loudness(float(np.trace(high)) / len(high), float(high.mean()))
        whole = self.covariance[np.ix_(loops, loops)] + (gain**2 - self.high_gain**2) * high
        return Blend(high_gain=gain, covariance=whole, high_covariance=high)


def join_loops(loops: np.ndarray, *, sample_rate: int) -> Joined:
    """Give four whole loops the first one's bass, and make up for what the others lose in the mix.

    Above the crossover, loops that differ add up to less than loops that agree; they are raised so that the four with
    equal weights are as loud there as one of them.

    Parameters
    ----------
    loops : np.ndarray [shape=(4, n_samples)]
        float32 loops; the crossover goes round them.
    sample_rate : int
        In hertz.

    Returns
    -------
    Joined
        The loops, and what windows of them need.
    """
    n_samples = loops.shape[-1]
    spectrum = fft.rfft(loops.astype(np.float64), axis=-1)
    kernel = np.zeros(n_samples)
    np.add.at(kernel, np.arange(-HALF, HALF + 1) % n_samples, low_pass(sample_rate))
    share = fft.rfft(kernel).real  # symmetric about 0
    weight = k_weight(n_samples, sample_rate)
    low, high = spectrum[0] * share, spectrum * (1 - share)
    high_covariance = covariance_of(high * weight, n_samples)
    high_gain = equal_loudness(float(np.trace(high_covariance)) / len(loops), float(high_covariance.mean()))
    joined = low + high * high_gain
    return Joined(
        audio=fft.irfft(joined, n_samples, axis=-1).astype(np.float32),
        blend=Blend(
            high_gain=high_gain,
            covariance=covariance_of(joined * weight, n_samples),
            high_covariance=high_covariance,
        ),
    )


def join_window(loops: np.ndarray, *, high_gain: float, sample_rate: int) -> np.ndarray:
    """Give a window of four loops the first one's bass, as `join_loops` does to the whole.

    Parameters
    ----------
    loops : np.ndarray [shape=(4, HALF + n + HALF)]
        float32: the window, and as much on either side.
    high_gain : float
        Of the whole.
    sample_rate : int
        In hertz.

    Returns
    -------
    np.ndarray [shape=(4, n)]
        float32.
    """
    shared = loops[:1] - high_gain * loops
    low = signal.oaconvolve(shared, low_pass(sample_rate)[None], mode="valid", axes=-1)
    return (high_gain * loops[:, HALF:-HALF] + low).astype(np.float32)


def covariance_of(spectrum: np.ndarray, n_samples: int) -> np.ndarray:
    """Covariance of loops (mean products) from their real-FFT spectra, float64 `[4, 4]`."""
    return 2 * np.real(spectrum @ spectrum.conj().T) / n_samples**2


def equal_loudness(wanted_power: float, power: float) -> float:
    """Gain from one power to another; 1 for silence."""
    return float(np.sqrt(wanted_power / power)) if power > SILENCE else 1.0


@functools.lru_cache(maxsize=2)
def low_pass(sample_rate: int) -> np.ndarray:
    """Design the crossover.

    Returns
    -------
    np.ndarray [shape=(2 * HALF + 1,)]
        float64, linear in phase: what is left when it is taken away is the high-pass.
    """
    window = ("kaiser", signal.kaiser_beta(ATTENUATION_DB))
    return signal.firwin(2 * HALF + 1, BASS_HZ, window=window, fs=sample_rate)


@functools.lru_cache(maxsize=4)
def k_weight(n_samples: int, sample_rate: int) -> np.ndarray:
    """Magnitude of the K filter at each frequency of a loop.

    References
    ----------
    ITU-R BS.1770-5 (2023), annex 1, tables 1 and 2: the K filter at 48 kHz.
    """
    frequency_hz = fft.rfftfreq(n_samples, 1 / sample_rate)
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
    highpass = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    magnitude = np.ones_like(frequency_hz)
    for numerator, denominator in (shelf, highpass):
        magnitude *= np.abs(signal.freqz(numerator, denominator, worN=frequency_hz, fs=sample_rate)[1])
    return magnitude
