"""audio -> spectrogram: log-magnitude and band frequency of loops, with gradients, circular in time."""

import dataclasses

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import LoopFormat, MelFormat
from melgan_vocoder.pqmf import wrap

OVERSAMPLING = 2
"""Points of the frequency grid to a sample of the window."""
DIRECT = 16
"""Where fewer than this fraction of the grid's bins are needed, a direct product is four times as fast as an FFT."""
LOBE_POINTS = 32
"""Points to a bin of the window's own transform, read where a sine lies between bins."""
GATE_STEPS = 3
"""Short windows in a frame, so that none of the sound falls between two of them."""
TINY = 1e-20
"""Power far below the floor, so that nothing is divided by zero."""


class SpectrogramTransform(nn.Module):
    """Analyse loops as spectrograms of two channels, circular in time.

    Channel 0 is the log-magnitude of each band: the square root of the power in it, 1 for all of a full-scale
    sine, floored and scaled as the format says. A long window resolves partials but sees a hit coming 50 ms early; so
    no band is louder than a short window finds it, at its loudest within `gate_frames` before the frame and within as
    many after it. A third of a frame beyond counts too, but less, which tells where between two frames a hit lies.

    Channel 1 is the band frequency: the power-weighted mean of the instantaneous frequency in the band, as an offset
    from its centre in bandwidths; 0 where the band is silent.

    Parameters
    ----------
    mel_format : MelFormat
        The format.

    References
    ----------
    Auger and Flandrin 1995, "Improving the readability of time-frequency and time-scale representations by the
    reassignment method", IEEE Trans. Signal Processing 43 (5), eq. 23 (frequency from the derivative window).
    """

    def __init__(self, mel_format: MelFormat) -> None:
        super().__init__()
        self.mel_format = mel_format
        low = mel_format.band_centers_hz < mel_format.window_split_hz
        self.low = BandAnalysis(mel_format, BandGroup.of(mel_format, low, window=mel_format.low_window))
        self.high = BandAnalysis(mel_format, BandGroup.of(mel_format, ~low, window=mel_format.high_window))

    def forward(self, audio: Tensor, n_frames: int | None = None) -> Tensor:
        """Analyse loops.

        Parameters
        ----------
        audio : Tensor [shape=(B, n_samples)]
            float32 in [-1, 1]; the sample after the last one is the first one.
        n_frames : int, optional
            Frames to spread over the loop, which may then be of any length and tempo: frame `t` is centred on the
            sample nearest to `t * n_samples / n_frames`. By default a frame every `hop_length`.

        Returns
        -------
        Tensor [shape=(B, 2, n_mels, n_frames)]
            Channel 0 about -1 to 1, channel 1 within the format's `frequency_limit`.

        Raises
        ------
        VocoderError
            If `n_frames` is not given and the length is not a whole number of hops, or if the loop is shorter than
            the longest window.
        """
        fmt = self.mel_format
        n_frames = self.count_frames(audio.shape[-1], n_frames)
        parts = zip(self.low(audio, n_frames), self.high(audio, n_frames), strict=True)
        power, offset = (torch.cat(part, dim=1) for part in parts)
        mel = scaled(power, fmt)
        sounding = power > 10.0 ** (2 * fmt.floor_log10)
        band_frequency = offset.clamp(-fmt.frequency_limit, fmt.frequency_limit) * sounding
        return torch.stack([mel, band_frequency], dim=1)

    def mel(self, audio: Tensor) -> Tensor:
        """Analyse loops for channel 0 alone, in less time.

        Parameters
        ----------
        audio : Tensor [shape=(B, n_samples)]
            As of `forward`.

        Returns
        -------
        Tensor [shape=(B, n_mels, n_samples // hop_length)]
            Channel 0 of `forward`.

        Raises
        ------
        VocoderError
            As of `forward`.
        """
        n_frames = self.count_frames(audio.shape[-1], None)
        return scaled(
            torch.cat([self.low.power(audio, n_frames), self.high.power(audio, n_frames)], dim=1), self.mel_format
        )

    def count_frames(self, n_samples: int, n_frames: int | None) -> int:
        """Tell how many frames a loop has, and refuse what is no loop."""
        hop = self.mel_format.hop_length
        require_loop_length(n_samples, hop_length=hop if n_frames is None else 1, window=self.mel_format.low_window)
        return n_samples // hop if n_frames is None else n_frames


