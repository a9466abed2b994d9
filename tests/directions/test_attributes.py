"""mel -> numbers: on sounds whose answer is known."""

import numpy as np
import pytest
import torch
from scipy import signal

from directions.attributes import ATTRIBUTES, measure
from directions.levels import FORMAT
from melgan_vocoder.spectrogram import SpectrogramTransform

N_SAMPLES = FORMAT.n_samples
RATE = FORMAT.sample_rate
SIXTEENTH = N_SAMPLES // 32
TIME_S = np.arange(N_SAMPLES) / RATE
TRANSFORM = SpectrogramTransform(FORMAT)


def values_of(audio: np.ndarray) -> dict[str, float]:
    """Every attribute of one loop."""
    mel = TRANSFORM.mel(torch.from_numpy(audio.astype(np.float32))[None])
    return {name: float(value) for name, value in measure(mel).items()}


def sine(frequency_hz: float, amplitude: float = 0.3) -> np.ndarray:
    """A tone that closes over the loop: any multiple of 0.25 Hz."""
    return amplitude * np.sin(2 * np.pi * frequency_hz * TIME_S)


def noise(low_hz: float, high_hz: float, *, n: int = N_SAMPLES) -> np.ndarray:
    """Noise between two frequencies, of root mean square 0.1."""
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(n))
    frequency_hz = np.fft.rfftfreq(n, 1 / RATE)
    made = np.fft.irfft(spectrum * ((frequency_hz >= low_hz) & (frequency_hz < high_hz)), n)
    return 0.1 * made / made.std()


