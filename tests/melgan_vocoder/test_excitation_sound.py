"""spectrogram -> sinusoids, as heard: exact in pitch and level, equal for equal hits, closed over the loop."""

import numpy as np
import pytest
import torch

from melgan_vocoder.excitation import N_EXCITED, Excitation
from melgan_vocoder.format import MelFormat
from melgan_vocoder.pqmf import PQMF
from melgan_vocoder.spectrogram import SpectrogramTransform

FORMAT = MelFormat()
TRANSFORM = SpectrogramTransform(FORMAT)
EXCITATION = Excitation(FORMAT)
SYNTHESIS = PQMF().synthesis
N_SAMPLES = FORMAT.n_samples
TIME_S = np.arange(N_SAMPLES) / FORMAT.sample_rate


def sine(frequency_hz: float, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency_hz * TIME_S)


def kicks() -> np.ndarray:
    """Eight equal kicks, one a beat."""
    time_s = np.arange(20_000) / FORMAT.sample_rate
    sweep = np.sin(2 * np.pi * (50 * time_s + 2.4 * (1 - np.exp(-time_s / 0.03)))) * np.exp(-time_s / 0.12)
    audio = np.zeros(N_SAMPLES)
    for start in range(170, N_SAMPLES, 24_000):
        audio[(start + np.arange(20_000)) % N_SAMPLES] += 0.7 * sweep * np.minimum(1, time_s / 0.001)
    return audio


def play(audio: np.ndarray) -> np.ndarray:
    """Analyse a loop and synthesise its excitation alone: the highest sub-bands are silent."""
    with torch.inference_mode():
        spectrogram = TRANSFORM(torch.from_numpy(audio).float()[None])
        bands = torch.zeros(1, 5, N_SAMPLES // 5)
        partials = EXCITATION.read(spectrogram)
        bands[:, :N_EXCITED] = EXCITATION(partials, EXCITATION.states(partials)[:, 0])
        return SYNTHESIS(bands)[0].numpy().astype(np.float64)


def peak_hz(audio: np.ndarray) -> float:
    """The loudest partial of a loop, to a fraction of a cycle in the loop."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 8 * len(audio)))
    return float(spectrum.argmax()) * FORMAT.sample_rate / (8 * len(audio))


def ripple_db(audio: np.ndarray, smoothing: int) -> float:
    """How much the level moves."""
    summed = np.cumsum(np.square(audio))
    power = summed[smoothing:] - summed[:-smoothing]
    return float(10 * np.log10(power.max() / power.min()))


@pytest.mark.parametrize(
    "hz",
    [
        33,
        41.25,
        50,
        65.5,
        98,
        110.25,
        220,
        440,
        650,
        705,
        880,
        1000,
        2000,
        3500,
        4200,
        4700,
        4800,
        5200,
        7000,
        9500,
        9600,
        12_000,
    ],
)
def test_held_sine_comes_out_at_its_frequency_and_level(hz: float) -> None:
    audio = play(sine(hz))
    spectrum = np.abs(np.fft.rfft(audio)) / (N_SAMPLES / 2)
    harmonic = round(hz * 4)
    assert spectrum.argmax() == harmonic
    assert 20 * np.log10(spectrum[harmonic] / 0.5) == pytest.approx(0, abs=0.5)
    spectrum[harmonic - 8 : harmonic + 9] = 0
    assert spectrum.max() < 0.5 * 10 ** (-60 / 20)  # across the edges of sub-bands, too
    assert ripple_db(audio, 4800) < 0.7


@pytest.mark.parametrize("hz", [41.1, 82.41, 110.13, 233.08, 440.1, 1234.56])
def test_pitch_that_does_not_fit_the_loop_is_closed_over_it_within_half_a_cycle(hz: float) -> None:
    audio = play(sine(hz))
    cycles = peak_hz(np.tile(audio, 3)) * 4
    assert cycles == pytest.approx(hz * 4, abs=0.55)
    assert cycles == pytest.approx(round(cycles), abs=0.05)
    steps = np.abs(np.diff(audio, append=audio[:1]))
    assert steps[-1] <= steps[10_000:-10_000].max() * 1.05


@pytest.mark.parametrize(
    "pair", [(65.5, 98), (110, 140), (130.75, 164.75), (200, 230), (261.5, 329.5), (400, 430), (880, 1320)]
)
def test_dyad_keeps_both_tones_in_balance_without_a_false_partial(pair: tuple[float, float]) -> None:
    audio = play(sine(pair[0], 0.4) + sine(pair[1], 0.4))
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(N_SAMPLES))) / (N_SAMPLES / 4) / 0.4
    for hz in pair:
        around = spectrum[round(hz * 4) - 4 : round(hz * 4) + 5]
        assert 20 * np.log10(around.max()) == pytest.approx(0, abs=1.5)
        assert 1200 * np.log2((hz + (around.argmax() - 4) / 4) / hz) == pytest.approx(0, abs=10)
    for hz in pair:
        spectrum[round(hz * 4) - 12 : round(hz * 4) + 13] = 0
    assert 20 * np.log10(spectrum.max()) < -35


def test_equal_kicks_are_equal() -> None:
    hits = play(kicks()).reshape(8, 24_000)
    assert np.corrcoef(hits).min() > 0.999
    assert np.abs(hits).max() > 0.3


def test_octave_slide_does_not_ripple() -> None:
    octaves = np.interp(TIME_S, [0, 1, 2, 3, 4], [0, 0, 1, 1, 0])
    audio = play(0.5 * np.sin(2 * np.pi * np.cumsum(110 * 2**octaves) / FORMAT.sample_rate))
    assert ripple_db(audio[1600:-1600], 2400) < 1
    assert np.sqrt(np.mean(audio**2) * 2) == pytest.approx(0.5, rel=0.06)