@dataclasses.dataclass(frozen=True, kw_only=True)
class BandGroup:
    """The bands that share one window, and the bins that they are read from."""

    window: int
    """Samples of the window."""
    centers_hz: np.ndarray
    """Their centres, float64 `[n_bands]`."""
    widths_hz: np.ndarray
    """Their bandwidths, float64 `[n_bands]`."""
    grid_hz: np.ndarray
    """Frequencies of the bins, up to the last one that any band needs, float64 `[n_bins]`."""
    weights: np.ndarray
    """Weights of each bin's power in each band, peak at most 1, float64 `[n_bands, n_bins]`."""

    @classmethod
    def of(cls, mel_format: MelFormat, chosen: np.ndarray, *, window: int) -> "BandGroup":
        """Build the bands of a format that a mask `[n_mels]` chooses, for a window of so many samples."""
        grid = np.arange(1 + window) * mel_format.sample_rate / (OVERSAMPLING * window)
        weights, grid = trimmed(band_weights(mel_format, grid)[chosen], grid)
        return cls(
            window=window,
            centers_hz=mel_format.band_centers_hz[chosen],
            widths_hz=mel_format.bandwidths_hz[chosen],
            grid_hz=grid,
            weights=weights,
        )

    def power_weights(self) -> Tensor:
        """Weights that give 1 for the whole of a full-scale sine, float32 `[n_bands, n_bins]`."""
        return torch.from_numpy(self.weights / sine_power(self.window)).float()


class BandAnalysis(nn.Module):
    """Power and frequency of the bands that share one window."""

    weights: Tensor
    grid: Tensor
    centers: Tensor
    widths: Tensor

    def __init__(self, mel_format: MelFormat, bands: BandGroup) -> None:
        super().__init__()
        window, n_bins = bands.window, len(bands.grid_hz)
        n = np.arange(window)
        slope = np.pi / window * np.sin(2 * np.pi * n / window)
        self.long, self.slope = Spectrum(hann(window), n_bins=n_bins), Spectrum(slope, n_bins=n_bins)
        self.gate = Gate(mel_format, bands)
        radians = 2 * np.pi / mel_format.sample_rate
        self.register_buffer("weights", bands.power_weights(), persistent=False)
        buffers = {"grid": bands.grid_hz, "centers": bands.centers_hz, "widths": bands.widths_hz}
        for name, array in buffers.items():
            self.register_buffer(name, torch.from_numpy(radians * array[:, None]).float(), persistent=False)

    def power(self, audio: Tensor, n_frames: int) -> Tensor:
        """Measure the power in each band, no more than the gate lets through, `[B, n_bands, n_frames]`."""
        return torch.minimum(self.weights @ squared(self.long(audio, n_frames)), self.gate(audio, n_frames))

    def forward(self, audio: Tensor, n_frames: int) -> tuple[Tensor, Tensor]:
        """Measure power and frequency (bandwidths from the centre) of each band, `[B, n_bands, n_frames]`."""
        (real, imag), (slope_real, slope_imag) = self.long(audio, n_frames), self.slope(audio, n_frames)
        power = squared((real, imag))
        in_band = self.weights @ power
        turning = self.weights @ (self.grid * power - (slope_imag * real - slope_real * imag))
        offset = (turning / in_band.clamp_min(TINY) - self.centers) / self.widths
        return torch.minimum(in_band, self.gate(audio, n_frames)), offset


class Gate(nn.Module):
    """The most power that short windows around a frame let each band have.

    Parameters
    ----------
    mel_format : MelFormat
        Gives the short window, its reach and its margin.
    bands : BandGroup
        The bands, as their long window reads them.
    """

    weights: Tensor

    def __init__(self, mel_format: MelFormat, bands: BandGroup) -> None:
        super().__init__()
        self.reach = GATE_STEPS * mel_format.gate_frames
        self.beyond = 10 ** (2 * mel_format.gate_beyond_log10)
        window = mel_format.gate_window
        grid = np.arange(1 + window) * mel_format.sample_rate / (OVERSAMPLING * window)
        weights, grid = trimmed(bands.weights @ hat(bands.grid_hz, grid), grid)
        self.short = Spectrum(hann(window), n_bins=len(grid))
        heard = center_power(bands.window, bands.weights, bands.grid_hz, bands.centers_hz) / sine_power(bands.window)
        limit = heard / center_power(window, weights, grid, bands.centers_hz)
        weights = weights * (10 ** (2 * mel_format.gate_margin_log10) * limit)[:, None]
        self.register_buffer("weights", torch.from_numpy(weights).float(), persistent=False)

    def forward(self, audio: Tensor, n_frames: int) -> Tensor:
        """Find the lesser of the loudest short windows before and after each frame, `[B, n_bands, n_frames]`."""
        short, reach = self.weights @ squared(self.short(audio, GATE_STEPS * n_frames)), self.reach
        loudest = F.max_pool1d(wrap(short, reach, reach), reach + 1, stride=1)
        before, after = loudest[..., : short.shape[-1] : GATE_STEPS], loudest[..., reach::GATE_STEPS]
        next_step, last_step = (self.beyond * short.roll(shift, -1)[..., ::GATE_STEPS] for shift in (-1, 1))
        return torch.minimum(torch.maximum(before, next_step), torch.maximum(after, last_step))