def hits(starts: list[int], *, low_hz: float = 2000, high_hz: float = 9000, fall_s: float = 0.02) -> np.ndarray:
    """Hits of noise that die away, at samples; tails go on over the loop's end."""
    sound = noise(low_hz, high_hz, n=RATE // 2) * np.exp(-np.arange(RATE // 2) / RATE / fall_s)
    audio = 1e-5 * np.random.default_rng(1).standard_normal(N_SAMPLES)
    for start in starts:
        np.add.at(audio, (start + np.arange(sound.size)) % N_SAMPLES, sound)
    return audio


def kick_drum(starts: list[int], *, loud: float = 1.0) -> np.ndarray:
    """Short tones of 60 Hz."""
    n = RATE // 5
    sound = loud * np.sin(2 * np.pi * 60 * np.arange(n) / RATE) * np.exp(-np.arange(n) / RATE / 0.05)
    audio = np.zeros(N_SAMPLES)
    for start in starts:
        np.add.at(audio, (start + np.arange(n)) % N_SAMPLES, sound)
    return audio


def on(sixteenths: range | list[int], *, late: int = 0) -> list[int]:
    """Samples of some sixteenths."""
    return [place * SIXTEENTH + late for place in sixteenths]


def test_density_grows_with_the_number_of_hits() -> None:
    found = [values_of(hits(on(range(0, 32, step))))["density"] for step in (16, 8, 4, 2)]
    assert np.allclose(np.array(found[1:]) / found[:-1], 2, atol=0.25)


def test_density_of_a_held_tone_is_next_to_nothing() -> None:
    assert values_of(sine(440))["density"] < 0.02 * values_of(hits(on(range(0, 32, 4))))["density"]


def test_a_hit_over_the_seam_counts_as_any_other() -> None:
    there, elsewhere = values_of(hits([N_SAMPLES - 100])), values_of(hits([6 * SIXTEENTH - 100]))
    assert there["density"] == pytest.approx(elsewhere["density"], rel=0.03)


@pytest.mark.parametrize("name", [name for name in ATTRIBUTES if name != "loudness"])
def test_none_depends_on_how_loud_the_loop_is(name: str) -> None:
    loop = kick_drum(on([0, 8, 16, 24])) + hits(on(range(2, 32, 4))) + sine(220, 0.05)
    loud, soft = (values_of(gain * loop)[name] for gain in (0.8, 0.4))
    assert soft == pytest.approx(loud, abs=0.03 * abs(loud) + 0.02)


@pytest.mark.parametrize("gain_db", [0.0, -12.0])
def test_loudness_is_that_of_bs1770(gain_db: float) -> None:
    assert values_of(10 ** (gain_db / 20) * sine(1000, 1.0))["loudness"] == pytest.approx(gain_db + 0.7, abs=0.3)


def test_bass_is_the_level_below_120_hz_re_the_rest() -> None:
    heard = [values_of(sine(1000, 0.3) + sine(60, amplitude)) for amplitude in (0.3, 0.15, 0.03)]
    assert heard[0]["bass"] > heard[1]["bass"] > heard[2]["bass"]
    levels_db = [values["bass"] + values["loudness"] for values in heard]
    assert np.diff(levels_db) == pytest.approx([-6.0, -14.0], abs=0.5)


def test_brightness_is_where_the_spectrum_has_its_middle() -> None:
    assert values_of(sine(1000))["brightness"] == pytest.approx(np.log2(1000 / 20), abs=0.15)
    assert values_of(sine(4000))["brightness"] - values_of(sine(1000))["brightness"] == pytest.approx(2, abs=0.2)


def test_kick_and_hats_tell_low_hits_from_high_ones() -> None:
    low, high = kick_drum(on(range(0, 32, 4))), hits(on(range(2, 32, 4)), low_hz=8000, high_hz=16000)
    both, without_low, without_high = (values_of(loop) for loop in (low + high, 0.1 * low + high, low + 0.1 * high))
    assert both["kick"] - without_low["kick"] > 6
    assert both["hats"] - without_high["hats"] > 6
    assert values_of(sine(60))["kick"] < both["kick"] - 20
    assert values_of(noise(8000, 16000))["hats"] < both["hats"]


@pytest.mark.parametrize("late", [0, SIXTEENTH // 6, SIXTEENTH // 3])
def test_swing_is_how_late_the_second_sixteenth_comes(late: int) -> None:
    loop = hits(on(range(0, 32, 2)) + on(range(1, 32, 2), late=late), fall_s=0.01)
    assert values_of(loop)["swing"] == pytest.approx(50 + 50 * late / SIXTEENTH, abs=2.5)


def test_syncopation_is_what_stands_before_rests_on_the_beat() -> None:
    straight = values_of(hits(on(range(0, 32, 4))))["syncopation"]
    son_clave = values_of(hits(on([0, 3, 6, 10, 12, 16, 19, 22, 26, 28])))["syncopation"]
    off_beat = values_of(hits(on(range(2, 32, 4))))["syncopation"]
    assert straight < 0.1 < son_clave < off_beat


def test_noisiness_tells_noise_from_tones() -> None:
    white, band, tone = values_of(noise(20, 20_000)), values_of(noise(2000, 4000)), values_of(sine(2000))
    assert white["noisiness"] > band["noisiness"] + 5 > tone["noisiness"] + 10


def test_decay_grows_with_how_long_hits_ring() -> None:
    found = [values_of(hits(on(range(0, 32, 8)), fall_s=fall_s))["decay"] for fall_s in (0.02, 0.04, 0.08)]
    assert np.all(np.diff(found) > 0.5)


@pytest.mark.parametrize("pitch_hz", [55.0, 110.0, 220.0, 440.0])
def test_register_is_the_pitch_of_a_saw(pitch_hz: float) -> None:
    saw = 0.2 * signal.sawtooth(2 * np.pi * pitch_hz * TIME_S)
    assert values_of(saw)["register"] == pytest.approx(12 * np.log2(pitch_hz / 20), abs=3)


def test_notes_count_the_changes_of_a_bass_line() -> None:
    def line(n_notes: int) -> np.ndarray:
        pitches_hz = np.resize([55.0, 82.5, 110.0], n_notes)
        length = N_SAMPLES // n_notes
        t = np.arange(length)
        return np.concatenate([0.3 * np.sin(2 * np.pi * hz * t / RATE) * np.exp(-t / length) for hz in pitches_hz])

    found = [values_of(line(n))["notes"] for n in (2, 8, 32)]
    assert found[0] < found[1] < found[2]


def test_openness_is_where_a_low_pass_ends() -> None:
    found = [values_of(noise(20, edge_hz))["openness"] for edge_hz in (500, 2000, 8000)]
    assert np.allclose(np.diff(found), 2, atol=0.4)


def test_each_gives_a_finite_number_for_silence_too() -> None:
    assert all(np.isfinite(list(values_of(np.zeros(N_SAMPLES)).values())))


def test_each_knows_its_family() -> None:
    for name, attribute in ATTRIBUTES.items():
        assert name in attribute.family
        assert attribute.family <= set(ATTRIBUTES)


def test_batches_are_measured_loop_by_loop() -> None:
    loops = np.stack([sine(440), kick_drum(on([0, 16]))]).astype(np.float32)
    mel = TRANSFORM.mel(torch.from_numpy(loops))
    together, alone = measure(mel), [measure(one[None]) for one in mel]
    for name, values in together.items():
        assert torch.allclose(values, torch.cat([one[name] for one in alone]), atol=1e-3)


def test_they_rise_and_fall_with_the_mel_so_that_gradients_lead_somewhere() -> None:
    loop = kick_drum(on([0, 8, 16, 24])) + hits(on(range(2, 32, 4)))
    mel = TRANSFORM.mel(torch.from_numpy(loop.astype(np.float32))[None]).requires_grad_()
    for name, value in measure(mel).items():
        (gradient,) = torch.autograd.grad(value.sum(), mel, retain_graph=True)
        assert torch.isfinite(gradient).all(), name
        assert gradient.abs().max() > 0, name
