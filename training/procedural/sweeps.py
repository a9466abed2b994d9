"""Sweeps for the vocoder's training: glides, vibrato, octave slides, noise under a moving filter."""

from collections.abc import Callable

import numpy as np

from training.procedural.envelopes import fade_ends, wave_round
from training.procedural.filters import CONTROL, filter_round
from training.procedural.grid import N_SAMPLES, SAMPLE_RATE, add_round, empty_loop, set_peak
from training.procedural.noise import white_noise
from training.procedural.one_shots import OneShots
from training.procedural.oscillators import gliding_tone
from training.procedural.seeding import chance, noise_seed, pick

SHAPES = ("sine", "sine", "square", "saw", "triangle")
TIME = np.arange(N_SAMPLES) / N_SAMPLES
"""Place in the loop, 0 to 1."""


def draw_sweeps(rng: np.random.Generator, _one_shots: OneShots | None = None) -> np.ndarray:
    """Draw a loop of sweeping sound; one-shots are not used. Returns float32 `[N_SAMPLES]`."""
    loop = pick(rng, KINDS)(rng)
    level_db = rng.uniform(-40.0, 0.0) if chance(rng, 0.4) else rng.uniform(-12.0, -1.0)
    return set_peak(loop, level_db)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw evenly on a logarithmic axis."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def close_phase(frequency_hz: np.ndarray) -> np.ndarray:
    """Scale a loop's frequencies by less than a cycle in all, so that the phase closes."""
    cycles = float(np.sum(frequency_hz)) / SAMPLE_RATE
    return frequency_hz * (max(1, round(cycles)) / cycles)


def glides(rng: np.random.Generator) -> np.ndarray:
    """Glide up or down, straight or exponentially, once or several times, with silence between."""
    loop = empty_loop()
    count = pick(rng, (1, 1, 2, 4, 8))
    shape = pick(rng, SHAPES)
    start_hz = log_uniform(rng, 30, 4000)
    end_hz = log_uniform(rng, 30, 4000)
    n = int(rng.uniform(0.6, 1.0) * N_SAMPLES / count)
    way = np.linspace(0, 1, n)
    curve = start_hz + (end_hz - start_hz) * way if chance(rng, 0.4) else start_hz * (end_hz / start_hz) ** way
    offset = int(rng.integers(N_SAMPLES))
    sound = fade_ends(gliding_tone(shape, curve), attack_s=0.01, release_s=0.03)
    for turn in range(count):
        add_round(loop, sound, offset + turn * N_SAMPLES // count, 1.0)
    return loop


def vibrato(rng: np.random.Generator) -> np.ndarray:
    """Hold a tone with a vibrato of 2 to 9 Hz and up to two semitones; it goes round without a seam."""
    wave = np.sin(2 * np.pi * int(rng.integers(8, 37)) * TIME)
    octaves = rng.uniform(5, 200) / 1200 * wave
    return gliding_tone(pick(rng, SHAPES), close_phase(log_uniform(rng, 35, 1500) * 2**octaves), phase=rng.random())


def octave_slides(rng: np.random.Generator) -> np.ndarray:
    """Jump or slide between a note and its octave, fifth or fourth, two to sixteen times."""
    count = pick(rng, (1, 2, 4, 8))
    square = np.sign(np.sin(2 * np.pi * count * TIME + 1e-9))
    width = rng.uniform(0.005, 0.12) * SAMPLE_RATE
    kernel = np.exp(-np.minimum(np.arange(N_SAMPLES), N_SAMPLES - np.arange(N_SAMPLES)) / width)
    smooth = np.fft.irfft(np.fft.rfft(square) * np.fft.rfft(kernel / kernel.sum()), N_SAMPLES)
    interval = pick(rng, (12, 12, 12, 7, 5, 24)) / 12
    frequency = log_uniform(rng, 33, 700) * 2 ** (interval * (smooth + 1) / 2)
    return gliding_tone(pick(rng, SHAPES), close_phase(frequency), phase=rng.random())


def wandering(rng: np.random.Generator) -> np.ndarray:
    """Let a tone wander smoothly over up to two octaves and back to where it began."""
    octaves = rng.uniform(0.2, 2.0) * wave_round(rng, fastest=pick(rng, (2, 4, 8))).astype(float)
    return gliding_tone(pick(rng, SHAPES), close_phase(log_uniform(rng, 60, 1200) * 2**octaves), phase=rng.random())


def swept_noise(rng: np.random.Generator) -> np.ndarray:
    """Move a filter over noise, round the loop."""
    noise = white_noise(N_SAMPLES, noise_seed(rng)) * np.float32(0.3)
    center_hz = log_uniform(rng, 200, 5000)
    cutoff = center_hz * 2 ** (rng.uniform(0.5, 3.0) * wave_round(rng, n=N_SAMPLES // CONTROL, fastest=3))
    return filter_round(noise, cutoff, mode=pick(rng, ("low", "band", "high")), resonance=log_uniform(rng, 0.7, 12))


def swept_saw(rng: np.random.Generator) -> np.ndarray:
    """Move a resonant filter over a held saw, round the loop."""
    saw = gliding_tone("saw", close_phase(np.full(N_SAMPLES, log_uniform(rng, 33, 400))), phase=rng.random())
    cutoff = log_uniform(rng, 300, 3000) * 2 ** (
        rng.uniform(0.5, 3.0) * wave_round(rng, n=N_SAMPLES // CONTROL, fastest=pick(rng, (1, 2, 8)))
    )
    return filter_round(saw, cutoff, mode="low", resonance=log_uniform(rng, 0.7, 10))


KINDS: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
    glides, glides, vibrato, octave_slides, wandering, swept_noise, swept_saw,
)  # fmt: skip
"""What a loop of sweeps may be."""