def scaled(power: Tensor, mel_format: LoopFormat) -> Tensor:
    """Turn the power in bands into channel 0."""
    log_magnitude = 0.5 * torch.log10(power.clamp_min(10.0 ** (2 * mel_format.floor_log10)))
    return (log_magnitude - mel_format.center_log10) / mel_format.scale_log10


Complex = tuple[Tensor, Tensor]
"""Real and imaginary part."""


class Spectrum(nn.Module):
    """The lowest bins of the windowed Fourier transform of each frame, circular in time."""

    basis: Tensor

    def __init__(self, window: np.ndarray, *, n_bins: int) -> None:
        super().__init__()
        self.n_fft, self.n_bins = OVERSAMPLING * len(window), n_bins
        self.reach = len(window) // 2
        self.direct = n_bins * DIRECT < self.n_fft
        angle = 2 * np.pi / self.n_fft * np.outer(np.arange(len(window)), np.arange(n_bins) if self.direct else [0])
        basis = window[:, None] * np.concatenate([np.cos(angle), -np.sin(angle)], axis=1)
        self.register_buffer("basis", torch.from_numpy(basis).float(), persistent=False)

    def forward(self, audio: Tensor, n_frames: int) -> Complex:
        """Transform frames spread over a loop, `[B, n_samples]` to two of `[B, n_bins, n_frames]`."""
        wrapped = wrap(audio[:, None], self.reach, self.reach)[:, 0]
        hop, rest = divmod(audio.shape[-1], n_frames)
        frames = wrapped.unfold(-1, 2 * self.reach, 1 if rest else hop)
        if rest:
            centers = torch.arange(n_frames, dtype=torch.float64) * audio.shape[-1] / n_frames
            frames = frames[:, centers.round().long().to(audio.device)]
        frames = frames[:, :n_frames]
        if self.direct:
            real, imag = (frames @ self.basis).mT.chunk(2, dim=1)
            return real, imag
        spectrum = torch.fft.rfft(frames * self.basis[:, 0], self.n_fft)[..., : self.n_bins].mT
        return spectrum.real, spectrum.imag


def squared(spectrum: Complex) -> Tensor:
    """Power of each bin."""
    return spectrum[0].square() + spectrum[1].square()


def band_weights(mel_format: MelFormat, grid: np.ndarray) -> np.ndarray:
    """Build the triangular bands of a format: between two centres the power of a bin is shared by two bands.

    Parameters
    ----------
    mel_format : MelFormat
        The format.
    grid : np.ndarray [shape=(n_bins,)]
        Frequencies of the bins, in hertz.

    Returns
    -------
    np.ndarray [shape=(n_mels, n_bins)]
        float64 weights of each bin's power in each band, peak at most 1.
    """
    centers = mel_format.band_centers_hz
    return triangles(np.concatenate([[2 * centers[0] - centers[1]], centers, [centers[-1] ** 2 / centers[-2]]]), grid)


def triangles(knots: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Draw triangles of peak 1, each from one knot over the next to the one after it, `[n_knots - 2, n_bins]`."""
    below, center, above = knots[:-2, None], knots[1:-1, None], knots[2:, None]
    return np.maximum(np.minimum((grid - below) / (center - below), (above - grid) / (above - center)), 0)


def hann(length: int) -> np.ndarray:
    """Periodic Hann window, float64 `[length]`."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def trimmed(weights: np.ndarray, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the bins above the last one that any band needs."""
    n_bins = int(np.flatnonzero(weights.any(axis=0))[-1]) + 1
    return weights[:, :n_bins], grid[:n_bins]


def hat(grid: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Matrix that reads a smooth spectrum on a fine grid off a coarse one, in straight lines, `[n_fine, n_coarse]`."""
    return np.maximum(1 - np.abs(grid[:, None] - coarse) / coarse[1], 0)


def sine_power(window: int) -> float:
    """Power that a full-scale sine has under a Hann window, summed over the positive half of the grid."""
    return float(np.sum(np.abs(np.fft.fft(hann(window), OVERSAMPLING * window)) ** 2) / 4)


def center_power(window: int, weights: np.ndarray, grid: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Power that a full-scale sine at each band's centre has in it under a Hann window, float64 `[n_bands]`."""
    fine = np.abs(np.fft.rfft(hann(window), LOBE_POINTS * window)) ** 2 / 4
    bins = np.abs(grid - centers[:, None]) / grid[1] * (LOBE_POINTS / OVERSAMPLING)
    return np.sum(weights * np.interp(bins, np.arange(len(fine)), fine), axis=1)


def require_loop_length(n_samples: int, *, hop_length: int, window: int) -> None:
    """Check that audio can be analysed as a loop of whole frames.

    Raises
    ------
    VocoderError
        If the length is not a multiple of `hop_length`, or shorter than the longest window.
    """
    if n_samples % hop_length or n_samples < window:
        raise VocoderError(
            f"audio has {n_samples} samples, a multiple of {hop_length} of at least {window} is needed; cut or pad the "
            "loop"
        )
