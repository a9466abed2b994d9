import numpy as np
import pytest
from scipy import signal

from performer.desk.meter import FLOOR_DB, LOUDNESS, PEAK, k_weighting, measure, new_state
from performer.memory import N_READINGS

SAMPLE_RATES = [44_100, 48_000, 96_000]
BLOCK_SIZES = [1, 64, 65, 256, 1024, 4096]


class Bench:
    """A meter and its reading."""

    def __init__(self, sample_rate: int = 48_000) -> None:
        self.sample_rate, self.state, self.reading = sample_rate, new_state(sample_rate), np.zeros(N_READINGS)

    def read(self, audio: np.ndarray, *, block_size: int = 4096) -> np.ndarray:
        for start in range(0, audio.shape[1], block_size):
            n = min(block_size, audio.shape[1] - start)
            measure(audio[:, start : start + n], n, self.state, self.reading)
        return self.reading.copy()

    def sine(self, frequency_hz: float, *, seconds: float = 1.0) -> np.ndarray:
        """`[2, n]` of full scale."""
        at_s = np.arange(round(seconds * self.sample_rate)) / self.sample_rate
        return np.tile(np.sin(2 * np.pi * frequency_hz * at_s), (2, 1))


def test_k_weighting_is_bs_1770_s_at_48_khz() -> None:
    shelf, high_pass = k_weighting(48_000)
    table = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585]
    np.testing.assert_allclose(shelf, table, atol=1e-12)
    np.testing.assert_allclose(high_pass, [1, -2, 1, -1.99004745483398, 0.99007225036621], atol=1e-12)


@pytest.mark.parametrize("sample_rate", [44_100, 96_000])
def test_k_weighting_weighs_alike_at_other_sample_rates(sample_rate: int) -> None:
    frequency_hz = np.geomspace(20, 12_000, 50)

    def weight_db(rate: int) -> np.ndarray:
        total = np.zeros(50)
        for b0, b1, b2, a1, a2 in k_weighting(rate):
            total += 20 * np.log10(np.abs(signal.freqz([b0, b1, b2], [1, a1, a2], worN=frequency_hz, fs=rate)[1]))
        return total

    np.testing.assert_allclose(weight_db(sample_rate), weight_db(48_000), atol=0.1)


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
def test_loudness_of_the_standard_s_tone(sample_rate: int) -> None:
    """BS.1770: 997 Hz of full scale in one channel reads -3.01 LUFS; in both, 3 dB more."""
    bench = Bench(sample_rate)
    left = bench.sine(997)
    both = left.copy()
    left[1] = 0
    assert bench.read(left)[LOUDNESS] == pytest.approx(-3.01, abs=0.02)
    assert bench.read(both)[LOUDNESS] == pytest.approx(0.0, abs=0.02)
    assert bench.read(0.1 * both)[LOUDNESS] == pytest.approx(-20.0, abs=0.02)


def test_loudness_is_that_of_the_last_400_ms(rng: np.random.Generator) -> None:
    bench = Bench()
    audio = rng.standard_normal((2, 48_000)) * np.linspace(0, 1, 48_000)
    heard = audio
    for b0, b1, b2, a1, a2 in k_weighting(48_000):
        heard = signal.lfilter([b0, b1, b2], [1, a1, a2], heard)
    expected = -0.691 + 10 * np.log10(np.sum(np.mean(heard[:, -19_200:] ** 2, axis=1)))
    assert bench.read(audio)[LOUDNESS] == pytest.approx(expected, abs=1e-9)
    assert bench.read(np.zeros((2, 48_000)))[LOUDNESS] < -100
    assert bench.read(np.zeros((2, 96_000)))[LOUDNESS] == FLOOR_DB


def test_loudness_hears_neither_dc_nor_where_it_clips() -> None:
    bench = Bench()
    tone = bench.sine(1000, seconds=2)
    assert bench.read(np.full((2, 96_000), 0.5))[LOUDNESS] == FLOOR_DB
    plain = Bench().read(tone)[LOUDNESS]
    assert bench.read(tone + 0.5)[LOUDNESS] == pytest.approx(plain, abs=0.01)
    assert Bench().read(4 * tone)[LOUDNESS] == pytest.approx(plain + 20 * np.log10(4), abs=0.01)


def test_peak_is_read_at_once_and_then_falls() -> None:
    bench = Bench()
    click = np.zeros((2, 48))
    click[0, 10], click[1, 20] = -3.0, 0.5
    reading = bench.read(click)
    np.testing.assert_allclose(reading[PEAK : PEAK + 2], [3, 0.5], rtol=0.01)
    reading = bench.read(np.zeros((2, round(1.4 * 48_000))))
    np.testing.assert_allclose(reading[PEAK : PEAK + 2], np.array([3, 0.5]) * 10 ** (-1.4 / 1.7), rtol=0.01)
    assert np.all(bench.read(np.zeros((2, 30 * 48_000)))[:LOUDNESS] == 0)


def test_broken_sound_is_silence_and_leaves_no_trace() -> None:
    bench = Bench()
    audio = bench.sine(997)
    audio[0, 100], audio[1, 200] = np.nan, np.inf
    broken = bench.read(0.5 * audio)
    audio[0, 100], audio[1, 200] = 0.0, 0.0
    silent = Bench()
    np.testing.assert_array_equal(broken, silent.read(0.5 * audio))
    np.testing.assert_array_equal(bench.state, silent.state)


@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_block_sizes_do_not_matter(rng: np.random.Generator, block_size: int) -> None:
    audio = rng.standard_normal((2, 30_000))
    before = audio.copy()
    whole, parts = Bench(), Bench()
    np.testing.assert_array_equal(parts.read(audio, block_size=block_size), whole.read(audio, block_size=777))
    np.testing.assert_array_equal(parts.state, whole.state)
    np.testing.assert_array_equal(audio, before)


def test_only_the_first_columns_are_read() -> None:
    bench, block = Bench(), np.zeros((2, 512))
    block[:, 100:] = 2
    measure(block, 100, bench.state, bench.reading)
    assert not bench.reading.any()
