import numpy as np
import pytest
from scipy import signal

from performer.desk.sweep import DEAD_ZONE, cutoff_hz, new_state, sweep

SAMPLE_RATES = [44_100, 48_000, 96_000]
BLOCK_SIZES = [1, 64, 65, 256, 1024, 4096]


def play(
    audio: np.ndarray, *knobs: float, state: np.ndarray | None = None, block_size: int = 4096, position: int = 0
) -> np.ndarray:
    """Filter block by block; the knob jumps where the sound is cut into equal parts."""
    state = new_state(48_000) if state is None else state
    out = audio.copy()
    part = audio.shape[1] // len(knobs)
    for index, knob in enumerate(knobs):
        for start in range(index * part, (index + 1) * part, block_size):
            n = min(block_size, (index + 1) * part - start)
            sweep(out[:, start : start + n], n, position + start, knob, state)
    return out


def settled(sample_rate: int, knob: float) -> np.ndarray:
    """A state in which knob and crossfade have arrived and the filters are silent."""
    state = new_state(sample_rate)
    play(np.zeros((2, 2 * sample_rate)), knob, state=state)
    return state


def magnitude_db(sample_rate: int, knob: float) -> np.ndarray:
    """Gain at each Hertz."""
    impulse = np.zeros((2, sample_rate))
    impulse[:, 0] = 1
    response = np.fft.rfft(play(impulse, knob, state=settled(sample_rate, knob))[0])
    return 20 * np.log10(np.maximum(np.abs(response), 1e-12))


def reference(audio: np.ndarray, kind: str, frequency_hz: float, sample_rate: int) -> np.ndarray:
    """Butterworth's four poles with both Qs raised by the fourth root of 2, through scipy's bilinear transform."""
    warped = 2 * sample_rate * np.tan(np.pi * frequency_hz / sample_rate)
    out = audio
    for angle in (np.pi / 8, 3 * np.pi / 8):
        damping = 2 * np.cos(angle) / 2**0.25
        numerator = [warped**2] if kind == "low" else [1, 0, 0]
        b, a = signal.bilinear(numerator, [1, damping * warped, warped**2], fs=sample_rate)
        out = signal.lfilter(b, a, out)
    return out


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
@pytest.mark.parametrize("knob", [-1.0, -0.5, -0.05, 0.05, 0.5, 1.0])
def test_sound_goes_through_four_poles(rng: np.random.Generator, sample_rate: int, knob: float) -> None:
    way = (abs(knob) - DEAD_ZONE) / (1 - DEAD_ZONE)
    frequency_hz = 20_000 * (60 / 20_000) ** way if knob < 0 else 20 * (12_000 / 20) ** way
    audio = rng.standard_normal((2, 8000))
    expected = reference(audio, "low" if knob < 0 else "high", frequency_hz, sample_rate)
    np.testing.assert_allclose(play(audio, knob, state=settled(sample_rate, knob)), expected, atol=1e-7)


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
def test_ends_shut_out_what_they_should_and_the_resonance_is_slight(sample_rate: int) -> None:
    closed_db, open_db = magnitude_db(sample_rate, -1), magnitude_db(sample_rate, 1)
    assert closed_db[600] < -75  # a decade above 60 Hz
    assert abs(closed_db[60]) < 0.1
    assert open_db[1200] < -75
    assert abs(open_db[12_000]) < 0.1
    assert 1 < max(closed_db.max(), open_db.max()) < 3


def test_each_part_of_the_knob_s_way_is_the_same_interval() -> None:
    cutoffs_hz = [cutoff_hz(DEAD_ZONE + part * (1 - DEAD_ZONE) / 4, 20.0, 12_000.0) for part in range(5)]
    np.testing.assert_allclose(np.diff(np.log2(cutoffs_hz)), np.log2(600) / 4)
    assert cutoff_hz(0.0, 20.0, 12_000.0) == pytest.approx(20)
    assert cutoff_hz(5.0, 20.0, 12_000.0) == pytest.approx(12_000)


