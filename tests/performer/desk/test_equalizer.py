import numpy as np
import pytest
from scipy import signal

from performer.desk.equalizer import MAX_GAIN, band_gain, equalize, new_state

SAMPLE_RATES = [44_100, 48_000, 96_000]
BLOCK_SIZES = [1, 64, 65, 256, 1024, 4096]
NEARLY_NEUTRAL = (1 + 1e-9,) * 3


def play(
    audio: np.ndarray, *gains: tuple[float, ...], state: np.ndarray | None = None, block_size: int = 4096
) -> np.ndarray:
    """Equalise block by block; the gains jump where the sound is cut into equal parts."""
    state = new_state(48_000) if state is None else state
    out = audio.copy()
    part = audio.shape[1] // len(gains)
    for index, targets in enumerate(gains):
        for start in range(index * part, (index + 1) * part, block_size):
            n = min(block_size, (index + 1) * part - start)
            equalize(out[:, start : start + n], n, start, np.array(targets, float), state)
    return out


def settled(sample_rate: int, gains: tuple[float, ...]) -> np.ndarray:
    """A state in which gains and crossfade have arrived and the filters are silent."""
    state = new_state(sample_rate)
    play(np.zeros((2, sample_rate)), gains, state=state)
    return state


def magnitude_db(sample_rate: int, gains: tuple[float, ...]) -> np.ndarray:
    """Gain at each Hertz."""
    impulse = np.zeros((2, sample_rate))
    impulse[:, 0] = 1
    response = np.fft.rfft(play(impulse, gains, state=settled(sample_rate, gains))[0])
    return 20 * np.log10(np.maximum(np.abs(response), 1e-12))


def reference(audio: np.ndarray, gains: tuple[float, ...], sample_rate: int) -> np.ndarray:
    """The same bands from scipy's Butterworth filters, two of each in a row."""

    def twice(kind: str, cutoff_hz: float, x: np.ndarray) -> np.ndarray:
        sections = signal.butter(2, cutoff_hz, kind, fs=sample_rate, output="sos")
        return signal.sosfilt(np.concatenate([sections, sections]), x)

    _, poles = signal.butter(2, 2500, fs=sample_rate)
    low = signal.lfilter(poles[::-1], poles, twice("low", 250, audio))
    rest = twice("high", 250, audio)
    mid, high = twice("low", 2500, rest), twice("high", 2500, rest)
    return gains[0] * low + gains[1] * mid + gains[2] * high


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
@pytest.mark.parametrize("gains", [NEARLY_NEUTRAL, (0.5, 1.0, 2.0), (0.0, 1.5, 0.25)])
def test_bands_are_linkwitz_s_and_riley_s(
    rng: np.random.Generator, sample_rate: int, gains: tuple[float, float, float]
) -> None:
    audio = rng.standard_normal((2, 8000))
    heard = play(audio, gains, state=settled(sample_rate, gains))
    np.testing.assert_allclose(heard, reference(audio, gains, sample_rate), atol=1e-8)


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
def test_bands_sum_flat(sample_rate: int) -> None:
    assert np.abs(magnitude_db(sample_rate, NEARLY_NEUTRAL)[10:20_000]).max() < 0.05


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
@pytest.mark.parametrize(
    ("gains", "killed_hz", "kept_hz"),
    [
        ((0, 1, 1), [60], [800, 8000]),
        ((1, 0, 1), [800], [60, 8000]),
        ((1, 1, 0), [8000], [60, 800]),
        ((2, 0, 2), [800], []),
        ((0, 0, 1), [60, 800], [8000]),
        ((1, 0, 0), [800, 8000], [60]),
        ((0, 1, 0), [60, 8000], [800]),
    ],
)
def test_kill_is_40_db_deep_and_leaves_the_other_bands(
    sample_rate: int, gains: tuple[float, ...], killed_hz: list[int], kept_hz: list[int]
) -> None:
    response_db = magnitude_db(sample_rate, gains)
    assert np.all(response_db[killed_hz] < -40)
    assert np.all(np.abs(response_db[kept_hz]) < 0.3)


