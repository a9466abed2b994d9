import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from performer.clock import TICKS_A_BEAT
from performer.controls import TEMPO_RANGE_BPM, find_control
from performer.desk.echo import CEILING, MAX_S, delay_samples, echo, new_line, new_state
from performer.desk.playback import NUDGE

SAMPLE_RATE = 48_000
BLOCK_SIZES = [1, 64, 65, 256, 1024, 4096]


class Bench:
    """An echo and its line."""

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        self.state, self.line = new_state(sample_rate), new_line(sample_rate)

    def play(self, send: np.ndarray, *, delay: int = 1000, feedback: float = 0.5, block_size: int = 4096) -> np.ndarray:
        """Echo block by block; what comes back alone."""
        out = np.zeros_like(send)
        for start in range(0, send.shape[1], block_size):
            part = slice(start, start + block_size)
            n = min(block_size, send.shape[1] - start)
            echo(send[:, part], out[:, part], n, delay, feedback, self.state, self.line)
        return out


def impulse(n_samples: int, size: float = 0.5) -> np.ndarray:
    send = np.zeros((2, n_samples))
    send[:, 0] = size
    return send


@pytest.mark.parametrize("sample_rate", [44_100, 48_000, 96_000])
def test_each_repeat_has_gone_through_the_filters_once_more(sample_rate: int) -> None:
    bench = Bench(sample_rate)
    bench.play(np.zeros((2, sample_rate)), feedback=0.6)  # the feedback has arrived
    heard = bench.play(impulse(4000), feedback=0.6)
    low, high = (-np.expm1(-2 * np.pi * cutoff_hz / sample_rate) for cutoff_hz in (7000, 100))
    repeat, expected = impulse(4000)[0], np.zeros(4000)
    for _ in range(3):
        smooth = signal.lfilter([low], [1, low - 1], np.concatenate([np.zeros(1000), repeat])[:4000])
        repeat = smooth - signal.lfilter([high], [1, high - 1], smooth)
        expected += repeat
        repeat = 0.6 * repeat
    np.testing.assert_allclose(heard, [expected, expected], atol=5e-6)  # repeats end at 1e-6


def test_channels_stay_apart_and_the_mix_is_added_to() -> None:
    bench, out = Bench(), np.full((2, 3000), 0.25)
    send = impulse(3000)
    send[1] = 0
    echo(send, out, 2000, 500, 0.5, bench.state, bench.line)
    assert np.abs(out[0] - 0.25).max() > 0.1
    assert np.all(out[1] == 0.25)
    assert np.all(out[:, 2000:] == 0.25)
    assert np.all(send[0, 1:] == 0)


@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_block_sizes_do_not_matter(rng: np.random.Generator, block_size: int) -> None:
    send = 3 * rng.standard_normal((2, 8192))
    whole, parts = Bench(), Bench()
    for delay, feedback in ((700, 0.9), (1234, 0.2), (30, 0.95)):
        expected = whole.play(send, delay=delay, feedback=feedback, block_size=777)
        heard = parts.play(send, delay=delay, feedback=feedback, block_size=block_size)
        np.testing.assert_array_equal(heard, expected)
        np.testing.assert_array_equal(parts.state, whole.state)


def test_tail_goes_on_after_the_send_and_ends_in_true_silence(rng: np.random.Generator) -> None:
    bench = Bench()
    bench.play(rng.uniform(-1, 1, (2, 4800)), delay=4800, feedback=0.7)
    tail = bench.play(np.zeros((2, 60 * SAMPLE_RATE)), delay=4800, feedback=0.7)
    assert np.abs(tail[:, 5 * 4800 : 6 * 4800]).max() > 0.01
    last = np.flatnonzero(np.any(tail, axis=0))[-1]
    assert last < 10 * SAMPLE_RATE
    assert np.abs(tail[tail != 0]).min() >= 1e-6
    assert not np.any(bench.line)
    assert np.all(bench.state[9:] == 0)


def test_loudest_feedback_ends_too_and_gathers_neither_bass_nor_hiss(rng: np.random.Generator) -> None:
    bench = Bench()
    noise = rng.uniform(-0.2, 0.2, (2, 96_000)) + 0.2  # with DC
    bench.play(noise, delay=480, feedback=2)
    tail = bench.play(np.zeros((2, 20 * SAMPLE_RATE)), delay=480, feedback=2)
    assert not np.any(tail[:, -480:])
    spectrum = np.abs(np.fft.rfft(tail[0, 4800:28_800])) ** 2  # the tenth repeat and on; bins of 2 Hz
    middle = spectrum[400:1000].sum()
    assert spectrum[:40].sum() < 0.1 * middle
    assert spectrum[5000:].sum() < 0.1 * middle


