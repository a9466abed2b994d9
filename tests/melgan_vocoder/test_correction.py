"""Levels after the network: frames split and joined, the quick mel against the exact one, bands changed as asked."""

import functools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from melgan_vocoder.correction import DrawnMel, LevelChange, ShortTimeFilter
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from melgan_vocoder.one_channel import OneChannelTransform
from melgan_vocoder.pqmf import PQMF
from melgan_vocoder.spectrogram import SpectrogramTransform

FORMAT = MelFormat()
FILTER = ShortTimeFilter(FORMAT)
N_FRAMES = 64
N_SAMPLES = N_FRAMES * 375


def below_20_khz(audio: np.ndarray) -> np.ndarray:
    spectrum = np.fft.rfft(audio)
    spectrum[np.fft.rfftfreq(len(audio), 1 / 48_000) > 20_000] = 0
    return np.fft.irfft(spectrum)


@functools.cache
def sound(name: str) -> Tensor:
    """A loop of 64 frames: noise, a chord with a bass, or hits in silence."""
    rng, time_s = np.random.default_rng(4), np.arange(N_SAMPLES) / 48_000
    if name == "noise":
        audio = below_20_khz(0.1 * rng.standard_normal(N_SAMPLES))
    elif name == "chord":
        audio = sum(0.1 * np.sin(2 * np.pi * f * time_s) for f in (56, 328, 412, 1000, 6000))
    else:
        audio = np.zeros(N_SAMPLES)
        for start in (3000, 15_000):
            audio[start : start + 6000] += 0.3 * rng.standard_normal(6000) * np.exp(-np.arange(6000) / 900)
    return torch.from_numpy(audio).float()[None]


def filtered(audio: Tensor, change: Tensor) -> Tensor:
    return FILTER.join(LevelChange(FORMAT, FORMAT.band_centers_hz)(FILTER.split(audio), change))


@pytest.mark.parametrize("n_frames", [1, 2, 5, 6, 40])
def test_split_and_joined_frames_are_the_loop_of_any_length(rng: np.random.Generator, n_frames: int) -> None:
    audio = torch.from_numpy(0.3 * np.sin(np.arange(n_frames * 375) * 2 * np.pi / 15)).float().expand(2, -1)
    spectrum = FILTER.split(audio)
    assert spectrum.shape == (2, n_frames, 897)
    torch.testing.assert_close(FILTER.join(spectrum), audio, atol=2e-5, rtol=0)


def test_nothing_above_21_khz_is_played() -> None:
    time_s = torch.arange(N_SAMPLES, dtype=torch.float64) / 48_000
    low, high = (torch.sin(2 * torch.pi * hertz * time_s)[None].float() for hertz in (20_000, 22_000))
    torch.testing.assert_close(FILTER.join(FILTER.split(low + high)), low, atol=1e-3, rtol=0)


def test_frames_are_centred_on_their_hops() -> None:
    audio = torch.zeros(1, 40 * 375)
    audio[0, 20 * 375] = 1
    power = FILTER.split(audio).abs().square().sum(dim=-1)[0]
    assert power.argmax() == 20
    torch.testing.assert_close(power[18], power[22])


@pytest.mark.parametrize(("name", "distance"), [("noise", 0.005), ("chord", 0.02), ("hits", 0.005)])
def test_quick_mel_is_the_exact_one(name: str, distance: float) -> None:
    """Pure tones differ in their skirts, 40 dB below them."""
    audio = sound(name)
    exact = SpectrogramTransform(FORMAT).mel(audio)
    quick = DrawnMel(FORMAT)(audio, PQMF().analysis(audio)[:, 0], FILTER.split(audio))
    assert quick.shape == exact.shape == (1, 128, N_FRAMES)
    assert (quick - exact).abs().mean() * FORMAT.scale_log10 < distance
    assert exact.std() > 0.1


def test_quick_mel_keeps_nothing_of_the_exact_one_that_it_does_not_read() -> None:
    """The long windows' transforms alone are 12.5 MB."""
    kept = DrawnMel(FORMAT)
    assert sum(buffer.nbytes for buffer in kept.buffers()) < 500_000
    assert not kept.state_dict()


@pytest.mark.parametrize(
    ("decades", "gain"), [(0.0, 1.0), (-0.5, 10**-0.5), (0.3, 10**0.3), (5.0, 10**0.6), (-9.0, 0.01)]
)
def test_equal_change_of_all_bands_is_a_gain_within_limits(decades: float, gain: float) -> None:
    change = torch.full((1, 128, N_FRAMES), decades / FORMAT.scale_log10)
    torch.testing.assert_close(filtered(sound("noise"), change), gain * sound("noise"), atol=1e-4, rtol=0)


