"""spectrogram -> the same, higher or lower: the energy of each band moves with the frequency that it tells of.

::

    spectrogram --+--> power at a frequency, times the ratio --> as the bands see sines there --+--> spectrogram
                  |                                                                             |
                  +--> level between neighbours that both have sound of their own --> at least --+

Each frame by itself, so that a cut of a loop is transposed as the whole is.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.excitation import TINY, magnitude_power
from melgan_vocoder.format import MelFormat
from melgan_vocoder.spectrogram import BandGroup, scaled, sine_power

MOST_SEMITONES = 12.0
"""Furthest up and down."""
BAND_STEPS = 16
"""Frequencies in each band for which the table of sines is computed."""
HZ_STEPS = 4
"""Entries of the index of that table in each hertz."""
SKIRT = 0.05
"""So near to the format's limit a band frequency has been cut off: the band is the far skirt of a louder partial."""
OWN = 0.9
"""A band whose frequency lies within this many bandwidths of its centre has sound of its own."""
APART = 0.3
"""Neighbours hold two sounds if their frequencies lie further apart, in distances of their centres."""
FILL_LOG10 = -0.2
"""Between two such neighbours no band is quieter than the lesser one by more (a power of ten of magnitude, 4 dB)."""
AUDIBLE = 1e-3
"""A band that is louder than the floor by less, in units of channel 0, fades into silence."""
FADE = 10.0
"""How fast that ends beyond `OWN` and `APART`, in units of channel 0; soft, so that nothing flickers."""


class Transposition(nn.Module):
    """Transpose spectrograms, frame by frame.

    The band frequency tells where a band's energy lies. All of it moves from there by the same ratio, a partial with
    its skirts, and is then seen by the bands around as the analysis would see a sine. Power is kept: what filled an
    octave fills another one, equally loud. Where that moves bands apart, as it does those of equal width on their way
    up, the gap between two that have sound of their own is filled.

    Parameters
    ----------
    mel_format : MelFormat
        The format of the spectrograms.

    Notes
    -----
    What the analysis did not tell apart stays together, and beats as fast as before.

    References
    ----------
    Auger and Flandrin 1995, "Improving the readability of time-frequency and time-scale representations by the
    reassignment method", IEEE Trans. Signal Processing 43 (5); Laroche and Dolson 1999, "New phase-vocoder techniques
    for pitch-shifting, harmonizing and other exotic effects", IEEE WASPAA (a peak moves with all that is around it).
    """

    seen: Tensor
    row_of_step: Tensor
    centers: Tensor
    widths: Tensor

    def __init__(self, mel_format: MelFormat) -> None:
        super().__init__()
        self.mel_format = mel_format
        sines_hz, seen = table_of_sines(mel_format)
        steps_hz = (np.arange(round(mel_format.f_max_hz * HZ_STEPS) + 2) + 0.5) / HZ_STEPS
        between = np.sqrt(sines_hz[1:] * sines_hz[:-1])  # where the nearest sine changes
        between[[0, -1]] = mel_format.f_min_hz, mel_format.f_max_hz
        buffers = {
            "seen": torch.from_numpy(seen).float(),
            "row_of_step": torch.from_numpy(np.searchsorted(between, steps_hz)).int(),
            "centers": torch.from_numpy(mel_format.band_centers_hz[:, None]).float(),
            "widths": torch.from_numpy(mel_format.bandwidths_hz[:, None]).float(),
        }
        for name, tensor in buffers.items():
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, spectrogram: Tensor, semitones: float) -> Tensor:
        """Transpose.

        Parameters
        ----------
        spectrogram : Tensor [shape=(B, 2, n_mels, n)]
            As `MelFormat` says; any number of frames.
        semitones : float
            How far up, -12 to 12; 0 gives back `spectrogram` itself.

        Returns
        -------
        Tensor [shape=(B, 2, n_mels, n)]
            As `MelFormat` says. What would come to lie outside `f_min_hz` to `f_max_hz` is gone.

        Raises
        ------
        VocoderError
            If `semitones` is no number from -12 to 12.
        """
        if not abs(semitones) <= MOST_SEMITONES:
            raise VocoderError(
                f"transposition is {semitones} semitones, {-MOST_SEMITONES:g} to {MOST_SEMITONES:g} are needed; "
                "transpose by less"
            )
        if semitones == 0:
            return spectrogram
        fmt, ratio = self.mel_format, 2.0 ** (semitones / 12)
        limit = fmt.frequency_limit
        mel = spectrogram[:, 0].clamp(fmt.floor, fmt.ceiling)  # a model may overshoot
        band_frequency = spectrogram[:, 1].clamp(-limit, limit)
        hz = (band_frequency * (self.widths * ratio)).add_(self.centers * ratio)
        reach = band_frequency.abs_()
        power = self.carried(mel, reach)
        hz_of_frames, weights = frame_by_frame(hz), frame_by_frame(power)
        rows = self.rows(hz_of_frames)
        moved, turning = (
            loop_by_loop(F.embedding_bag(rows, self.seen, mode="sum", per_sample_weights=part), len(mel))
            for part in (weights, weights * hz_of_frames)
        )
        mel = torch.maximum(scaled(moved, fmt), self.least(mel, reach, hz, ratio))
        offset = turning.div_(moved.add_(TINY)).sub_(self.centers).div_(self.widths).clamp_(-limit, limit)
        sounds = ((mel - fmt.floor) / AUDIBLE).clamp_(0, 1)
        return torch.stack([mel, offset.mul_(sounds)], dim=1)

    def carried(self, mel: Tensor, reach: Tensor) -> Tensor:
        """Find the power that each band has to move: none if it is silent, or the far skirt of a louder partial.

        Parameters
        ----------
        mel, reach : Tensor [shape=(B, n_mels, n)]
            Channel 0, and the size of channel 1.

        Returns
        -------
        Tensor [shape=(B, n_mels, n)]
            Power.
        """
        fmt = self.mel_format
        power = magnitude_power(mel, fmt).sub_(10.0 ** (2 * fmt.floor_log10)).clamp_min_(0)
        return power.mul_(((fmt.frequency_limit - reach) / SKIRT).clamp_(0, 1))

    def rows(self, hz: Tensor) -> Tensor:
        """Find the row of `seen` that is nearest to each frequency, int32."""
        step = (hz * HZ_STEPS).int().clamp_(0, len(self.row_of_step) - 1)
        return self.row_of_step.index_select(0, step.flatten()).reshape(hz.shape)

    def least(self, mel: Tensor, reach: Tensor, hz: Tensor, ratio: float) -> Tensor:
        """Find the level that each band has at least, by the two bands that were around it.

        Parameters
        ----------
        mel, reach, hz : Tensor [shape=(B, n_mels, n)]
            Channel 0, the size of channel 1, and the frequency after transposing, of what is transposed.
        ratio : float
            By which all frequencies rise.

        Returns
        -------
        Tensor [shape=(B, n_mels, n)]
            Channel 0; below the floor where nothing was around.
        """
        fmt = self.mel_format
        centers, widths = fmt.band_centers_hz, fmt.bandwidths_hz
        came_from = centers / ratio
        below = np.interp(came_from, centers, np.arange(fmt.n_mels)).clip(0, fmt.n_mels - 2).astype(np.int64)
        density = 0.5 * np.log10(widths / (ratio * np.interp(came_from, centers, widths)))
        inside = (came_from >= fmt.f_min_hz) & (came_from <= fmt.f_max_hz)
        change = np.where(inside, (FILL_LOG10 + density) / fmt.scale_log10, -FADE)
        own = mel - (reach - OWN).clamp_min_(0).mul_(FADE)
        lesser = torch.minimum(own[:, 1:], own[:, :-1])
        apart = (hz[:, 1:] - hz[:, :-1]) / (ratio * (self.centers[1:] - self.centers[:-1]))
        lesser += (apart - APART).clamp_max_(0).mul_(FADE)
        return lesser.index_select(1, torch.from_numpy(below).to(mel.device)).add_(
            torch.from_numpy(change[:, None]).to(mel)
        )


