"""Oscillators: in tune, without aliasing, steady and gliding alike."""

import numpy as np
import pytest
from scipy.signal.windows import blackmanharris

from training.procedural.line import Note, Patch, play_phrase
from training.procedural.oscillators import SHAPES, fm_tone, gliding_tone, ring_partials, steady_tone

N = 2**16
WINDOW = blackmanharris(N)
FREQUENCY_HZ = np.fft.rfftfreq(N, 1 / 48_000)


def aliasing_db(sound: np.ndarray, pitch_hz: float) -> float:
    """Loudest component between the harmonics of a pitch, relative to the loudest of all."""
    magnitude = np.abs(np.fft.rfft(sound[:N] * WINDOW))
    distance = np.abs(FREQUENCY_HZ - np.round(FREQUENCY_HZ / pitch_hz) * pitch_hz)
    return float(20 * np.log10(magnitude[(distance > 6) & (FREQUENCY_HZ > 6)].max() / magnitude.max()))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pitch_hz", [110.3, 441.7, 1999.3])
def test_aliasing_is_below_minus_60_db(shape: str, pitch_hz: float) -> None:
    assert aliasing_db(steady_tone(shape, pitch_hz, n=N), pitch_hz) < -90
    assert aliasing_db(gliding_tone(shape, np.full(N, pitch_hz)), pitch_hz) < -90


@pytest.mark.parametrize("ratio", [1.0, 2.0, 4.0])
def test_fm_stays_below_half_the_sample_rate(ratio: float) -> None:
    assert aliasing_db(fm_tone(np.full(N, 1000.3), index=np.full(N, 5.0), ratio=ratio), 1000.3) < -80


@pytest.mark.parametrize("drive", [0.0, 2.0])
def test_bright_and_driven_notes_alias_little(drive: float) -> None:
    patch = Patch(shape="saw", cutoff_hz=6000, resonance=2.0, drive=drive, sustain=1.0)
    assert aliasing_db(play_phrase([Note(cell=0, cells=16, midi=57)], patch), 220.0) < -60


@pytest.mark.parametrize("shape", SHAPES)
def test_steady_and_gliding_are_one_sound_up_to_the_top_harmonics(shape: str) -> None:
    steady, gliding = steady_tone(shape, 100.0, n=4800), gliding_tone(shape, np.full(4800, 100.0))
    assert np.sqrt(np.mean((steady - gliding) ** 2)) < 0.03 * np.std(steady)


def test_amplitudes_are_those_of_the_waveforms() -> None:
    square = np.abs(np.fft.rfft(steady_tone("square", 100.0, n=48_000))) / 24_000
    np.testing.assert_allclose(square[[100, 200, 300, 500]], [1, 0, 1 / 3, 1 / 5], atol=1e-3)
    saw = np.abs(np.fft.rfft(steady_tone("saw", 100.0, n=48_000))) / 24_000
    np.testing.assert_allclose(saw[[100, 200, 300]], 0.55 / np.arange(1, 4), atol=1e-3)


def test_glide_passes_through_its_frequencies() -> None:
    frequency = np.geomspace(100, 1000, 48_000)
    sound = gliding_tone("sine", frequency)
    np.testing.assert_allclose(sound, np.sin(2 * np.pi * (np.cumsum(frequency) - frequency) / 48_000), atol=1e-3)


def test_partials_ring_at_their_pitch_and_fall_by_60_db() -> None:
    sound = ring_partials(np.array([300.0, 30_000.0]), amplitude=np.array([1.0, 1.0]), decay_s=0.5, n=24_000)
    time_s = np.arange(24_000) / 48_000
    np.testing.assert_allclose(sound, np.sin(2 * np.pi * 300 * time_s) * 10 ** (-3 * time_s / 0.5), atol=1e-4)
