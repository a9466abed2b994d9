"""Noise: even, repeatable, and seamless when shaped."""

import numpy as np

from training.procedural.grid import N_SAMPLES
from training.procedural.noise import band_curve, loop_noise, reverb_round, shape_round, white_noise


def test_white_noise_is_even_and_flat() -> None:
    noise = white_noise(N_SAMPLES, 1234)
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 0.01
    assert np.max(np.abs(noise)) <= 1
    np.testing.assert_allclose(noise.std(), 3**-0.5, rtol=0.01)
    power = np.abs(np.fft.rfft(noise)[1:]) ** 2
    np.testing.assert_allclose(power[:96_000].reshape(8, -1).mean(axis=1), power.mean(), rtol=0.05)


def test_noise_repeats_by_seed_alone() -> None:
    np.testing.assert_array_equal(white_noise(100, 5), white_noise(200, 5)[:100])
    assert abs(np.corrcoef(white_noise(5000, 5), white_noise(5000, 6))[0, 1]) < 0.1


def test_shaping_and_reverb_turn_with_the_loop() -> None:
    noise = white_noise(N_SAMPLES, 9)
    for effect in (
        lambda loop: shape_round(loop, band_curve(100, 1000)),
        lambda loop: reverb_round(loop, seed=4, decay_s=3.0, mix=0.7),
    ):
        np.testing.assert_allclose(effect(np.roll(noise, 1000)), np.roll(effect(noise), 1000), atol=2e-5)


def test_band_keeps_its_band_and_an_rms_of_a_quarter() -> None:
    noise = loop_noise(3, band_curve(500, 2000, slope=4.0))
    np.testing.assert_allclose(np.sqrt(np.mean(noise**2)), 0.25, rtol=1e-3)
    power = np.abs(np.fft.rfft(noise)) ** 2
    assert power[4 * 400 : 4 * 2500].sum() > 0.95 * power.sum()
