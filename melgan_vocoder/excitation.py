"""spectrogram -> sinusoids: the phase that a convolution cannot integrate, in the lowest sub-bands."""

import dataclasses
import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from melgan_vocoder.format import LoopFormat, MelFormat
from melgan_vocoder.pqmf import N_BANDS, passband

N_EXCITED = 3
"""Sub-bands that are given sinusoids, the lowest ones: to 14.4 kHz."""
HIGHEST_HZ = 12_500.0
"""Bands centred above this carry no sinusoid."""
GAIN_STEP_HZ = 20.0
"""Steps of the table of the sub-bands' gains."""
OWN_BAND = 0.75
"""A partial lies within this many bandwidths of its band's centre; further away it is the skirt of another one."""
N_PARTIALS = 24
"""Sinusoids of a frame in each sub-band, the loudest ones."""
LEAST_GAIN = 1e-3
"""A sub-band does not hear what its filter lets through by less."""
ONSET_LOG10 = 0.4
"""A neighbourhood that rises by more from one frame to the next (a power of ten, 8 dB) restarts its phases."""
REACH = 2
"""Bands by which a partial may move from one frame to the next."""
TINY = 1e-20
"""Power far below the floor, where a root still has a slope."""
COARSE = 12
"""Samples between the points from which a sinusoid is turned on, sample by sample."""


