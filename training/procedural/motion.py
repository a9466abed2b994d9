"""Bodies in motion: footsteps, rolling, dripping, scraping."""

import numpy as np

from training.procedural.envelopes import decay, fade_ends, wave_round
from training.procedural.filters import filter_round, filter_sound
from training.procedural.grid import N_SAMPLES, add_round, empty_loop, seconds
from training.procedural.noise import loop_noise, white_noise
from training.procedural.oscillators import ring_partials
from training.procedural.seeding import noise_seed, pick
from training.procedural.weather import CONTROLS, bubble, stretch


def thud(rng: np.random.Generator, *, ground_hz: float) -> np.ndarray:
    """One heel: a short low knock."""
    n = seconds(0.08)
    noise = filter_sound(white_noise(n, noise_seed(rng)), ground_hz, mode="low", resonance=1.5)
    return fade_ends(noise * decay(n, rng.uniform(0.04, 0.08)), attack_s=0.001)


def footsteps(rng: np.random.Generator) -> np.ndarray:
    """Walk: heel and toe at an even pace that fits the loop, each step with its own grains of gravel or leaves."""
    loop = empty_loop()
    steps = pick(rng, (4, 5, 6, 7, 8, 8, 10, 12))
    ground_hz, grain_hz = rng.uniform(120, 500), rng.uniform(1000, 7000)
    grains = int(rng.integers(0, 60))
    offset = int(rng.integers(N_SAMPLES))
    grain_bank = [grain(rng, center_hz=grain_hz) for _ in range(16)]
    for step in range(steps):
        at = offset + step * N_SAMPLES // steps + int(rng.normal() * seconds(0.008))
        toe = at + seconds(rng.uniform(0.06, 0.12))
        add_round(loop, thud(rng, ground_hz=ground_hz), at, rng.uniform(0.6, 1.0))
        add_round(loop, thud(rng, ground_hz=1.5 * ground_hz), toe, rng.uniform(0.2, 0.5))
        for _ in range(grains):
            place = at + int(abs(rng.normal()) * seconds(0.06))
            add_round(loop, grain_bank[int(rng.integers(16))], place, rng.exponential(0.12))
    return loop


def grain(rng: np.random.Generator, *, center_hz: float) -> np.ndarray:
    """One grain of gravel: a few milliseconds of noise about a frequency."""
    n = seconds(rng.uniform(0.002, 0.012))
    noise = white_noise(n, noise_seed(rng)) * decay(n, rng.uniform(0.003, 0.012))
    return fade_ends(
        filter_sound(noise, center_hz * rng.uniform(0.6, 1.6), mode="band", resonance=2.0), release_s=0.001
    )


def rolling(rng: np.random.Generator) -> np.ndarray:
    """Roll: a body's partials, knocked by a rough floor, faster and slower."""
    loop = empty_loop()
    modes = rng.uniform(150, 900) * np.cumprod(np.append(1.0, rng.uniform(1.2, 1.9, 5)))
    knock = ring_partials(modes, amplitude=rng.uniform(0.2, 1, 6), decay_s=rng.uniform(0.02, 0.15), n=seconds(0.1))
    fade_ends(knock, attack_s=0.001)
    speed = wave_round(rng, n=512, fastest=3) * rng.uniform(0.2, 0.9) + 1
    counts = rng.poisson(speed * rng.uniform(0.3, 2.0))
    for cell in np.flatnonzero(counts):
        at = int((cell + rng.random()) * N_SAMPLES / 512)
        add_round(loop, knock, at, rng.uniform(0.05, 0.4) * speed[cell] * counts[cell])
    return loop


def dripping(rng: np.random.Generator) -> np.ndarray:
    """Drip: single bubbles in a cave, each with its echo."""
    loop = empty_loop()
    delay = seconds(rng.uniform(0.08, 0.3))
    for _ in range(int(rng.integers(3, 24))):
        sound, at = bubble(rng), int(rng.integers(N_SAMPLES))
        for echo in range(5):
            add_round(loop, sound, at + echo * delay, 0.45**echo * rng.uniform(0.4, 1))
    return loop


def scraping(rng: np.random.Generator) -> np.ndarray:
    """Scrape or rustle: noise in strokes, its colour moving with each."""
    stroke = wave_round(rng, n=CONTROLS, slowest=3, fastest=16)
    noise = loop_noise(noise_seed(rng), lambda frequency_hz: (frequency_hz / 1000) ** -rng.uniform(0.0, 0.8))
    level = np.maximum(stroke, 0.0) ** rng.uniform(0.7, 2.0)
    cutoff = np.exp(rng.uniform(np.log(500), np.log(5000))) * 2 ** (rng.uniform(0, 1.5) * stroke)
    return filter_round(noise, cutoff, mode="band", resonance=rng.uniform(0.7, 5)) * stretch(level)