@pytest.mark.parametrize("block_size", BLOCK_SIZES)
@pytest.mark.parametrize("position", [0, 1_000_003])
def test_block_sizes_do_not_matter(rng: np.random.Generator, block_size: int, position: int) -> None:
    audio = rng.standard_normal((2, 10_000))
    jumps = (0.0, -0.8, 0.9, 0.01, -0.3)
    expected = play(audio, *jumps, block_size=777, position=position)
    np.testing.assert_array_equal(play(audio, *jumps, block_size=block_size, position=position), expected)


def test_only_the_first_columns_are_touched(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, 1024))
    heard = audio.copy()
    sweep(heard, 600, 0, -1.0, new_state(48_000))
    assert np.all(heard[:, 500:600] != audio[:, 500:600])
    np.testing.assert_array_equal(heard[:, 600:], audio[:, 600:])


@pytest.mark.parametrize("middle", [0.0, DEAD_ZONE, -DEAD_ZONE])
def test_neutral_passes_bit_for_bit_and_returns(rng: np.random.Generator, middle: float) -> None:
    audio = rng.standard_normal((2, 120_000))
    heard = play(audio, middle, 0.6, middle)
    np.testing.assert_array_equal(heard[:, :40_000], audio[:, :40_000])
    assert np.abs(heard[:, 45_000:80_000] - audio[:, 45_000:80_000]).max() > 0.1
    np.testing.assert_array_equal(heard[:, 100_000:], audio[:, 100_000:])


def test_neutral_keeps_broken_samples_to_themselves(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, 512))
    audio[0, 100] = np.nan
    np.testing.assert_array_equal(play(audio, 0.0), audio)


@pytest.mark.parametrize("tone_hz", [60, 250, 1000])
@pytest.mark.parametrize(
    "jumps", [(0, -1), (-1, 0), (0, 1), (1, 0), (-1, 1), (1, -1), (0, 0.03), (0, -0.03), (-0.4, -0.6)]
)
def test_jump_makes_no_pop(tone_hz: float, jumps: tuple[float, float]) -> None:
    """A filter that opens within 50 ms may ring, but nothing above 4 kHz joins a lower tone."""
    tone = np.sin(2 * np.pi * tone_hz * np.arange(96_000) / 48_000)
    heard = play(np.stack([tone, tone]), *jumps)[0, 24_000:]
    highest = signal.sosfilt(signal.butter(8, 4000, "high", fs=48_000, output="sos"), heard)[12_000:]
    assert np.abs(highest).max() < 10 ** (-55 / 20)
    own = np.abs(np.diff(tone, 2)).max()
    assert np.abs(np.diff(heard, 2)).max() < 2.2 * own + 0.004  # a step of full scale: 1
    assert np.abs(heard).max() < 2.5


def test_turning_makes_no_zipper_noise() -> None:
    """A knob that comes in 128 steps over half a second leaves a tone clean."""
    tone = np.sin(2 * np.pi * 200 * np.arange(48_000) / 48_000)
    steps = np.repeat(np.linspace(-0.2, -0.9, 64), 2)
    heard = play(np.stack([tone, tone]), *steps)[0]
    highest = signal.sosfilt(signal.butter(8, 2000, "high", fs=48_000, output="sos"), heard)[4000:]
    assert np.abs(highest).max() < 10 ** (-80 / 20)


def test_broken_sound_is_forgotten(rng: np.random.Generator) -> None:
    state = new_state(48_000)
    broken = rng.standard_normal((2, 64))
    broken[:, 5], broken[:, 6] = np.nan, np.inf
    play(broken, -0.5, state=state)
    assert np.all(np.isfinite(play(rng.standard_normal((2, 256)), -0.5, state=state)))


def test_silence_leaves_no_tiny_numbers(rng: np.random.Generator) -> None:
    state = settled(48_000, -0.5)
    play(rng.standard_normal((2, 256)), -0.5, state=state)
    play(np.zeros((2, 96_000)), -0.5, state=state)
    assert np.all(state[11:] == 0)
