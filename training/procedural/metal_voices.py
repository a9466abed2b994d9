"""Drums of metal and wood, synthesised from inharmonic partials: hats, cymbals, cowbell, bell, block."""

import numpy as np

from training.procedural.drum_voices import KitStyle
from training.procedural.envelopes import decay, fade_ends
from training.procedural.filters import filter_sound
from training.procedural.grid import seconds
from training.procedural.noise import white_noise
from training.procedural.oscillators import ring_partials
from training.procedural.seeding import chance, noise_seed

SQUARES_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""The six square waves of the 808's hats."""


def metal_partials(rng: np.random.Generator, *, low_hz: float, high_hz: float, count: int) -> np.ndarray:
    """Draw partials of six detuned square waves that lie in a band: float64 `[count]`, in hertz."""
    stretch = rng.uniform(0.8, 1.3)
    odd = np.arange(1, 90, 2)
    every = (np.array(SQUARES_HZ)[:, None] * stretch * odd).ravel()
    return rng.choice(every[(every > low_hz) & (every < high_hz)], count, replace=False)


def metal(rng: np.random.Generator, *, duration_s: float, low_hz: float, count: int) -> np.ndarray:
    """Sound metal that does not decay by itself: partials and noise above `low_hz`; float32, rms about 0.3."""
    n = seconds(duration_s)
    frequency = metal_partials(rng, low_hz=low_hz, high_hz=16_000.0, count=count)
    tone = ring_partials(
        frequency,
        amplitude=rng.uniform(0.3, 1.0, count) * np.sqrt(0.3 / count),
        decay_s=duration_s * rng.uniform(0.8, 4.0, count),
        n=n,
        phase=rng.uniform(0, 2 * np.pi, count),
    )
    noise = filter_sound(white_noise(n, noise_seed(rng)), rng.uniform(low_hz, 10_000), mode="high")
    share = rng.uniform(0.1, 0.9)
    return np.float32(2 * (1 - share)) * tone + np.float32(0.6 * share) * noise


def hat(rng: np.random.Generator, style: KitStyle) -> np.ndarray:
    """Strike a closed hat."""
    decay_s = rng.uniform(*style.hat_s)
    sound = metal(rng, duration_s=decay_s, low_hz=rng.uniform(4500, 7500), count=16)
    return fade_ends(sound * decay(len(sound), decay_s), attack_s=0.0005)


def open_hat(rng: np.random.Generator) -> np.ndarray:
    """Strike an open hat."""
    decay_s = rng.uniform(0.18, 0.5)
    sound = metal(rng, duration_s=0.8 * decay_s, low_hz=rng.uniform(4500, 7500), count=14)
    return fade_ends(sound * decay(len(sound), decay_s), attack_s=0.0005)


def ride(rng: np.random.Generator) -> np.ndarray:
    """Strike a ride cymbal: a ping over a wash."""
    sound = metal(rng, duration_s=rng.uniform(0.3, 0.5), low_hz=rng.uniform(2500, 4500), count=16)
    ping = metal_partials(rng, low_hz=2500, high_hz=7000, count=5)
    sound += ring_partials(ping, amplitude=np.full(5, 0.25), decay_s=0.15, n=len(sound))
    return fade_ends(sound * decay(len(sound), rng.uniform(0.4, 0.8)))


def crash(rng: np.random.Generator) -> np.ndarray:
    """Strike a crash cymbal."""
    sound = metal(rng, duration_s=0.9, low_hz=rng.uniform(1500, 3000), count=14)
    return fade_ends(sound * decay(len(sound), rng.uniform(0.9, 1.6)), attack_s=0.001, release_s=0.1)


def cowbell(rng: np.random.Generator) -> np.ndarray:
    """Strike a cowbell: the odd harmonics of two squares."""
    low_hz = rng.uniform(480, 640)
    frequency = np.outer(low_hz * np.array([1.0, rng.uniform(1.4, 1.52)]), np.arange(1, 14, 2)).ravel()
    amplitude = np.tile(0.5 / np.arange(1, 14, 2) ** 0.7, 2)
    decay_s = rng.uniform(0.08, 0.35)
    return fade_ends(ring_partials(frequency, amplitude=amplitude, decay_s=decay_s, n=seconds(decay_s)))


def bell(rng: np.random.Generator) -> np.ndarray:
    """Strike a small bell or an agogo."""
    partials = np.array([1.0, 2.0, 2.76, 5.4, 8.93]) if chance(rng, 0.5) else np.array([1.0, 1.5, 2.4, 3.3, 4.6])
    frequency = rng.uniform(500, 1800) * partials * rng.uniform(0.98, 1.02, len(partials))
    decay_s = rng.uniform(0.15, 0.6)
    amplitude = rng.uniform(0.2, 1.0, len(partials)) / np.arange(1, len(partials) + 1) ** 0.5
    return fade_ends(
        ring_partials(frequency, amplitude=amplitude, decay_s=decay_s / np.sqrt(partials), n=seconds(0.9 * decay_s))
    )


def block(rng: np.random.Generator) -> np.ndarray:
    """Strike a wood block or clave."""
    frequency = rng.uniform(700, 2500) * np.array([1.0, rng.uniform(1.4, 1.8), rng.uniform(2.3, 3.0)])
    decay_s = rng.uniform(0.03, 0.12)
    return fade_ends(ring_partials(frequency, amplitude=np.array([1.0, 0.4, 0.2]), decay_s=decay_s, n=seconds(decay_s)))