def test_new_time_crossfades_without_a_pitch_glide_or_a_pop() -> None:
    bench = Bench()
    tone = np.tile(0.5 * np.sin(2 * np.pi * 500 * np.arange(96_000) / SAMPLE_RATE), (2, 1))
    bench.play(tone, delay=9600, feedback=0)
    heard = bench.play(tone, delay=14_400, feedback=0)[0]  # both whole periods of the tone, so nothing may change
    np.testing.assert_allclose(heard[:4800], heard[9600:14_400], atol=1e-5)
    heard = bench.play(tone, delay=9600 + 48, feedback=0)[0]  # against each other: the worst case
    assert np.abs(np.diff(heard, 2)).max() < 1.01 * np.abs(np.diff(tone[0], 2)).max()


def test_new_time_is_heard_after_50_ms_and_a_newer_one_waits() -> None:
    bench = Bench()
    send = np.tile(np.arange(48_000) / 48_000, (2, 1))  # a ramp: what is heard tells the delay
    bench.state[0], bench.state[1] = 0, 1  # no filters
    bench.play(np.zeros((2, 100)), delay=1000, feedback=0)
    first = bench.play(send[:, :20_000], delay=1000, feedback=0)
    bench.play(send[:, 20_000:20_100], delay=5000, feedback=0)
    then = bench.play(send[:, 20_100:], delay=3000, feedback=0)[0]
    assert first[0, -1] == pytest.approx((19_999 - 1000) / 48_000)
    assert then[2299] == pytest.approx((20_100 + 2299 - 5000) / 48_000, abs=1e-5)
    assert then[2400 + 2400] == pytest.approx((20_100 + 4800 - 3000) / 48_000, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    delay=st.integers(-5, 5000),
    feedback=st.floats(-1, 2),
    kind=st.sampled_from(["noise", "square", "dc", "alternating"]),
)
def test_echo_is_bounded(seed: int, delay: int, feedback: float, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n = 20_000
    send = {
        "noise": rng.uniform(-4, 4, (2, n)),
        "square": np.where(np.arange(n) // rng.integers(1, 500) % 2, -4.0, 4.0) * np.ones((2, 1)),
        "dc": np.full((2, n), 4.0),
        "alternating": np.tile([4.0, -4.0], (2, n // 2)),
    }[kind]
    heard = Bench().play(send, delay=delay, feedback=feedback)
    assert np.abs(heard).max() <= 2 * CEILING


@pytest.mark.parametrize(("delay", "nearest"), [(0, 1), (-7, 1), (10**9, 262_143)])
def test_time_beyond_the_line_is_the_nearest_it_holds(rng: np.random.Generator, delay: int, nearest: int) -> None:
    send = rng.uniform(-1, 1, (2, 300_000))
    np.testing.assert_array_equal(Bench().play(send, delay=delay), Bench().play(send, delay=nearest))


def test_broken_sound_is_silence(rng: np.random.Generator) -> None:
    send = rng.uniform(-1, 1, (2, 5000))
    broken = send.copy()
    broken[:, 100], broken[0, 200], broken[1, 300] = np.nan, np.inf, -np.inf
    send[:, 100], send[0, 200], send[1, 300] = 0, 0, 0
    np.testing.assert_array_equal(Bench().play(broken), Bench().play(send))


@pytest.mark.parametrize(
    ("beats", "tempo_bpm", "sample_rate", "samples"),
    [
        (1, 120, 48_000, 24_000),
        (0.75, 120, 44_100, 16_538),
        (0.5, 125, 96_000, 23_040),
        (4, 60, 48_000, 192_000),
        (4, 57.6, 32_000, 133_333),
    ],
)
def test_time_follows_the_tempo(beats: float, tempo_bpm: float, sample_rate: int, samples: int) -> None:
    assert delay_samples(beats, tempo_bpm * TICKS_A_BEAT / (60 * sample_rate)) == samples
    assert samples <= MAX_S * sample_rate < new_line(sample_rate).shape[1]


def test_the_longest_time_at_the_slowest_tempo_fits_into_the_line() -> None:
    assert find_control("/echo/time").maximum * 60 / (TEMPO_RANGE_BPM[0] * (1 - NUDGE)) <= MAX_S