class Excitation(nn.Module):
    """Turn spectrograms into sums of sinusoids whose phase is integrated over time.

    Bands that are local maxima carry a sinusoid: amplitude from the band and its neighbours, frequency from the band
    frequency. Phase runs on from the peak that was nearest one frame before, so it follows a partial into the next
    band; it restarts at 0 where sound sets in, so that equal hits are equal; over a loop it closes.

    Parameters
    ----------
    mel_format : MelFormat
        The format of the spectrograms.

    Notes
    -----
    The state of a frame, `[B, 2, n_bands]`, is the phase of each band at the frame's centre, in cycles, and the drift
    that closes it over the loop, in cycles a frame.
    """

    centers: Tensor
    widths: Tensor
    window: Tensor
    gains: Tensor

    def __init__(self, mel_format: MelFormat) -> None:
        super().__init__()
        self.mel_format = mel_format
        self.hop = mel_format.hop_length // N_BANDS
        self.n_bands = int((mel_format.band_centers_hz < HIGHEST_HZ).sum())
        cycles = mel_format.hop_length / mel_format.sample_rate  # of 1 Hz, a frame
        centers, widths = mel_format.band_centers_hz, mel_format.bandwidths_hz
        buffers = {
            "centers": torch.from_numpy(centers[: self.n_bands] * cycles),
            "widths": torch.from_numpy(widths[: self.n_bands] * cycles),
            "window": 1 - torch.arange(-self.hop, self.hop).abs() / self.hop,
        }
        frequencies = np.arange(0, mel_format.sample_rate / 2, GAIN_STEP_HZ)
        gains = passband(frequencies / mel_format.sample_rate)[:N_EXCITED]
        buffers["gains"] = torch.from_numpy(gains)
        self.heard = [heard_bands(np.interp(centers[: self.n_bands], frequencies, gain)) for gain in gains]
        self.gain_scale = mel_format.sample_rate / mel_format.hop_length / GAIN_STEP_HZ
        for name, tensor in buffers.items():
            self.register_buffer(name, tensor.float(), persistent=False)

    def forward(self, partials: "Partials", phase: Tensor, n_partials: int = N_PARTIALS) -> Tensor:
        """Draw the sinusoids.

        Parameters
        ----------
        partials : Partials
            What `read` found in the spectrogram.
        phase : Tensor [shape=(B, n_bands, n_frames)]
            Phase of each band at each frame's centre, in cycles: the first entry of `states`.
        n_partials : int
            Sinusoids in a frame; the loudest are drawn.

        Returns
        -------
        Tensor [shape=(B, N_EXCITED, n_frames * hop_length // N_BANDS)]
            float32, circular in time, amplitudes as in the spectrogram.
        """
        drawn = [
            self.draw(partials, phase.mT, n_partials, sub_band=sub_band, heard=heard)
            for sub_band, heard in enumerate(self.heard)
        ]
        return torch.stack(drawn, dim=1)

    def draw(self, partials: "Partials", phase: Tensor, n_partials: int, *, sub_band: int, heard: slice) -> Tensor:
        """Draw one sub-band, `[B, n]`, from the partials of the bands that it hears."""
        n_frames = phase.shape[1]
        n_peaks = -(-(heard.stop - heard.start) // 2)
        amplitude, band = partials.amplitude[..., heard].topk(min(n_partials, n_peaks), dim=-1)
        amplitude, phase, a_frame = (
            part.flatten(0, 1)[:, None]  # [B * n_frames, 1, n_partials]
            for part in (amplitude, *(whole[..., heard].gather(2, band) for whole in (phase, partials.cycles)))
        )
        step = (a_frame * self.gain_scale).round().long().clamp(0, self.gains.shape[1] - 1)
        loud = amplitude * self.gains[sub_band][step]
        starts = torch.arange(-self.hop, self.hop, COARSE, device=phase.device)[:, None]
        fine = torch.arange(COARSE, device=phase.device)[:, None]
        cycles = a_frame / self.hop
        cosine, sine = turn(phase + cycles * starts - sub_band % 2 / 4)  # neighbours' filters are a quarter cycle apart
        onward_cosine, onward_sine = turn(cycles * fine)
        frames = cosine @ (onward_cosine * loud).mT - sine @ (onward_sine * loud).mT
        frames = frames.flatten(1)[:, : 2 * self.hop] * self.window  # [B * n_frames, 2 * hop]
        before, after = frames.reshape(-1, n_frames, 2 * self.hop).chunk(2, dim=-1)
        return (after + before.roll(-1, dims=1)).flatten(1)

    def read(self, spectrogram: Tensor) -> "Partials":
        """Find the partials of a spectrogram `[B, 2, n_mels, n_frames]`."""
        return Partials(
            amplitude=self.amplitudes(spectrogram),
            cycles=self.centers + spectrogram[:, 1, : self.n_bands].mT * self.widths,
            onset=sets_in(spectrogram[:, 0, : self.n_bands].mT, self.mel_format),
        )

    def states(self, partials: "Partials", states_in: Tensor | None = None) -> Tensor:
        """Integrate the phase of each band.

        Parameters
        ----------
        partials : Partials
            What `read` found in the spectrogram.
        states_in : Tensor [shape=(B, 2, n_bands)] or [shape=(B, 2, n_bands, n_known)], optional
            State of the first frame, if the spectrogram is a cut; or states of its first frames, the last of which
            counts where no sound sets in. By default it is a loop, and phases close over it.

        Returns
        -------
        Tensor [shape=(B, 2, n_bands, n_frames)]
            Phase in cycles and drift in cycles a frame.
        """
        origin, step = links(partials)
        if states_in is None:
            since = integrate(origin, step)
            round_it = join((origin[:, :1], step[:, :1]), (since[0][:, -1:], since[1][:, -1:]))
            return run_on(since, close(*round_it, origin.shape[1]))
        known = states_in if states_in.ndim == 4 else states_in[..., None]
        last = known.shape[-1] - 1
        state = known[..., last] * ~partials.onset[:, None, last] if last else known[..., 0]
        return torch.cat([known[..., :last], run_on(integrate(origin[:, last:], step[:, last:]), state)], dim=-1)

    def amplitudes(self, spectrogram: Tensor) -> Tensor:
        """Find the amplitude of the sinusoid in each band, `[B, n_frames, n_bands]`; 0 in bands that carry none.

        A peak takes the power of its neighbours, half of it where another peak shares them.
        """
        fmt, n_bands = self.mel_format, self.n_bands
        mel = F.pad(spectrogram[:, 0, : n_bands + 1].mT, (1, 0), value=fmt.floor)  # nothing below the lowest band
        sounding = mel > fmt.floor + 1e-3
        power = magnitude_power(mel, fmt) * sounding
        here = mel[..., 1:-1]
        peak = (here > mel[..., :-2]) & (here >= mel[..., 2:]) & sounding[..., 1:-1]
        peak &= spectrogram[:, 1, :n_bands].mT.abs() <= OWN_BAND
        share = 1 - 0.5 * F.pad(peak, (2, 2)).float()  # of a neighbour's power, by whether a peak lies beyond it
        beside = power[..., :-2] * share[..., :-4] + power[..., 2:] * share[..., 4:]
        return peak * (power[..., 1:-1] + beside).clamp_min(TINY).sqrt()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Partials:
    """The sinusoids of a spectrogram, each entry `[B, n_frames, n_bands]`."""

    amplitude: Tensor
    """Amplitude of the sinusoid in each band; 0 in bands that carry none."""
    cycles: Tensor
    """Frequency of each band in cycles a frame."""
    onset: Tensor
    """bool: whether sound sets in around a band."""


def sets_in(mel: Tensor, mel_format: LoopFormat) -> Tensor:
    """Tell whether sound sets in around a band, from channel 0 `[B, n_frames, n_bands]`: bool of the same shape."""
    around = F.max_pool1d(mel, 2 * REACH + 1, stride=1, padding=REACH)
    return around - around.roll(1, dims=1) > ONSET_LOG10 / mel_format.scale_log10


def magnitude_power(mel: Tensor, mel_format: MelFormat) -> Tensor:
    """Turn channel 0 into power."""
    nepers = 2 * math.log(10)
    return (mel * (nepers * mel_format.scale_log10) + nepers * mel_format.center_log10).exp()


Link = tuple[Tensor, Tensor]
"""From a frame to an earlier one: the band it comes from (int64) and the cycles turned since, `[B, n, n_bands + 1]`."""


def links(partials: Partials) -> Link:
    """Find where each band takes its phase from.

    Parameters
    ----------
    partials : Partials
        The partials of a spectrogram.

    Returns
    -------
    origin : Tensor [shape=(B, n_frames, n_bands + 1)]
        int64; the band of the frame before: the peak within `REACH` that is nearest in frequency, else itself;
        `n_bands`, which stands for silence, where sound sets in.
    step : Tensor [shape=(B, n_frames, n_bands + 1)]
        Cycles from the frame before to this one, less whole ones.
    """
    now = partials.cycles
    n_bands = now.shape[-1]
    before = now.roll(1, dims=1)
    sounding = before.masked_fill(partials.amplitude.roll(1, dims=1) == 0, math.inf)
    sounding = F.pad(sounding, (REACH, REACH), value=math.inf)
    band = torch.arange(n_bands, device=now.device)
    origin, nearest = band.expand(now.shape), torch.full_like(now, math.inf)
    for side in (0, *(side * distance for distance in range(1, REACH + 1) for side in (-1, 1))):
        distance = (sounding[..., REACH + side : REACH + side + n_bands] - now).abs_()
        origin = torch.where(distance < nearest, band + side, origin)
        nearest = torch.minimum(distance, nearest)
    step = ((now + before.gather(2, origin)) / 2 % 1).masked_fill(partials.onset, 0)
    return F.pad(origin.masked_fill(partials.onset, n_bands), (0, 1), value=n_bands), F.pad(step, (0, 1))


def join(later: Link, earlier: Link) -> Link:
    """Join two links into one."""
    origin, turned = later
    total = turned + earlier[1].gather(2, origin)
    return earlier[0].gather(2, origin), total - total.floor()


def integrate(origin: Tensor, step: Tensor) -> Link:
    """Join the links of each frame with all before it, up to frame 0, in log2(n_frames) rounds (a parallel scan).

    Parameters
    ----------
    origin, step : Tensor [shape=(B, n_frames, n_bands + 1)]
        Link of each frame to the one before; that of frame 0 is left out.

    Returns
    -------
    tuple of Tensor [shape=(B, n_frames, n_bands + 1)]
        Link of each frame to frame 0.

    References
    ----------
    Hillis and Steele 1986, "Data parallel algorithms", Communications of the ACM 29 (12).
    """
    origin, step = origin.clone(), step.clone()
    origin[:, 0], step[:, 0] = torch.arange(origin.shape[2], device=origin.device), 0
    reach = 1
    while reach < origin.shape[1]:
        far = join((origin[:, reach:], step[:, reach:]), (origin[:, :-reach], step[:, :-reach]))
        origin, step = torch.cat([origin[:, :reach], far[0]], dim=1), torch.cat([step[:, :reach], far[1]], dim=1)
        reach *= 2
    return origin, step


def run_on(since: Link, state: Tensor) -> Tensor:
    """Follow the links of each frame to the first one, whose state is known: `[B, 2, n_bands, n_frames]`."""
    root, turned = (part[..., :-1] for part in since)
    n_frames = root.shape[1]
    known = F.pad(state, (0, 1))[:, :, None].expand(-1, -1, n_frames, -1)  # an onset's state is 0
    phase, drift = (known[:, entry].gather(2, root) for entry in range(2))
    frames = torch.arange(n_frames, device=phase.device)[:, None]
    return torch.stack([(turned + phase + frames * drift) % 1, drift], dim=1).mT


def close(root: Tensor, turned: Tensor, n_frames: int) -> Tensor:
    """Choose the state of a loop's first frame so that its end runs into it.

    Parameters
    ----------
    root, turned : Tensor [shape=(B, 1, n_bands + 1)]
        Link from the first frame round the loop to itself.
    n_frames : int
        Frames of the loop.

    Returns
    -------
    Tensor [shape=(B, 2, n_bands)]
        Where an onset lies in between, the phase since then. A band that comes back to itself starts at 0, and drifts
        by what its last cycle lacks; one that comes from another goes on from there. (Where two change places over the
        loop, neither can close.)
    """
    root, turned = root[:, 0], turned[:, 0]
    band = torch.arange(root.shape[1], device=root.device)
    own, silent = root == band, root == band[-1]
    drift = (torch.round(turned) - turned) / n_frames * (own & ~silent)
    phase = turned * silent
    follows = ~own & ~silent
    leader, since, rounds = torch.where(follows, root, band), turned * follows, follows.float()
    for _ in range(len(band).bit_length()):  # whom it follows may follow another one
        since, rounds = since + since.gather(1, leader), rounds + rounds.gather(1, leader)
        leader = leader.gather(1, leader)
    phase, drift = phase.gather(1, leader), drift.gather(1, leader)
    return torch.stack([(phase + since + rounds * n_frames * drift) % 1, drift], dim=1)[..., :-1]


def heard_bands(gain: np.ndarray) -> slice:
    """Choose the bands that a sub-band hears, by its gain at their centres, `[n_bands]`, and one more at either end."""
    heard = np.flatnonzero(gain > LEAST_GAIN)
    return slice(max(int(heard[0]) - 1, 0), min(int(heard[-1]) + 2, len(gain)))


def turn(cycles: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of an angle in cycles."""
    angle = 2 * math.pi * (cycles - cycles.round())
    return angle.cos(), angle.sin()