def test_change_of_a_band_is_heard_in_that_band_at_that_time() -> None:
    transform, change = SpectrogramTransform(FORMAT), torch.zeros(1, 128, N_FRAMES)
    change[0, 79:82, 20:40] = -1 / FORMAT.scale_log10
    before, after = transform.mel(sound("noise"))[0], transform.mel(filtered(sound("noise"), change))[0]
    fallen = (before - after) * FORMAT.scale_log10
    assert fallen[80, 24:36].mean() == pytest.approx(1, abs=0.15)
    assert fallen[:77].abs().max() < 0.05
    assert fallen[84:].abs().max() < 0.05
    assert fallen[80, 45:].abs().max() < 0.05
    assert fallen[80, :15].abs().max() < 0.05


def test_rolling_loop_and_change_rolls_the_result(rng: np.random.Generator) -> None:
    change = torch.from_numpy(rng.uniform(-0.5, 0.2, (1, 128, N_FRAMES)).astype(np.float32))
    rolled = filtered(sound("noise").roll(7 * 375, -1), change.roll(7, -1))
    torch.testing.assert_close(rolled, filtered(sound("noise"), change).roll(7 * 375, -1), atol=1e-6, rtol=0)


@pytest.fixture
def vocoder(seeded_torch: None) -> Vocoder:
    return Vocoder(FORMAT, VocoderConfig(channels=(8, 6, 5), stand_in_channels=4)).eval().requires_grad_(False)


@pytest.mark.parametrize(("name", "share"), [("noise", 0.6), ("chord", 0.6), ("hits", 0.85)])
def test_joined_bands_come_near_to_the_spectrogram(vocoder: Vocoder, name: str, share: float) -> None:
    transform = SpectrogramTransform(FORMAT)
    spectrogram = transform(sound(name))
    bands = vocoder.bands(spectrogram)
    distances = [
        float((transform.mel(audio) - spectrogram[:, 0]).abs().mean())
        for audio in (vocoder.pqmf.synthesis(bands), vocoder.join(bands, spectrogram))
    ]
    assert distances[1] < share * distances[0]


def test_joined_bands_come_near_to_a_spectrogram_of_one_channel(vocoder: Vocoder) -> None:
    transform = OneChannelTransform()
    asked = transform(sound("noise"))
    bands = vocoder.pqmf.analysis(0.3 * sound("noise").roll(20 * 375, -1))
    got = transform(vocoder.join(bands, asked))
    before = transform(vocoder.pqmf.synthesis(bands))
    assert (got - asked).abs().mean() < 0.4 * (before - asked).abs().mean()


def test_what_is_at_its_level_already_stays_as_it_is(vocoder: Vocoder) -> None:
    bands = vocoder.pqmf.analysis(sound("noise"))
    audio = vocoder.pqmf.synthesis(bands)
    spectrogram = vocoder.drawn_mel(audio, bands[:, 0], vocoder.filter.split(audio))
    joined = vocoder.join(bands, torch.stack([spectrogram, torch.zeros_like(spectrogram)], dim=1))
    torch.testing.assert_close(joined, audio, atol=1e-4, rtol=0)


def test_no_more_than_12_db_is_added_and_what_overshoots_the_ceiling_is_not_asked_for(vocoder: Vocoder) -> None:
    bands = vocoder.pqmf.analysis(1e-3 * sound("noise"))
    loud = torch.stack([torch.full((1, 128, N_FRAMES), 9.0), torch.zeros(1, 128, N_FRAMES)], dim=1)
    joined = vocoder.join(bands, loud)
    assert float(20 * (joined.std() / vocoder.pqmf.synthesis(bands).std()).log10()) == pytest.approx(12, abs=0.1)


def test_gradient_passes_through_levels_and_is_finite_in_silence(vocoder: Vocoder) -> None:
    spectrogram = SpectrogramTransform(FORMAT)(sound("hits"))
    for scale in (0.0, 1.0):
        bands = (scale * vocoder.pqmf.analysis(sound("hits"))).requires_grad_()
        vocoder.join(bands, spectrogram).square().sum().backward()
        assert bands.grad is not None
        assert bands.grad.isfinite().all()
        assert math.isclose(scale, 0) or bands.grad.any()
