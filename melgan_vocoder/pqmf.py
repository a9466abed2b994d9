"""audio <-> sub-bands: a pseudo-quadrature mirror filter bank, circular in time."""

import numpy as np
import torch
from scipy.signal import firwin
from torch import Tensor, nn
from torch.nn import functional as F

N_BANDS = 5
"""Sub-bands, each 4.8 kHz wide at a fifth of the sample rate."""
N_TAPS = 81
"""Taps of each band filter."""
CUTOFF = 0.113
"""Cutoff of the prototype low-pass (1 is Nyquist), found by minimising the reconstruction error."""
KAISER_BETA = 9.0
"""Shape of the prototype's Kaiser window."""


def design_filters() -> tuple[np.ndarray, np.ndarray]:
    """Design the analysis and synthesis filters.

    Returns
    -------
    tuple of np.ndarray [shape=(N_BANDS, N_TAPS)]
        Analysis and synthesis filters, float64; tap `N_TAPS // 2` is no delay.

    References
    ----------
    Nguyen 1994, "Near-perfect-reconstruction pseudo-QMF banks", IEEE Trans. Signal Processing 42 (1), eqs. 5-7.
    """
    prototype = firwin(N_TAPS, CUTOFF, window=("kaiser", KAISER_BETA))
    time = np.arange(N_TAPS) - N_TAPS // 2
    band = np.arange(N_BANDS)[:, None]
    carrier = (2 * band + 1) * np.pi / (2 * N_BANDS) * time
    shift = (-1.0) ** band * np.pi / 4
    return 2 * prototype * np.cos(carrier + shift), 2 * prototype * np.cos(carrier - shift)


def passband(frequency: np.ndarray) -> np.ndarray:
    """Gain of each sub-band for a sinusoid: near 1 inside, 0.7 where it meets the next.

    Parameters
    ----------
    frequency : np.ndarray [shape=(n,)]
        In cycles a sample, 0 to 0.5.

    Returns
    -------
    np.ndarray [shape=(N_BANDS, n)]
        float64. Below the lowest sub-band's middle it is 1: there the mirror image makes up for the slope.
    """
    prototype = firwin(N_TAPS, CUTOFF, window=("kaiser", KAISER_BETA))
    time = np.arange(N_TAPS) - N_TAPS // 2
    middle = (2 * np.arange(N_BANDS)[:, None] + 1) / (4 * N_BANDS)
    away = frequency - middle
    away[0] = np.maximum(away[0], 0)
    return np.abs(np.cos(2 * np.pi * away[..., None] * time) @ prototype)


class PQMF(nn.Module):
    """Split audio into `N_BANDS` sub-bands and join them again.

    What comes back differs by -50 dB for noise, and by at most -44 dB for a single tone at the edge of a band.
    """

    analysis_filter: Tensor
    synthesis_filter: Tensor

    def __init__(self) -> None:
        super().__init__()
        analysis, synthesis = design_filters()
        # conv1d correlates, so analysis filters are stored reversed to convolve
        reversed_analysis = np.ascontiguousarray(analysis[:, None, ::-1])
        self.register_buffer("analysis_filter", torch.from_numpy(reversed_analysis).float(), persistent=False)
        # polyphase: output sample n = 5 m + p hears only the taps that meet a sub-band sample
        taps_a_phase = -(-N_TAPS // N_BANDS)
        padded = np.zeros((N_BANDS, taps_a_phase * N_BANDS))
        padded[:, :N_TAPS] = synthesis
        phases = padded.reshape(N_BANDS, taps_a_phase, N_BANDS).transpose(2, 0, 1)[:, :, ::-1] * N_BANDS
        self.register_buffer("synthesis_filter", torch.from_numpy(phases.copy()).float(), persistent=False)

    def analysis(self, audio: Tensor) -> Tensor:
        """Split audio into sub-bands.

        Parameters
        ----------
        audio : Tensor [shape=(B, n_samples)]
            Loops; `n_samples` a multiple of `N_BANDS`.

        Returns
        -------
        Tensor [shape=(B, N_BANDS, n_samples // N_BANDS)]
            Sub-bands, lowest first; odd ones are mirrored in frequency.
        """
        half = N_TAPS // 2
        return F.conv1d(wrap(audio[:, None], half, half), self.analysis_filter, stride=N_BANDS)

    def synthesis(self, bands: Tensor) -> Tensor:
        """Join sub-bands into audio.

        Parameters
        ----------
        bands : Tensor [shape=(B, N_BANDS, n)]
            Sub-bands, lowest first.

        Returns
        -------
        Tensor [shape=(B, n * N_BANDS)]
            Audio.
        """
        taps = self.synthesis_filter.shape[-1]
        delay = N_TAPS // 2 // N_BANDS  # tap 40 is no delay: 8 whole sub-band samples
        phases = F.conv1d(wrap(bands, taps - 1 - delay, delay), self.synthesis_filter)  # [B, phase, n]
        return phases.transpose(1, 2).flatten(1)


def wrap(x: Tensor, left: int, right: int) -> Tensor:
    """Pad the last axis circularly, also by more than its length.

    Parameters
    ----------
    x : Tensor [shape=(B, C, n)]
        A loop.
    left, right : int >= 0
        Samples to add at each end.

    Returns
    -------
    Tensor [shape=(B, C, left + n + right)]
        The loop with its own end before it and its own beginning after it.
    """
    n = x.shape[-1]
    if max(left, right) <= n:
        return F.pad(x, (left, right), mode="circular")
    index = torch.arange(-left, n + right, device=x.device) % n
    return x[..., index]
