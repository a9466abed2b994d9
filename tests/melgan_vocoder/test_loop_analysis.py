"""Loops of any tempo, analysed in either format."""

import numpy as np
import pytest
import torch

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import LoopFormat, MelFormat, OneChannelFormat
from melgan_vocoder.loop_analysis import analyse_loop, whole_hops
from melgan_vocoder.one_channel import OneChannelTransform
from melgan_vocoder.spectrogram import SpectrogramTransform

FORMATS = pytest.mark.parametrize("mel_format", [OneChannelFormat(), MelFormat()], ids=["one channel", "two channels"])


@pytest.mark.parametrize("transform", [OneChannelTransform(), SpectrogramTransform(MelFormat())], ids=["one", "two"])
def test_loop_of_the_formats_tempo_is_analysed_as_by_its_transform(
    transform: OneChannelTransform | SpectrogramTransform, rng: np.random.Generator
) -> None:
    audio = rng.uniform(-0.5, 0.5, 192_000).astype(np.float32)
    expected = transform(torch.from_numpy(audio)[None])[0].numpy()
    np.testing.assert_allclose(analyse_loop(audio, transform.mel_format), expected, atol=1e-5)


@FORMATS
@pytest.mark.parametrize("n_samples", [144_001, 192_000, 230_500])
def test_frames_are_spread_over_a_loop_of_any_tempo(mel_format: LoopFormat, n_samples: int) -> None:
    audio = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(n_samples) / 48_000)
    audio[n_samples // 2 :] = 0
    spectrogram = analyse_loop(audio.astype(np.float32), mel_format)
    assert spectrogram.shape == mel_format.spectrogram_shape
    assert spectrogram.dtype == np.float32
    loud = spectrogram[0].max(axis=0)
    assert loud[8:248].min() > 0.5
    assert loud[264:504].max() < -0.5


@FORMATS
def test_loop_shorter_than_a_window_is_refused(mel_format: LoopFormat) -> None:
    with pytest.raises(VocoderError, match="samples, a multiple of"):
        analyse_loop(np.zeros(700, np.float32), mel_format)


def test_loop_of_odd_length_is_stretched_to_whole_hops() -> None:
    time = np.arange(192_100) / 192_100
    audio, hop = whole_hops(np.sin(2 * np.pi * 50 * time), 512)
    assert (len(audio), hop, audio.dtype) == (512 * 375, 375, np.float32)
    np.testing.assert_allclose(audio, np.sin(2 * np.pi * 50 * np.arange(192_000) / 192_000), atol=1e-5)
    whole = np.zeros(51_200, np.float32)
    assert whole_hops(whole, 512)[0] is whole
