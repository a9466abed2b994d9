"""cuts -> examples: a cut is analysed as the whole loop is, and what is drawn lies under it."""

import numpy as np
import pytest
import torch

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from training.vocoder.analysis import MARGIN, SegmentAnalysis
from training.vocoder.config import BatchConfig

CONFIG = BatchConfig(segment_frames=20, halo_frames=9)


@pytest.fixture
def vocoder(seeded_torch: None) -> Vocoder:
    return Vocoder(MelFormat(), VocoderConfig(channels=(8, 6, 5), dilations=(1, 3), stand_in_channels=4))


@pytest.fixture
def analysis() -> SegmentAnalysis:
    return SegmentAnalysis(MelFormat(), CONFIG, one_channel=True)


def test_segment_of_a_cut_is_that_segment_of_the_loop(
    analysis: SegmentAnalysis, vocoder: Vocoder, corpus: object
) -> None:
    loop = torch.from_numpy(corpus.loop(2))[None]  # type: ignore[attr-defined]
    first = 100  # frame
    example = analysis(loop[:, first * 375 : (first + analysis.cut_frames) * 375], vocoder)
    drawn_from = slice(first + MARGIN, first + analysis.cut_frames - MARGIN)
    segment = slice(first + MARGIN + 9, first + MARGIN + 29)
    whole = analysis.transform(loop)
    # frequency is a quotient: where a band hardly sounds, rounding shows
    torch.testing.assert_close(example.spectrogram[:, 0], whole[:, 0, :, drawn_from], atol=1e-3, rtol=0)
    assert (example.spectrogram[:, 1] - whole[:, 1, :, drawn_from]).abs().mean() < 1e-3
    torch.testing.assert_close(example.target, example.spectrogram[..., 9:29])
    old = analysis.one_channel(loop)  # type: ignore[misc]
    torch.testing.assert_close(example.one_channel, old[..., drawn_from], atol=1e-3, rtol=0)
    torch.testing.assert_close(example.audio, loop[:, segment.start * 375 : segment.stop * 375])
    bands = vocoder.pqmf.analysis(loop)[..., segment.start * 75 : segment.stop * 75]
    torch.testing.assert_close(example.bands, bands, atol=1e-5, rtol=0)
    assert not example.spectrogram.requires_grad


def test_drawing_has_the_segments_shapes_and_gradients(
    analysis: SegmentAnalysis, vocoder: Vocoder, rng: np.random.Generator
) -> None:
    cut = torch.from_numpy(rng.uniform(-0.3, 0.3, (2, analysis.cut_frames * 375)).astype(np.float32))
    example = analysis(cut, vocoder)
    drawing = analysis.draw(vocoder, example.spectrogram, precision=torch.float32)
    assert drawing.audio.shape == example.audio.shape == (2, 20 * 375)
    assert drawing.bands.shape == example.bands.shape == (2, 5, 20 * 75)
    assert drawing.mel.shape == example.target[:, 0].shape == (2, 128, 20)
    drawing.mel.sum().backward()
    assert all(
        p.grad is not None and p.grad.isfinite().all() for n, p in vocoder.named_parameters() if "stand_in" not in n
    )


def test_mel_of_a_drawing_is_that_of_its_audio(analysis: SegmentAnalysis, vocoder: Vocoder, corpus: object) -> None:
    cut = torch.from_numpy(corpus.loop(2)[: analysis.cut_frames * 375])[None]  # type: ignore[attr-defined]
    spectrogram = analysis(cut, vocoder).spectrogram
    torch.manual_seed(5)
    mel = analysis.draw(vocoder, spectrogram, precision=torch.float32).mel
    torch.manual_seed(5)
    phase = torch.rand(1, 1, vocoder.excitation.n_bands)
    audio = vocoder(spectrogram, torch.cat([phase, torch.zeros_like(phase)], dim=1))
    assert (mel - analysis.segment(analysis.transform.mel(audio))).abs().mean() < 0.005


def test_half_precision_draws_nearly_the_same(
    analysis: SegmentAnalysis, vocoder: Vocoder, rng: np.random.Generator
) -> None:
    cut = torch.from_numpy(rng.uniform(-0.3, 0.3, (2, analysis.cut_frames * 375)).astype(np.float32))
    spectrogram = analysis(cut, vocoder).spectrogram
    whole, half = (
        draw_seeded(analysis, vocoder, spectrogram, precision) for precision in (torch.float32, torch.bfloat16)
    )
    assert half.dtype == torch.float32
    assert not torch.equal(whole, half)
    assert (whole - half).abs().mean() < 0.05 * whole.abs().mean()


def draw_seeded(
    analysis: SegmentAnalysis, vocoder: Vocoder, spectrogram: torch.Tensor, precision: torch.dtype
) -> torch.Tensor:
    """Both draws begin at the same phases."""
    torch.manual_seed(5)
    return analysis.draw(vocoder, spectrogram, precision=precision).audio.detach()


def test_digital_silence_is_drawn_and_analysed_without_nan(analysis: SegmentAnalysis, vocoder: Vocoder) -> None:
    example = analysis(torch.zeros(1, analysis.cut_frames * 375), vocoder)
    drawing = analysis.draw(vocoder, example.spectrogram, precision=torch.float32)
    (drawing.mel.sum() + drawing.audio.square().sum()).backward()
    grads = [p.grad for p in vocoder.parameters() if p.grad is not None]
    assert all(grad.isfinite().all() for grad in grads)
    assert drawing.audio.abs().max() < 1e-4
