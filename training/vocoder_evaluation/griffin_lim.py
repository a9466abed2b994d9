"""The baseline: mel -> magnitudes -> phase by iteration, with no learning at all.

References
----------
D. Griffin, J. Lim, "Signal estimation from modified short-time Fourier transform", IEEE Trans. ASSP 32(2), 1984.
N. Perraudin, P. Balazs, P. Sondergaard, "A fast Griffin-Lim algorithm", WASPAA 2013 (the momentum).
D. Lee, H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000 (the multiplicative update).
"""

import dataclasses
import functools
from collections.abc import Callable

import librosa
import numpy as np

from training.errors import TrainingError
from training.vocoder_evaluation.resynthesis import SAMPLE_RATE
from training.vocoder_evaluation.stft import inverse_stft, stft

N_MELS = 128
N_FFT = 2048
HOP_LENGTH = 375
F_MIN_HZ, F_MAX_HZ = 20.0, 20_000.0
INVERSION_STEPS = 50
SMALLEST = 1e-20
"""Far below any magnitude or power that is heard, so that nothing is divided by zero."""
SEED = 20240607

MagnitudeSource = Callable[[np.ndarray], np.ndarray]
"""Loop `[n_samples]` -> magnitudes of its spectra, float32 `[n_frames, oversampling * N_FFT // 2 + 1]`."""


@dataclasses.dataclass(frozen=True)
class GriffinLim:
    """Resynthesises loops from magnitudes of their spectra by the fast Griffin-Lim algorithm, circular in time.

    Examples
    --------
    >>> GriffinLim(1, own_mel_magnitude)(np.zeros((2, 192_000), np.float32)).shape
    (2, 192000)
    """

    steps: int
    """Steps of phase estimation, 1 or more; 32 and 64 are usual."""
    source: MagnitudeSource
    """What is left of a loop: `vocoder_mel_magnitude` (what the vocoder is given) or `own_mel_magnitude`."""
    momentum: float = 0.99
    """How far each step overshoots, 0 (Griffin and Lim) to 1."""

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise TrainingError(f"GriffinLim steps is {self.steps}, it must be at least 1; usual are 32 and 64")

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """Resynthesise loops.

        Parameters
        ----------
        audio : np.ndarray [shape=(B, n_samples)]
            Loops of a whole number of hops (375 samples).

        Returns
        -------
        np.ndarray [shape=(B, n_samples)]
            float32.
        """
        return np.stack([self.synthesise(self.source(loop)) for loop in audio])

    def synthesise(self, magnitude: np.ndarray) -> np.ndarray:
        """Find a loop with given magnitudes.

        Parameters
        ----------
        magnitude : np.ndarray [shape=(n_frames, oversampling * N_FFT // 2 + 1)]
            Magnitudes of the loop's spectra, on a grid of any oversampling.

        Returns
        -------
        np.ndarray [shape=(n_frames * HOP_LENGTH,)]
            float32 loop.
        """
        oversampling = 2 * (magnitude.shape[1] - 1) // N_FFT
        turns = np.random.default_rng(SEED).random(magnitude.shape, dtype=np.float32)
        direction = np.exp(2j * np.pi * turns).astype(np.complex64)
        previous = np.zeros_like(direction)
        for _ in range(self.steps):
            audio = inverse_stft(magnitude * direction, n_fft=N_FFT, hop_length=HOP_LENGTH)
            consistent = stft(audio, n_fft=N_FFT, hop_length=HOP_LENGTH, oversampling=oversampling)
            ahead = consistent - np.float32(self.momentum / (1 + self.momentum)) * previous
            direction = ahead / np.maximum(np.abs(ahead), SMALLEST)
            previous = consistent
        return inverse_stft(magnitude * direction, n_fft=N_FFT, hop_length=HOP_LENGTH)


def own_mel_magnitude(audio: np.ndarray) -> np.ndarray:
    """Find magnitudes from a mel of its own: 128 Slaney bands under one window, above 1 kHz finer than the vocoder's.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        Loop of a whole number of hops.

    Returns
    -------
    np.ndarray [shape=(n_frames, N_FFT // 2 + 1)]
        float32 magnitudes.
    """
    return invert_mel(analyse_mel(audio), filter_bank())


@functools.lru_cache(maxsize=1)
def filter_bank() -> np.ndarray:
    """Slaney's mel bands, peak at most 1, float32 `[N_MELS, N_FFT // 2 + 1]`."""
    return librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS, fmin=F_MIN_HZ, fmax=F_MAX_HZ, norm=None)


def analyse_mel(audio: np.ndarray) -> np.ndarray:
    """Sum a loop's magnitudes in bands, float32 `[n_frames, N_MELS]`.

    Raises
    ------
    TrainingError
        If the loop is not a whole number of hops.
    """
    if len(audio) % HOP_LENGTH or len(audio) < N_FFT:
        raise TrainingError(
            f"loop has {len(audio)} samples, a multiple of {HOP_LENGTH} of at least {N_FFT} is needed; cut it"
        )
    return np.abs(stft(audio, n_fft=N_FFT, hop_length=HOP_LENGTH)) @ filter_bank().T


def invert_mel(mel: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Find magnitudes (or powers), none negative, that sum to a mel: least squares by multiplicative updates.

    Parameters
    ----------
    mel : np.ndarray [shape=(n_frames, n_mels)]
        float32 magnitudes (or powers) in bands.
    bank : np.ndarray [shape=(n_mels, n_bins)]
        float32 weights of each bin in each band.

    Returns
    -------
    np.ndarray [shape=(n_frames, n_bins)]
        float32 magnitudes (or powers) of the bins, 0 outside all bands.
    """
    target = mel @ bank
    magnitude = target / np.maximum(bank.sum(axis=1) @ bank, SMALLEST)
    for _ in range(INVERSION_STEPS):
        magnitude *= target / np.maximum(magnitude @ bank.T @ bank, SMALLEST)
    return magnitude
