import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from performer.desk.limiter import BROKEN, CEILING, HELD, RELEASE, delay_samples, limit, new_state

SAMPLE_RATES = [44_100, 48_000, 96_000]
BLOCK_SIZES = [1, 64, 65, 256, 1024, 4096]
DELAY = delay_samples(48_000)


def play(
    audio: np.ndarray, *, state: np.ndarray | None = None, block_size: int = 4096
) -> tuple[np.ndarray, list[bool]]:
    """Limit block by block; what comes out, and what each block told."""
    state = new_state(48_000) if state is None else state
    out, told = audio.copy(), []
    for start in range(0, audio.shape[1], block_size):
        n = min(block_size, audio.shape[1] - start)
        told.append(limit(out[:, start : start + n], n, state))
    return out, told


def late(audio: np.ndarray, n_samples: int = DELAY) -> np.ndarray:
    return np.concatenate([np.zeros((2, n_samples)), audio[:, : audio.shape[1] - n_samples]], axis=1)


def reference_gain(audio: np.ndarray, sample_rate: int, share: float) -> np.ndarray:
    """The gain at each sample, written out: lowest of a window, released, averaged over a window."""
    window = delay_samples(sample_rate) + 1
    needed = np.minimum(1, HELD / np.maximum(np.abs(audio).max(axis=0), 1e-9))
    needed = np.concatenate([np.ones(window - 1), needed])
    lowest = np.lib.stride_tricks.sliding_window_view(needed, window).min(axis=-1)
    released = np.ones(window - 1 + len(lowest))
    gain = 1.0
    for i, low in enumerate(lowest):
        gain = min(gain + share * (1 - gain), low)
        released[window - 1 + i] = gain
    return np.lib.stride_tricks.sliding_window_view(released, window).mean(axis=-1)


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
@pytest.mark.parametrize("release_s", [0.2, 1e-9])
def test_gain_is_the_averaged_lowest_of_a_window(rng: np.random.Generator, sample_rate: int, release_s: float) -> None:
    audio = rng.standard_normal((2, 5000)) * np.repeat(rng.uniform(0, 2, 50), 100)
    share = -np.expm1(-1 / (release_s * sample_rate))
    state = new_state(sample_rate)
    if release_s < 0.1:
        state[RELEASE] = share  # the lowest alone tells
    heard, _ = play(audio, state=state)
    expected = late(audio, delay_samples(sample_rate)) * reference_gain(audio, sample_rate, share)
    np.testing.assert_allclose(heard, np.clip(expected, -HELD, HELD), atol=1e-6)


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
def test_sound_below_the_ceiling_is_only_late(rng: np.random.Generator, sample_rate: int) -> None:
    audio = rng.uniform(-HELD, HELD, (2, 10_000))
    heard, told = play(audio, state=new_state(sample_rate))
    np.testing.assert_array_equal(heard, late(audio, delay_samples(sample_rate)))
    assert not any(told)
    assert delay_samples(sample_rate) / sample_rate == pytest.approx(0.0015, rel=0.01)


def test_sound_is_only_late_again_some_time_after_a_loud_one(rng: np.random.Generator) -> None:
    state = new_state(48_000)
    _, told = play(rng.uniform(-50, 50, (2, 10_000)), state=state)
    assert all(told)
    play(np.zeros((2, 48_000 * 3)), state=state)
    audio = rng.uniform(-HELD, HELD, (2, 10_000))
    heard, told = play(audio, state=state)
    np.testing.assert_array_equal(heard, late(audio))
    assert not told[-1]


@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_block_sizes_do_not_matter(rng: np.random.Generator, block_size: int) -> None:
    audio = rng.standard_normal((2, 10_000)) * np.repeat(rng.uniform(0, 2, 100), 100)
    np.testing.assert_array_equal(play(audio, block_size=block_size)[0], play(audio, block_size=777)[0])


loudness = st.floats(allow_nan=True, allow_infinity=True, width=64)
"""Anything that a double can be."""
usual = st.floats(-3, 3)


@settings(max_examples=150, deadline=None)
@given(
    audio=arrays(np.float64, st.tuples(st.just(2), st.integers(1, 400)), elements=st.one_of(usual, loudness)),
    block_size=st.integers(1, 400),
)
def test_nothing_exceeds_the_ceiling(audio: np.ndarray, block_size: int) -> None:
    state = new_state(48_000)
    heard, told = play(np.concatenate([audio, np.zeros((2, 200))], axis=1), state=state, block_size=block_size)
    assert np.all(np.abs(heard) <= CEILING)
    assert np.all(np.abs(heard.astype(np.float32)).astype(np.float64) <= CEILING)
    assert state[BROKEN] == np.count_nonzero(~np.isfinite(audio))
    assert any(told) == bool(np.any(np.abs(audio[np.isfinite(audio)]) > HELD))


def test_broken_samples_are_silence(rng: np.random.Generator) -> None:
    audio = rng.uniform(-0.9, 0.9, (2, 2000))
    broken = audio.copy()
    broken[0, 100], broken[1, 200], broken[:, 300] = np.nan, -np.inf, np.inf
    audio[0, 100], audio[1, 200], audio[:, 300] = 0, 0, 0
    state = new_state(48_000)
    np.testing.assert_array_equal(play(broken, state=state)[0], late(audio))
    assert state[BROKEN] == 4


def test_peak_arrives_at_the_ceiling_and_both_channels_share_its_gain() -> None:
    audio = np.full((2, 3000), 0.5)
    audio[0, 1000] = -4.0
    heard, told = play(audio, block_size=3000)
    assert heard[0, 1000 + DELAY] == pytest.approx(-HELD, abs=1e-9)
    assert heard[1, 1000 + DELAY] == pytest.approx(0.5 * HELD / 4, abs=1e-9)
    assert told == [True]


def test_gain_falls_straight_and_comes_back_in_200_ms() -> None:
    audio = np.full((2, 60_000), 0.5)
    audio[:, 1000] = 9.8
    gain = play(audio)[0][0] / 0.5
    gain[1000 + DELAY] = gain[1000 + DELAY - 1]  # the peak itself
    np.testing.assert_allclose(np.diff(gain[999 : 999 + DELAY]), -0.9 / (DELAY + 1), rtol=1e-3)
    assert 1 - gain[1000 + 2 * DELAY + 9600] == pytest.approx(0.9 / np.e, rel=0.02)
    assert np.abs(np.diff(gain[DELAY + 1 :])).max() < 0.013


def test_limited_tone_has_no_pop() -> None:
    tone = np.sin(2 * np.pi * 100 * np.arange(48_000) / 48_000)
    audio = np.tile(np.interp(np.arange(48_000), [24_000, 24_240], [0.5, 3.0]) * tone, (2, 1))
    heard = play(audio)[0][0, 2000:]
    assert np.abs(np.diff(heard, 2)).max() < 2e-3
    assert np.abs(np.diff(np.clip(audio[0], -HELD, HELD), 2)).max() > 0.02


def test_only_the_first_columns_are_touched() -> None:
    block = np.full((2, 512), 7.0)
    limit(block, 100, new_state(48_000))
    assert np.all(block[:, :100] <= CEILING)
    assert np.all(block[:, 100:] == 7)
