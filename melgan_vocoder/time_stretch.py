"""spectrogram -> the same at another tempo: hits stay sharp and alike, notes keep their pitch, circular in time."""

import torch
from torch import Tensor

from melgan_vocoder.excitation import sets_in
from melgan_vocoder.format import LoopFormat, MelFormat
from melgan_vocoder.tempo import EASE_FRAMES, HOLD_FRAMES, ONSET_COLUMNS, source_window

NEVER = -(2**30)
"""Column of an onset that there is not."""


def stretch(spectrogram: Tensor, n_frames: int, mel_format: LoopFormat | None = None) -> Tensor:
    """Stretch loops to a number of frames.

    Frame `p` shows what was drawn at `p * columns / n_frames`, in straight lines between columns (channel 0 in its
    logarithmic scale). Where sound sets in, in any band, that moves to the nearest frame, at most 4 ms away, and goes
    on from there for a while as it was drawn; so equal hits stay equal, and none is smeared or left out.

    Parameters
    ----------
    spectrogram : Tensor [shape=(B, n_channels, n_mels, n_columns)]
        Loops as `MelFormat` or `OneChannelFormat` says.
    n_frames : int
        See `tempo.frames_at`.
    mel_format : LoopFormat, optional
        The format; `MelFormat()` by default.

    Returns
    -------
    Tensor [shape=(B, n_channels, n_mels, n_frames)]
        The loops at the other tempo; the same, bit for bit, where the number of frames is.
    """
    first, n = source_window(0, n_frames, n_frames=n_frames, mel_format=mel_format)
    columns = torch.arange(first, first + n, device=spectrogram.device) % spectrogram.shape[-1]
    return stretch_window(spectrogram[..., columns], 0, n_frames, n_frames=n_frames, mel_format=mel_format)


def stretch_window(
    columns: Tensor, first: int, n: int, *, n_frames: int, mel_format: LoopFormat | None = None
) -> Tensor:
    """Stretch a part of loops.

    Parameters
    ----------
    columns : Tensor [shape=(B, n_channels, n_mels, n_columns)]
        The columns that `tempo.source_window` names for these frames.
    first, n : int
        The first frame, and how many.
    n_frames : int
        Frames of the whole stretched loop.
    mel_format : LoopFormat, optional
        The format; `MelFormat()` by default.

    Returns
    -------
    Tensor [shape=(B, n_channels, n_mels, n)]
        Those frames of what `stretch` makes of the whole loops, bit for bit.
    """
    fmt = mel_format or MelFormat()
    if n_frames == fmt.n_frames:
        return columns
    begin, _ = source_window(first, n, n_frames=n_frames, mel_format=fmt)
    frames = torch.arange(first, first + n, device=columns.device)
    index, part = places(onsets(columns[:, 0], fmt), frames, begin=begin, ratio=(fmt.n_frames, n_frames))
    earlier, later = (
        columns.gather(3, (index + step)[:, None].expand(-1, columns.shape[1], -1, -1)) for step in (0, 1)
    )
    blend = earlier + (later - earlier) * part[:, None]
    if columns.shape[1] == 1:
        return blend
    sounds, will_sound = (mel > fmt.floor + 1e-3 for mel in (earlier[:, 0], later[:, 0]))
    one = torch.where(sounds | (part == 0), earlier[:, 1], later[:, 1])  # what is silent has no frequency
    return torch.stack([blend[:, 0], torch.where(sounds & will_sound, blend[:, 1], one)], dim=1)


def onsets(mel: Tensor, mel_format: LoopFormat) -> Tensor:
    """Find the columns where sound sets in around a band, from channel 0 `[B, n_mels, n]`: bool of the same shape."""
    rising = sets_in(mel.mT, mel_format).mT
    known = torch.stack([rising.roll(by, -1) for by in range(1, ONSET_COLUMNS)]).any(dim=0)
    return rising & ~known


def places(onset: Tensor, frames: Tensor, *, begin: int, ratio: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Find between which columns each frame of each band lies.

    Parameters
    ----------
    onset : Tensor [shape=(B, n_mels, n_columns)]
        bool: where sound sets in.
    frames : Tensor [shape=(n,)]
        int64 numbers of frames.
    begin : int
        Number of the first column.
    ratio : tuple of int
        So many columns are so many frames.

    Returns
    -------
    index : Tensor [shape=(B, n_mels, n)]
        int64: the earlier one of two columns, counted from `begin`.
    part : Tensor [shape=(B, n_mels, n)]
        float32: the way from there to the later one, 0 to 1.

    Notes
    -----
    All is counted in whole numbers, columns in parts of a frame, so that no rounding depends on where a window begins.
    """
    n_columns, n_frames = ratio
    column = torch.arange(begin, begin + onset.shape[-1], device=onset.device)
    latest = torch.where(onset, column, NEVER).cummax(dim=-1).values
    upcoming = torch.where(onset, column, -NEVER).flip(-1).cummin(dim=-1).values.flip(-1)
    begun = ((2 * frames + 1) * n_columns - 1) // (2 * n_frames)  # the last column whose nearest frame is not to come
    hit, after = latest[..., begun - begin], upcoming[..., begun + 1 - begin]
    age = frames - (2 * hit * n_frames + n_columns) // (2 * n_columns)
    even = frames * n_columns  # where the tempo wants it
    drawn = (hit + age) * n_frames  # where it would be if it sounded on as it was drawn
    weight = ((EASE_FRAMES - age) / (EASE_FRAMES - HOLD_FRAMES)).double().clamp(0, 1)
    place = torch.minimum(even + (weight * (drawn - even)).round().long(), (after - 1) * n_frames)
    return place // n_frames - begin, (place % n_frames / n_frames).float()
