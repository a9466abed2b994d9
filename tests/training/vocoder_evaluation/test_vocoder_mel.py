"""Magnitudes from what the vocoder is given."""

import numpy as np
import pytest
import torch

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.spectrogram import SpectrogramTransform
from training.vocoder_evaluation.drum_hits import drum_loops
from training.vocoder_evaluation.griffin_lim import GriffinLim
from training.vocoder_evaluation.stft import stft
from training.vocoder_evaluation.vocoder_mel import band_power, power_bank, vocoder_mel_magnitude

N_SAMPLES = 24 * 375
HIGH = MelFormat().band_centers_hz >= MelFormat().window_split_hz
"""Bands that the vocoder's analysis sees under a window of 2048 samples too."""


@pytest.fixture
def noise(rng: np.random.Generator) -> np.ndarray:
    return (0.1 * rng.standard_normal(N_SAMPLES)).astype(np.float32)


def sine(level_db: float) -> np.ndarray:
    cycles = 1600 / 48_000 * np.arange(48 * 375)
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * cycles)).astype(np.float32)


def test_power_is_that_of_the_spectrograms_channel_0_and_nothing_at_its_floor() -> None:
    loop = np.roll(drum_loops()[0].mean(axis=0), 5000)[: 64 * 375].astype(np.float32)
    mel = SpectrogramTransform(MelFormat())(torch.from_numpy(loop)[None])[0, 0].numpy().T
    silent = mel <= -1
    assert 0.1 < silent.mean() < 0.9
    expected = np.where(silent, 0, 10 ** (2 * (2.3 * mel - 2.2)))
    np.testing.assert_allclose(band_power(loop), expected, rtol=2e-3, atol=1.1e-9)


def test_bank_finds_the_power_of_steady_noise_that_the_vocoders_analysis_finds(noise: np.ndarray) -> None:
    power = np.abs(stft(noise, n_fft=2048, hop_length=375, oversampling=2)) ** 2
    np.testing.assert_allclose((power @ power_bank().T)[:, HIGH], band_power(noise)[:, HIGH], rtol=1e-4)


def test_full_scale_sine_has_power_1_in_all_bands_and_a_faint_one_none() -> None:
    np.testing.assert_allclose(band_power(sine(0)).sum(axis=1), 1, atol=1e-4)
    assert not vocoder_mel_magnitude(sine(-91)).any()


@pytest.mark.parametrize("gain", [1, 0.02])
def test_magnitudes_have_the_power_of_the_bands_however_quiet(gain: float, noise: np.ndarray) -> None:
    loop = np.float32(gain) * noise
    magnitude, power = vocoder_mel_magnitude(loop), band_power(loop)
    assert power.any()
    assert magnitude.shape == (24, 2049)
    assert magnitude.dtype == np.float32
    assert magnitude.min() >= 0
    assert np.linalg.norm(magnitude**2 @ power_bank().T - power) < 0.01 * np.linalg.norm(power)


def test_griffin_lim_gives_a_sine_back_at_its_pitch_and_level() -> None:
    audio = GriffinLim(8, vocoder_mel_magnitude)(sine(-12)[None])[0]
    assert np.abs(np.fft.rfft(audio)).argmax() * 48_000 / len(audio) == pytest.approx(1600, abs=20)
    assert np.sqrt(np.mean(audio**2)) == pytest.approx(10 ** (-12 / 20) / np.sqrt(2), rel=0.1)


def test_what_the_vocoder_cannot_tell_apart_sounds_the_same(noise: np.ndarray) -> None:
    baseline = GriffinLim(1, vocoder_mel_magnitude)
    np.testing.assert_array_equal(baseline(noise[None]), baseline(-noise[None]))


def test_what_is_no_loop_for_the_vocoder_is_refused() -> None:
    with pytest.raises(VocoderError, match="audio has 9001 samples, a multiple of 375 of at least 5120 is needed"):
        vocoder_mel_magnitude(np.zeros(9001, np.float32))
