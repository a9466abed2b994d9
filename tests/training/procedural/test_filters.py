"""The filter: its curve, and loops that stay seamless."""

import numpy as np
import pytest

from training.procedural.filters import CONTROL, control_points, filter_round, filter_sound
from training.procedural.grid import N_SAMPLES
from training.procedural.noise import white_noise


def response(mode: str, frequency_hz: float) -> float:
    tone = np.sin(2 * np.pi * frequency_hz * np.arange(48_000) / 48_000).astype(np.float32)
    return float(np.std(filter_sound(tone, 1000.0, mode=mode, resonance=0.7071)[24_000:]) / np.std(tone))


@pytest.mark.parametrize(
    ("mode", "gains"), [("low", (1, 0.707, 0.01)), ("high", (0.01, 0.707, 1)), ("band", (0.14, 1, 0.14))]
)
def test_gain_below_at_and_above_the_cutoff(mode: str, gains: tuple[float, ...]) -> None:
    found = [response(mode, frequency) for frequency in (100, 1000, 10_000)]
    np.testing.assert_allclose(found, gains, atol=0.04)


def test_moving_cutoff_opens_the_sound() -> None:
    noise = white_noise(48_000, 1)
    swept = filter_sound(noise, np.geomspace(100, 10_000, control_points(48_000)), mode="low")
    assert np.std(swept[-4800:]) > 4 * np.std(swept[:4800])


def test_filter_of_a_turned_loop_is_the_turned_filter() -> None:
    noise = white_noise(N_SAMPLES, 2)
    cutoff = 800 * 2 ** np.sin(2 * np.pi * np.arange(N_SAMPLES // CONTROL) / (N_SAMPLES // CONTROL))
    filtered = filter_round(noise, cutoff, mode="low", resonance=8.0)
    turned = filter_round(np.roll(noise, 40 * CONTROL), np.roll(cutoff, 40), mode="low", resonance=8.0)
    np.testing.assert_allclose(turned, np.roll(filtered, 40 * CONTROL), atol=1e-5)