def test_three_killed_bands_are_silence(rng: np.random.Generator) -> None:
    heard = play(rng.standard_normal((2, 40_000)), (0, 0, 0))
    assert np.all(heard[:, 20_000:] == 0)


@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_block_sizes_do_not_matter(rng: np.random.Generator, block_size: int) -> None:
    audio = rng.standard_normal((2, 20_000))
    audio[:, 6000:14_000] = 0  # the filters come to rest meanwhile
    jumps = ((1, 1, 1), (0, 1, 2), (1, 1, 1), (1, 0, 1))
    np.testing.assert_array_equal(play(audio, *jumps, block_size=block_size), play(audio, *jumps, block_size=777))


def test_only_the_first_columns_are_touched(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, 512))
    heard = audio.copy()
    equalize(heard, 100, 0, np.zeros(3), new_state(48_000))
    assert np.all(heard[:, 50:100] != audio[:, 50:100])
    np.testing.assert_array_equal(heard[:, 100:], audio[:, 100:])


def test_neutral_passes_bit_for_bit_and_returns(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, 120_000))
    heard = play(audio, (1, 1, 1), (0.3, 1, 1.7), (1, 1, 1))
    np.testing.assert_array_equal(heard[:, :40_000], audio[:, :40_000])
    assert np.abs(heard[:, 45_000:80_000] - audio[:, 45_000:80_000]).max() > 0.1
    np.testing.assert_array_equal(heard[:, 90_000:], audio[:, 90_000:])  # the gains were called back at 80 000


def test_neutral_keeps_broken_samples_to_themselves(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, 512))
    audio[0, 100] = np.nan
    np.testing.assert_array_equal(play(audio, (1, 1, 1)), audio)


@pytest.mark.parametrize("tone_hz", [60, 250, 1000])
@pytest.mark.parametrize(
    "jumps",
    [
        ((1, 1, 1), (0, 0, 0)),
        ((0, 1, 1), (1, 1, 1)),
        ((1, 1, 1), (2, 2, 2)),
        ((0, 2, 0), (2, 0, 2)),
        ((1, 1, 1), NEARLY_NEUTRAL),
    ],
)
def test_jump_makes_no_pop(tone_hz: float, jumps: tuple[tuple[float, ...], ...]) -> None:
    tone = np.sin(2 * np.pi * tone_hz * np.arange(96_000) / 48_000)
    heard = play(np.stack([tone, tone]), *jumps)[0, 24_000:]
    loudest = max(max(gains) for gains in jumps)
    assert np.abs(np.diff(heard, 2)).max() < 1.3 * loudest * np.abs(np.diff(tone, 2)).max()


def test_broken_sound_is_forgotten(rng: np.random.Generator) -> None:
    state = new_state(48_000)
    broken = rng.standard_normal((2, 64))
    broken[:, 5], broken[:, 6] = np.nan, np.inf
    play(broken, (0, 1, 2), state=state)
    heard = play(rng.standard_normal((2, 256)), (0, 1, 2), state=state)
    assert np.all(np.isfinite(heard))


def test_silence_leaves_no_tiny_numbers(rng: np.random.Generator) -> None:
    state = new_state(48_000)
    play(rng.standard_normal((2, 256)), (0.5, 1, 1), state=state)
    play(np.zeros((2, 48_000)), (0.5, 1, 1), state=state)
    play(np.zeros((2, 48_000)), (0.0, 1, 1), state=state)
    assert not np.any((np.abs(state) < 1e-30) & (state != 0))


@pytest.mark.parametrize(
    ("control", "gain"), [(-1, 0), (0, 0), (0.245, 0.5), (0.495, 1), (0.5, 1), (0.505, 1), (0.755, 1.5), (1, 2), (9, 2)]
)
def test_knob_kills_on_the_left_and_doubles_on_the_right(control: float, gain: float) -> None:
    assert band_gain(control) == pytest.approx(gain)
    assert 0 <= band_gain(control) <= MAX_GAIN
