"""Weather, water and fire: wind, rain, stream, surf, crackle."""

import numpy as np

from training.procedural.envelopes import decay, fade_ends, wave_round
from training.procedural.filters import CONTROL, filter_round, filter_sound
from training.procedural.grid import N_SAMPLES, SAMPLE_RATE, add_round, amplitude, empty_loop, seconds
from training.procedural.noise import band_curve, loop_noise, white_noise
from training.procedural.oscillators import gliding_tone
from training.procedural.seeding import noise_seed

CONTROLS = N_SAMPLES // CONTROL
"""Points of a cutoff that moves round a loop."""


def stretch(points: np.ndarray) -> np.ndarray:
    """Draw a curve of `CONTROLS` points out to the samples of a loop, going round; float32 `[N_SAMPLES]`."""
    closed = np.append(points, points[0])
    return np.interp(np.arange(N_SAMPLES) / CONTROL, np.arange(CONTROLS + 1), closed).astype(np.float32)


def wind(rng: np.random.Generator) -> np.ndarray:
    """Blow: one to three whistling bands of noise, rising and falling together."""
    gust = wave_round(rng, n=CONTROLS, fastest=4)
    noise = loop_noise(noise_seed(rng), band_curve(60, rng.uniform(800, 3000), slope=1.0))
    loop = empty_loop()
    for _ in range(int(rng.integers(1, 4))):
        center_hz = np.exp(rng.uniform(np.log(200), np.log(1800)))
        cutoff = center_hz * 2 ** (rng.uniform(0.3, 1.0) * (gust + 0.3 * wave_round(rng, n=CONTROLS, fastest=9)))
        level = 2 ** (rng.uniform(0.5, 2.5) * gust)
        loop += filter_round(noise, cutoff, mode="band", resonance=rng.uniform(1, 10)) * stretch(level)
    return loop


def rain(rng: np.random.Generator) -> np.ndarray:
    """Rain: a hiss of far drops and the knocks of near ones."""
    loop = loop_noise(noise_seed(rng), band_curve(rng.uniform(500, 3000), rng.uniform(6000, 14_000), slope=1.0))
    loop *= np.float32(rng.uniform(0.03, 0.4))
    drops = [drop(rng) for _ in range(24)]
    for _ in range(int(rng.integers(60, 700))):
        add_round(loop, drops[int(rng.integers(24))], int(rng.integers(N_SAMPLES)), rng.pareto(2.5) * 0.15 + 0.02)
    return loop


def drop(rng: np.random.Generator) -> np.ndarray:
    """One drop on a leaf or a roof: a few milliseconds of filtered noise."""
    n = seconds(rng.uniform(0.004, 0.03))
    noise = white_noise(n, noise_seed(rng)) * decay(n, rng.uniform(0.003, 0.03))
    return fade_ends(filter_sound(noise, rng.uniform(800, 9000), mode="band", resonance=rng.uniform(0.8, 6)))


def bubble(rng: np.random.Generator) -> np.ndarray:
    """One bubble: a sine that rises as it dies."""
    n = seconds(rng.uniform(0.01, 0.09))
    start_hz = np.exp(rng.uniform(np.log(250), np.log(3500)))
    frequency = start_hz * (1 + rng.uniform(0.0, 1.2) * np.linspace(0, 1, n) ** 2)
    return fade_ends(gliding_tone("sine", frequency) * decay(n, n / SAMPLE_RATE), attack_s=0.002)


def stream(rng: np.random.Generator) -> np.ndarray:
    """Flow: many bubbles over soft noise."""
    loop = loop_noise(noise_seed(rng), band_curve(300, rng.uniform(1500, 5000), slope=1.5))
    loop *= np.float32(rng.uniform(0.0, 0.3))
    bubbles = [bubble(rng) for _ in range(48)]
    for _ in range(int(rng.integers(40, 500))):
        add_round(loop, bubbles[int(rng.integers(48))], int(rng.integers(N_SAMPLES)), rng.exponential(0.25))
    return loop


def surf(rng: np.random.Generator) -> np.ndarray:
    """Break on a shore: noise that swells once or twice, brighter as it is louder."""
    swell = np.arange(CONTROLS) / CONTROLS * int(rng.integers(1, 3)) + rng.random()
    height = np.exp(rng.uniform(1.0, 3.0) * (np.sin(2 * np.pi * swell + 0.6 * np.sin(2 * np.pi * swell)) - 1))
    noise = loop_noise(noise_seed(rng), band_curve(80, 9000, slope=0.7))
    return filter_round(noise, rng.uniform(300, 700) + rng.uniform(2000, 8000) * height, mode="low") * stretch(height)


def crackle(rng: np.random.Generator) -> np.ndarray:
    """Burn: sparse snaps of very unequal strength over a low flutter."""
    loop = loop_noise(noise_seed(rng), band_curve(50, rng.uniform(150, 500), slope=1.5))
    loop *= np.float32(rng.uniform(0.0, 0.5)) * stretch(1 + 0.6 * wave_round(rng, n=CONTROLS, slowest=4, fastest=30))
    snaps = [drop(rng) for _ in range(16)]
    for _ in range(int(rng.integers(15, 250))):
        level = amplitude(-rng.exponential(12.0))
        add_round(loop, snaps[int(rng.integers(16))], int(rng.integers(N_SAMPLES)), 2 * level)
    return loop
