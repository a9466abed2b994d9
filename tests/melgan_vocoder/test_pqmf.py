"""audio <-> sub-bands: against scipy's direct convolution, and back again below -50 dB."""

import numpy as np
import pytest
import torch
from scipy import ndimage, signal

from melgan_vocoder.pqmf import N_BANDS, N_TAPS, PQMF, design_filters, wrap

LENGTHS = [25, 80, 205, 3000]  # the first two are shorter than a filter


def noise(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.uniform(-1, 1, shape).astype(np.float32)


def level_db(error: np.ndarray, reference: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(error)) / np.mean(np.square(reference))))


def test_filters_have_one_row_a_band_and_synthesis_is_analysis_reversed() -> None:
    analysis, synthesis = design_filters()
    assert analysis.shape == synthesis.shape == (N_BANDS, N_TAPS) == (5, 81)
    assert analysis.dtype == np.float64
    np.testing.assert_allclose(synthesis, analysis[:, ::-1], atol=1e-12)


@pytest.mark.parametrize("band", range(N_BANDS))
def test_each_filter_passes_its_4_8_khz_and_stops_other_bands_by_60_db(band: int) -> None:
    frequency_hz, response = signal.freqz(design_filters()[0][band], worN=4096, fs=48_000)
    distance_hz = np.abs(frequency_hz - 4800 * (band + 0.5))
    gain_db = 20 * np.log10(np.abs(response) + 1e-9)
    assert np.abs(gain_db[distance_hz < 1000]).max() < 0.5
    assert gain_db[distance_hz > 2 * 2400 + 1000].max() < -60


@pytest.mark.parametrize("n_samples", LENGTHS)
def test_analysis_equals_direct_circular_convolution(rng: np.random.Generator, n_samples: int) -> None:
    audio = noise(rng, 2, n_samples)
    bands = PQMF().analysis(torch.from_numpy(audio)).numpy()
    assert bands.shape == (2, N_BANDS, n_samples // N_BANDS)
    for loop, split in zip(audio, bands, strict=True):
        for taps, got in zip(design_filters()[0], split, strict=True):
            padded = np.pad(loop, N_TAPS // 2, mode="wrap")
            needed = signal.convolve(padded, taps, mode="valid", method="direct")[::N_BANDS]
            np.testing.assert_allclose(got, needed, atol=1e-5)


@pytest.mark.parametrize("n_samples", LENGTHS)
def test_synthesis_equals_stuffing_zeros_and_direct_circular_convolution(
    rng: np.random.Generator, n_samples: int
) -> None:
    bands = noise(rng, 2, N_BANDS, n_samples // N_BANDS)
    audio = PQMF().synthesis(torch.from_numpy(bands)).numpy()
    assert audio.shape == (2, n_samples)
    for got, split in zip(audio, bands, strict=True):
        needed = np.zeros(n_samples)
        for taps, band in zip(design_filters()[1], split, strict=True):
            stuffed = np.zeros(n_samples)
            stuffed[::N_BANDS] = N_BANDS * band
            needed += ndimage.convolve1d(stuffed, taps, mode="wrap")
        np.testing.assert_allclose(got, needed, atol=1e-5)


def test_white_noise_comes_back_below_minus_50_db(rng: np.random.Generator) -> None:
    audio, bank = noise(rng, 4, 48_000), PQMF()
    error = bank.synthesis(bank.analysis(torch.from_numpy(audio))).numpy() - audio
    assert level_db(error, audio) < -50


def test_error_at_the_wrap_around_is_that_of_anywhere_else(rng: np.random.Generator) -> None:
    audio, bank = noise(rng, 64, 1000), PQMF()
    error = bank.synthesis(bank.analysis(torch.from_numpy(audio))).numpy() - audio
    seam, middle = np.concatenate([error[:, :80], error[:, -80:]], axis=1), error[:, 420:580]
    assert abs(level_db(seam, middle)) < 0.5
    assert level_db(seam, audio) < -49.5


def test_rolling_by_a_sub_band_sample_rolls_the_bands(rng: np.random.Generator) -> None:
    audio, bank = torch.from_numpy(noise(rng, 1, 500)), PQMF()
    torch.testing.assert_close(bank.analysis(audio.roll(15, -1)), bank.analysis(audio).roll(3, -1), atol=1e-6, rtol=0)


@pytest.mark.parametrize("band", range(N_BANDS))
def test_sine_in_the_middle_of_a_band_comes_out_there_alone(band: int) -> None:
    time_s = np.arange(4800) / 48_000
    bands = PQMF().analysis(torch.from_numpy(np.sin(2 * np.pi * 4800 * (band + 0.5) * time_s)[None]).float())[0]
    power = bands.square().mean(dim=1)
    assert power.argmax() == band
    assert power[band] == pytest.approx(0.5, rel=0.02)
    assert power.sum() - power[band] < 1e-5


def test_has_nothing_to_learn_or_to_store() -> None:
    assert not PQMF().state_dict()
    assert not list(PQMF().parameters())


@pytest.mark.parametrize(("left", "right"), [(0, 0), (3, 3), (0, 7), (7, 0), (7, 2), (8, 0), (20, 16)])
def test_wrap_equals_numpy_also_beyond_the_length(rng: np.random.Generator, left: int, right: int) -> None:
    x = noise(rng, 2, 3, 7)
    needed = np.pad(x, ((0, 0), (0, 0), (left, right)), mode="wrap")
    np.testing.assert_array_equal(wrap(torch.from_numpy(x), left, right).numpy(), needed)
