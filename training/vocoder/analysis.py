"""A batch of cuts -> what the vocoder is given and what it should give back.

A cut is a segment, on which the losses are computed, between halos, which keep the circular network's seam away from
it, between margins, which keep the seam of the circular analysis away from the halos::

    margin | halo | segment | halo | margin
"""

import dataclasses

import torch
from torch import Tensor, nn

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder
from melgan_vocoder.one_channel import OneChannelTransform
from melgan_vocoder.pqmf import N_BANDS
from melgan_vocoder.spectrogram import SpectrogramTransform
from training.vocoder.config import MIN_HALO, BatchConfig

MARGIN = MIN_HALO
"""Frames of each margin."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Example:
    """What a batch of cuts says; all but the two inputs is of the segment alone."""

    spectrogram: Tensor
    """Segment and halos, `[B, 2, n_mels, n_frames]`: the vocoder's input."""
    one_channel: Tensor
    """The same in the old analysis, `[B, 1, n_mels, n_frames]`: the stand-in's input; empty where it is not trained."""
    target: Tensor
    """The segment's spectrogram, `[B, 2, n_mels, segment_frames]`."""
    audio: Tensor
    """The segment's audio, `[B, n_samples]`."""
    bands: Tensor
    """The segment's sub-bands, `[B, N_BANDS, n]`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing:
    """What the vocoder draws of a segment."""

    mel: Tensor
    """Channel 0 of its audio's spectrogram, `[B, n_mels, segment_frames]`."""
    audio: Tensor
    """`[B, n_samples]`."""
    bands: Tensor
    """The audio's sub-bands, `[B, N_BANDS, n]`."""


class SegmentAnalysis(nn.Module):
    """Analyse cuts, and what a vocoder makes of them.

    Parameters
    ----------
    mel_format : MelFormat
        The format.
    config : BatchConfig
        Lengths of segment and halo.
    one_channel : bool
        Whether the old analysis is needed.
    """

    def __init__(self, mel_format: MelFormat, config: BatchConfig, *, one_channel: bool) -> None:
        super().__init__()
        self.transform = SpectrogramTransform(mel_format)
        self.one_channel = OneChannelTransform() if one_channel else None
        self.hop = mel_format.hop_length
        self.segment_frames = config.segment_frames
        self.halo_frames = config.halo_frames

    @property
    def cut_frames(self) -> int:
        """Frames of a whole cut."""
        return self.segment_frames + 2 * (self.halo_frames + MARGIN)

    @torch.no_grad()
    def forward(self, cut: Tensor, vocoder: Vocoder) -> Example:
        """Analyse cuts.

        Parameters
        ----------
        cut : Tensor [shape=(B, cut_frames * hop_length)]
            float32 in [-1, 1].
        vocoder : Vocoder
            Splits audio into its sub-bands.

        Returns
        -------
        Example
            Inputs and targets, without gradients.
        """
        spectrogram = self.transform(cut)[..., MARGIN:-MARGIN]
        old = self.one_channel(cut)[..., MARGIN:-MARGIN] if self.one_channel is not None else cut.new_empty(0)
        inner = cut[:, MARGIN * self.hop : -MARGIN * self.hop]
        return Example(
            spectrogram=spectrogram,
            one_channel=old,
            target=self.segment(spectrogram),
            audio=self.segment(inner, a_frame=self.hop),
            bands=self.segment(vocoder.pqmf.analysis(inner), a_frame=self.hop // N_BANDS),
        )

    def draw(self, vocoder: Vocoder, spectrogram: Tensor, *, precision: torch.dtype) -> Drawing:
        """Let a vocoder draw segments.

        Parameters
        ----------
        vocoder : Vocoder
            The network.
        spectrogram : Tensor [shape=(B, 2, n_mels, n_frames)]
            Segments and halos; phases begin at random (torch's global generator).
        precision : torch.dtype
            float32, or bfloat16 for the network's convolutions.

        Returns
        -------
        Drawing
            Of the segments, float32, with gradients.
        """
        phase = torch.rand(spectrogram.shape[0], 1, vocoder.excitation.n_bands, device=spectrogram.device)
        state_in = torch.cat([phase, torch.zeros_like(phase)], dim=1)  # a cut begins anywhere, and closes nowhere
        with torch.autocast(spectrogram.device.type, torch.bfloat16, enabled=precision == torch.bfloat16):
            audio = vocoder(spectrogram, state_in)
        bands = vocoder.pqmf.analysis(audio)
        return Drawing(
            mel=self.segment(vocoder.drawn_mel(audio, bands[:, 0], vocoder.filter.split(audio))),
            audio=self.segment(audio, a_frame=self.hop),
            bands=self.segment(bands, a_frame=self.hop // N_BANDS),
        )

    def segment(self, x: Tensor, a_frame: int = 1) -> Tensor:
        """Cut the halos off; `a_frame` entries of the last axis are one frame."""
        start = self.halo_frames * a_frame
        return x[..., start : start + self.segment_frames * a_frame]