def frame_by_frame(bands: Tensor) -> Tensor:
    """Lay out `[B, n_mels, n]` as `[B * n, n_mels]`; loop by loop that takes a third of the time."""
    frames = bands.new_empty(bands.shape[0], bands.shape[2], bands.shape[1])
    for target, loop in zip(frames, bands, strict=True):
        target.copy_(loop.T)
    return frames.flatten(0, 1)


def loop_by_loop(frames: Tensor, n_loops: int) -> Tensor:
    """Lay out `[B * n, n_mels]` as `[B, n_mels, n]`."""
    bands = frames.new_empty(n_loops, frames.shape[1], frames.shape[0] // n_loops)
    for target, loop in zip(bands, frames.chunk(n_loops), strict=True):
        target.copy_(loop.T)
    return bands


def table_of_sines(mel_format: MelFormat) -> tuple[np.ndarray, np.ndarray]:
    """Tell what power the bands see of full-scale sines.

    Parameters
    ----------
    mel_format : MelFormat
        The format.

    Returns
    -------
    sines_hz : np.ndarray [shape=(BAND_STEPS * n_mels + 3,)]
        float64; their frequencies, rising, from `f_min_hz` to `f_max_hz` and one beyond either end.
    seen : np.ndarray [shape=(BAND_STEPS * n_mels + 3, n_mels)]
        float64; the power in each band; none of the first and the last sine.
    """
    fmt, n = mel_format, BAND_STEPS
    linear = np.linspace(fmt.f_min_hz, fmt.f_linear_hz, n * fmt.n_linear + 1)
    rising = np.geomspace(fmt.f_linear_hz, fmt.f_max_hz, n * (fmt.n_mels - fmt.n_linear) + 1)
    sines_hz = np.concatenate([linear, rising[1:]])
    low = fmt.band_centers_hz < fmt.window_split_hz
    seen = []
    for chosen, window in ((low, fmt.low_window), (~low, fmt.high_window)):
        bands = BandGroup.of(fmt, chosen, window=window)
        bins = ((bands.grid_hz - sines_hz[:, None]) * (window / fmt.sample_rate)).astype(np.float32)
        seen.append(hann_power(bins) @ bands.weights.T * (window**2 / 16 / sine_power(window)))
    ends = sines_hz[0] ** 2 / sines_hz[1], sines_hz[-1] ** 2 / sines_hz[-2]
    return np.hstack([ends[0], sines_hz, ends[1]]), np.pad(np.concatenate(seen, axis=1), ((1, 1), (0, 0)))


def hann_power(bins: np.ndarray) -> np.ndarray:
    """Power of a Hann window's transform so many bins of its length from the middle, where it is 1."""
    bins = np.where(np.abs(np.abs(bins) - 1) < 1e-3, 1 + 1e-3, bins)  # at 1 the quotient is a limit, a quarter
    return (np.sinc(bins) / (1 - bins**2)) ** 2
