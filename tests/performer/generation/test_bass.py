import numpy as np
import pytest
from scipy import signal

from performer.desk.stereo import loudness_gain
from performer.generation.bass import HALF, Joined, covariance_of, join_loops, join_window, k_weight
from performer.generation.governor import doubles

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


@pytest.mark.parametrize("n_loops", [1, 2])
def test_doubles_are_mixed_as_loud_as_what_they_stand_in_for(rng: np.random.Generator, n_loops: int) -> None:
    loops = noise_loops(rng, shared=0.2)
    whole, standing_in = join(loops), doubles(n_loops)
    blend = whole.blend.doubled(standing_in)
    drawn = join(loops[standing_in])
    assert blend.high_gain == pytest.approx(drawn.blend.high_gain, rel=1e-6)
    np.testing.assert_allclose(blend.covariance, drawn.blend.covariance, rtol=0.02)
    equal = np.full((2, 4), 0.25)
    powers = [loudness_gain(equal, part.covariance) ** 2 * part.covariance.mean() for part in (whole.blend, blend)]
    assert powers[1] == pytest.approx(powers[0], rel=0.001)


def test_silence_stays_silence() -> None:
    joined = join(np.zeros((4, N), np.float32))
    assert not joined.audio.any()
    assert joined.blend.high_gain == 1
