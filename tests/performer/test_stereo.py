import numpy as np
import pytest
from scipy import signal

from melgan_vocoder.format import MelFormat
from performer.stereo import join_bass, loudness_gain, stereo_weights

FORMAT = MelFormat()


def noise_loops(rng: np.random.Generator, *, shared: float) -> np.ndarray:
    """Four loops of noise of equal power that share some of it."""
    own, common = rng.standard_normal((4, FORMAT.n_samples)), rng.standard_normal(FORMAT.n_samples)
    return (0.1 * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)).astype(np.float32)


def loudness_db(audio: np.ndarray) -> float:
    """K-weighted loudness with filters in the time domain, as BS.1770 writes them; channels are averaged."""
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
    highpass = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    twice = np.concatenate([audio, audio], axis=-1)
    heard = signal.lfilter(*highpass, signal.lfilter(*shelf, twice))[..., audio.shape[-1] :]
    return float(10 * np.log10(np.mean(heard**2)))


@pytest.mark.parametrize("width", [0.0, 0.3, 1.0])
def test_each_channel_s_weights_sum_to_one(width: float) -> None:
    np.testing.assert_allclose(stereo_weights(width).sum(axis=1), 1)


def test_no_width_is_mono_and_full_width_differs() -> None:
    narrow, wide = stereo_weights(0), stereo_weights(1)
    np.testing.assert_array_equal(narrow[0], narrow[1])
    assert np.abs(wide[0] - wide[1]).max() > 1
    np.testing.assert_allclose(wide.mean(axis=0), narrow.mean(axis=0))  # summed to mono, nothing changes


def test_equal_loops_pass_unchanged(rng: np.random.Generator) -> None:
    loops = np.repeat(noise_loops(rng, shared=1)[:1], 4, axis=0)
    audio, covariance = join_bass(loops, FORMAT)
    np.testing.assert_allclose(audio, loops, atol=1e-6)
    assert loudness_gain(stereo_weights(0.7), covariance) == pytest.approx(1)


def test_below_150_hz_all_loops_are_the_first(rng: np.random.Generator) -> None:
    loops = noise_loops(rng, shared=0)
    audio, _ = join_bass(loops, FORMAT)
    bins = np.fft.rfftfreq(FORMAT.n_samples, 1 / FORMAT.sample_rate) <= 150
    spectra = np.fft.rfft(audio, axis=-1)[:, bins]
    np.testing.assert_allclose(spectra, np.repeat(np.fft.rfft(loops[0])[None, bins], 4, axis=0), atol=0.02)


def test_above_250_hz_each_loop_is_its_own(rng: np.random.Generator) -> None:
    loops = noise_loops(rng, shared=0)
    audio, _ = join_bass(loops, FORMAT)
    bins = np.fft.rfftfreq(FORMAT.n_samples, 1 / FORMAT.sample_rate) >= 250
    before, after = (np.fft.rfft(x, axis=-1)[:, bins] for x in (loops, audio))
    ratio = np.abs(np.sum(after * before.conj(), axis=1)) / np.sum(np.abs(before) ** 2, axis=1)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)
    assert ratio[0] == pytest.approx(2, rel=0.02)  # four unrelated loops with weights 1/4 lose 6 dB


def test_the_crossover_is_circular(rng: np.random.Generator) -> None:
    loops = noise_loops(rng, shared=0.5)
    rolled, _ = join_bass(np.roll(loops, 12_345, axis=1), FORMAT)
    np.testing.assert_allclose(rolled, np.roll(join_bass(loops, FORMAT)[0], 12_345, axis=1), atol=1e-5)


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("width", [0.0, 0.5, 1.0])
def test_loudness_stays_within_1_db_of_one_loop(rng: np.random.Generator, shared: float, width: float) -> None:
    loops = noise_loops(rng, shared=shared)
    audio, covariance = join_bass(loops, FORMAT)
    weights = stereo_weights(width)
    mixed = loudness_gain(weights, covariance) * weights @ audio
    assert loudness_db(mixed) == pytest.approx(loudness_db(loops), abs=1)


def test_silence_has_gain_one() -> None:
    audio, covariance = join_bass(np.zeros((4, FORMAT.n_samples), np.float32), FORMAT)
    assert np.all(audio == 0)
    assert loudness_gain(stereo_weights(1), covariance) == 1
