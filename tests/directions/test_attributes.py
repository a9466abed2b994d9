"""audio -> numbers: on sounds whose answer is known."""

import numpy as np
import pytest

from directions.attributes import ATTRIBUTES, UNITS, bass, brightness, density, loop_power
from melgan_vocoder.format import MelFormat

FORMAT = MelFormat()
N_SAMPLES = FORMAT.n_samples
TIME_S = np.arange(N_SAMPLES) / FORMAT.sample_rate


def sine(frequency_hz: float, amplitude: float = 1.0) -> np.ndarray:
    """A tone that closes over the loop: any multiple of 0.25 Hz."""
    return (amplitude * np.sin(2 * np.pi * frequency_hz * TIME_S)).astype(np.float32)


def click() -> np.ndarray:
    return np.array([0.9], np.float32)


def hit() -> np.ndarray:
    """25 ms of noise that dies away."""
    return (np.random.default_rng(5).standard_normal(1200) * np.exp(-np.arange(1200) / 200) / 4).astype(np.float32)


def loop_of(sound: np.ndarray, starts: list[int]) -> np.ndarray:
    """The sound at each start, tails wrapped around the loop."""
    audio = np.zeros(N_SAMPLES, np.float32)
    for start in starts:
        np.add.at(audio, (start + np.arange(sound.size)) % N_SAMPLES, sound)
    return audio


@pytest.mark.parametrize("sound", [click(), hit()], ids=["clicks", "hits"])
@pytest.mark.parametrize("per_bar", [1, 2, 4, 8, 16])
def test_density_counts_onsets_a_bar(sound: np.ndarray, per_bar: int) -> None:
    starts = [1500 + i * N_SAMPLES // (2 * per_bar) for i in range(2 * per_bar)]
    assert density(loop_of(sound, starts), FORMAT) == per_bar


@pytest.mark.parametrize("sound", [click(), hit()], ids=["click", "hit"])
@pytest.mark.parametrize("start", [0, 1, 200, -1, -200, -600, -2000])
def test_density_counts_an_onset_at_the_seam_once(sound: np.ndarray, start: int) -> None:
    assert density(loop_of(sound, [start]), FORMAT) == 0.5


def test_density_counts_a_hit_at_the_seam_beside_others() -> None:
    starts = [i * 12_000 for i in range(16)]
    assert density(loop_of(hit(), starts), FORMAT) == 8
    assert density(loop_of(hit(), starts[1:]), FORMAT) == 7.5


def test_density_of_a_held_tone_is_nothing() -> None:
    assert density(sine(60), FORMAT) < 1


@pytest.mark.parametrize(("amplitude", "level_db"), [(1.0, -3.01), (0.5, -9.03), (0.01, -43.01)])
def test_bass_of_a_60_hz_sine_is_its_mean_power_in_db(amplitude: float, level_db: float) -> None:
    assert bass(sine(60, amplitude), FORMAT) == pytest.approx(level_db, abs=0.01)


def test_bass_adds_power_below_120_hz_and_ignores_the_rest() -> None:
    assert bass(sine(60) + sine(90), FORMAT) == pytest.approx(0.0, abs=0.01)
    assert bass(sine(60, 0.5) + sine(1000, 0.5), FORMAT) == pytest.approx(-9.03, abs=0.01)
    assert bass(sine(119.75), FORMAT) == pytest.approx(-3.01, abs=0.01)
    assert bass(sine(120), FORMAT) < -90


@pytest.mark.parametrize("frequency_hz", [40.0, 440.0, 5000.0, 20_480.0])
def test_brightness_of_a_sine_is_its_octave_above_20_hz_at_any_level(frequency_hz: float) -> None:
    for amplitude in (1.0, 0.01):
        got = brightness(sine(frequency_hz, amplitude), FORMAT)
        assert got == pytest.approx(np.log2(frequency_hz / 20), abs=0.01)


def test_brightness_weighs_frequency_with_magnitude() -> None:
    assert brightness(sine(200) + sine(600), FORMAT) == pytest.approx(np.log2(400 / 20), abs=0.01)
    assert brightness(sine(200, 0.75) + sine(600, 0.25), FORMAT) == pytest.approx(np.log2(300 / 20), abs=0.01)


def test_silence_has_no_onset_no_bass_and_no_brightness() -> None:
    silence = np.zeros(N_SAMPLES, np.float32)
    assert density(silence, FORMAT) == 0
    assert bass(silence, FORMAT) == pytest.approx(-120)
    assert brightness(silence, FORMAT) == 0


def test_subsonic_tone_is_not_darker_than_0() -> None:
    assert brightness(sine(5), FORMAT) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_is_a_plain_number_that_rolling_the_loop_does_not_change(name: str) -> None:
    audio = loop_of(hit(), [3000, 30_000, 70_000, 150_000]) + sine(70, 0.05)
    value = ATTRIBUTES[name](audio, FORMAT)
    assert type(value) is float
    for n_samples in (6000, 48_000, -3100):
        assert ATTRIBUTES[name](np.roll(audio, n_samples), FORMAT) == pytest.approx(value, abs=1e-3)


def test_every_attribute_has_a_unit() -> None:
    assert UNITS.keys() == ATTRIBUTES.keys() == {"density", "bass", "brightness"}


def test_loop_power_sums_to_the_mean_square_and_knows_its_frequencies(rng: np.random.Generator) -> None:
    audio = rng.standard_normal(4800) + 0.5
    power, frequency_hz = loop_power(audio, FORMAT)
    assert power.shape == frequency_hz.shape == (2401,)
    assert power.sum() == pytest.approx(np.square(audio).mean(), rel=1e-3)
    np.testing.assert_allclose(frequency_hz, 10 * np.arange(2401))
    tone, _ = loop_power(np.cos(2 * np.pi * 30 * np.arange(4800) / 48_000), FORMAT)
    assert tone[3] == pytest.approx(0.5)
    assert np.delete(tone, 3).sum() < 1e-20
    constant, _ = loop_power(np.full(4800, 0.5), FORMAT)
    assert constant[0] == pytest.approx(0.25)


def test_loop_power_counts_the_nyquist_harmonic_once() -> None:
    power, _ = loop_power(np.tile([1.0, -1.0], 2400), FORMAT)
    assert power.sum() == pytest.approx(1)
