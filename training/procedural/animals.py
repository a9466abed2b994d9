"""Animals: birds, crickets and frogs, as chirps of moving pitch."""

import numpy as np

from training.procedural.envelopes import fade_ends
from training.procedural.grid import N_SAMPLES, SAMPLE_RATE, add_round, amplitude, empty_loop, seconds
from training.procedural.oscillators import fm_tone, gliding_tone
from training.procedural.seeding import chance, pick


def syllable(rng: np.random.Generator, *, center_hz: float) -> np.ndarray:
    """One syllable of a bird: a whistle that bends, perhaps trilled; 30 to 200 ms."""
    n = seconds(rng.uniform(0.03, 0.2))
    way = np.linspace(0, 1, n)
    bend = rng.uniform(-0.6, 0.6) * way + rng.uniform(-0.5, 0.5) * np.sin(np.pi * way)
    if chance(rng, 0.3):
        bend = bend + rng.uniform(0.02, 0.2) * np.sin(2 * np.pi * rng.uniform(20, 60) * n / SAMPLE_RATE * way)
    frequency = np.clip(center_hz * 2**bend, 800, 11_000)
    index = np.full(n, rng.uniform(0, 1.2) if chance(rng, 0.3) else 0.0)
    sound = fm_tone(frequency, index=index, ratio=pick(rng, (0.5, 1.0, 2.0)))
    return fade_ends(sound, attack_s=0.25 * n / SAMPLE_RATE, release_s=0.5 * n / SAMPLE_RATE)


def birds(rng: np.random.Generator) -> np.ndarray:
    """One to four birds, each with a song of a few syllables that it repeats with changes."""
    loop = empty_loop()
    for _ in range(int(rng.integers(1, 5))):
        center_hz = np.exp(rng.uniform(np.log(1600), np.log(6000)))
        song = [syllable(rng, center_hz=center_hz) for _ in range(int(rng.integers(1, 6)))]
        level = amplitude(rng.uniform(-18, -3))
        at = int(rng.integers(N_SAMPLES))
        for _ in range(int(rng.integers(1, 6))):
            for sound in song:
                if chance(rng, 0.85):
                    add_round(loop, sound, at, level * rng.uniform(0.6, 1.0))
                at += len(sound) + seconds(rng.uniform(0.01, 0.12))
            at += seconds(rng.uniform(0.2, 1.2))
    return loop


def insects(rng: np.random.Generator) -> np.ndarray:
    """One to four crickets: chirps of a few pulses of a high tone, over and over, never quite equal."""
    loop = empty_loop()
    for _ in range(int(rng.integers(1, 5))):
        pitch_hz = rng.uniform(2800, 7500)
        n = seconds(rng.uniform(0.006, 0.025))
        pulse = fade_ends(gliding_tone("sine", np.full(n, pitch_hz)), attack_s=0.003, release_s=0.5 * n / SAMPLE_RATE)
        pulses, spacing = int(rng.integers(2, 16)), int(n * rng.uniform(1.2, 2.0))
        rest = seconds(rng.uniform(0.05, 0.6))
        level = amplitude(rng.uniform(-20, -4))
        at, end = 0, N_SAMPLES - pulses * spacing
        offset = int(rng.integers(N_SAMPLES))
        while at < end:
            for place in range(pulses):
                add_round(loop, pulse, offset + at + place * spacing, level * rng.uniform(0.8, 1.0))
            at += pulses * spacing + int(rest * rng.uniform(0.9, 1.1))
    return loop


def frogs(rng: np.random.Generator) -> np.ndarray:
    """One to three frogs: croaks, a low tone pulsed 20 to 60 times a second."""
    loop = empty_loop()
    for _ in range(int(rng.integers(1, 4))):
        n = seconds(rng.uniform(0.1, 0.45))
        time_s = np.arange(n) / SAMPLE_RATE
        frequency = rng.uniform(250, 1100) * (1 + rng.uniform(-0.3, 0.3) * time_s / time_s[-1])
        pulse = (0.5 - 0.5 * np.cos(2 * np.pi * rng.uniform(20, 60) * time_s)) ** 2
        croak = fm_tone(frequency, index=np.full(n, rng.uniform(0.3, 2.0)), ratio=0.5) * pulse.astype(np.float32)
        croak = fade_ends(croak, attack_s=0.02, release_s=0.05)
        for _ in range(int(rng.integers(1, 7))):
            add_round(loop, croak, int(rng.integers(N_SAMPLES)), rng.uniform(0.3, 0.8))
    return loop
