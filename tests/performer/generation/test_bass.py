import numpy as np
import pytest
from scipy import signal

from performer.generation.bass import HALF, Joined, covariance_of, join_loops, join_window, k_weight

RATE = 48_000
N = 192_000


def noise_loops(rng: np.random.Generator, *, shared: float, n: int = N) -> np.ndarray:
    """Four loops of noise of equal power that share some of it."""
    own, common = rng.standard_normal((4, n)), rng.standard_normal(n)
    return (0.1 * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)).astype(np.float32)


def join(loops: np.ndarray) -> Joined:
    return join_loops(loops, sample_rate=RATE)


def bins(low_hz: float, high_hz: float) -> np.ndarray:
    frequency_hz = np.fft.rfftfreq(N, 1 / RATE)
    return (frequency_hz >= low_hz) & (frequency_hz <= high_hz)


def test_equal_loops_pass_unchanged(rng: np.random.Generator) -> None:
    loops = np.repeat(noise_loops(rng, shared=1)[:1], 4, axis=0)
    joined = join(loops)
    np.testing.assert_allclose(joined.audio, loops, atol=1e-6)
    assert joined.blend.high_gain == pytest.approx(1)


def test_below_150_hz_all_loops_are_the_first(rng: np.random.Generator) -> None:
    loops = noise_loops(rng, shared=0)
    spectra = np.fft.rfft(join(loops).audio, axis=-1)[:, bins(0, 130)]
    first = np.fft.rfft(loops[0])[bins(0, 130)]
    np.testing.assert_allclose(spectra, np.repeat(first[None], 4, axis=0), atol=0.02 * np.abs(first).max())


def test_above_270_hz_each_loop_is_its_own(rng: np.random.Generator) -> None:
    loops = noise_loops(rng, shared=0)
    before, after = (np.fft.rfft(x, axis=-1)[:, bins(270, 20_000)] for x in (loops, join(loops).audio))
    ratio = np.abs(np.sum(after * before.conj(), axis=1)) / np.sum(np.abs(before) ** 2, axis=1)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)
    assert ratio[0] == pytest.approx(2, rel=0.02)  # four unrelated loops with weights 1/4 lose 6 dB


@pytest.mark.parametrize("n", [307 * 375, 488 * 375, N])
def test_a_window_equals_that_cut_of_the_whole(rng: np.random.Generator, n: int) -> None:
    loops = noise_loops(rng, shared=0.3, n=n)
    whole = join(loops)
    for first, length in ((0, 12_000), (n - 5000, 12_000), (33_333, 750)):
        cut = np.take(loops, np.arange(first - HALF, first + length + HALF), axis=1, mode="wrap")
        window = join_window(cut, high_gain=whole.blend.high_gain, sample_rate=RATE)
        expected = np.take(whole.audio, np.arange(first, first + length), axis=1, mode="wrap")
        np.testing.assert_allclose(window, expected, atol=2e-6)


def test_covariance_is_k_weighted_as_bs1770_filters(rng: np.random.Generator) -> None:
    loops = noise_loops(rng, shared=0.5)
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
    highpass = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    joined = join(loops)
    twice = np.concatenate([joined.audio, joined.audio], axis=-1).astype(np.float64)
    heard = signal.lfilter(*highpass, signal.lfilter(*shelf, twice))[..., N:]
    np.testing.assert_allclose(joined.blend.covariance, heard @ heard.T / N, rtol=1e-3, atol=1e-6)
    spectrum = np.fft.rfft(joined.audio, axis=-1) * k_weight(N, RATE)
    np.testing.assert_allclose(covariance_of(spectrum, N), joined.blend.covariance, rtol=1e-5)


def test_silence_stays_silence() -> None:
    joined = join(np.zeros((4, N), np.float32))
    assert not joined.audio.any()
    assert joined.blend.high_gain == 1
