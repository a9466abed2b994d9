"""Drums of skin and noise, synthesised: kick, snare, clap, tom, rim, shaker, rumble."""

import dataclasses

import numpy as np

from training.procedural.envelopes import decay, fade_ends
from training.procedural.filters import filter_sound
from training.procedural.grid import SAMPLE_RATE, seconds
from training.procedural.noise import white_noise
from training.procedural.oscillators import fm_tone, gliding_tone, ring_partials
from training.procedural.seeding import noise_seed

MEMBRANE = np.array([1.0, 1.593, 2.136, 2.296, 2.653, 2.918])
"""Frequencies of a drum skin's modes relative to the lowest (zeros of Bessel functions)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class KitStyle:
    """Ranges from which a genre's drums are drawn."""

    kick_hz: tuple[float, float] = (44.0, 58.0)
    """Where the kick's pitch comes to rest."""
    kick_decay_s: tuple[float, float] = (0.2, 0.6)
    """Time in which the kick falls by 60 dB."""
    kick_drive: tuple[float, float] = (1.0, 2.5)
    """How hard the kick is driven into saturation."""
    snare_hz: tuple[float, float] = (160.0, 230.0)
    """Lower tone of the snare."""
    snare_decay_s: tuple[float, float] = (0.15, 0.35)
    """Time in which the snare's noise falls by 60 dB."""
    hat_s: tuple[float, float] = (0.05, 0.14)
    """Time in which the closed hat falls by 60 dB."""
    one_shots: float = 0.5
    """Share of voices that are one-shots, where there are some."""


def sweep_hz(n: int, *, rest_hz: float, rise_hz: float, fall_s: float) -> np.ndarray:
    """Fall exponentially from `rest_hz + rise_hz` to `rest_hz`: float64 `[n]`."""
    return rest_hz + rise_hz * np.exp(np.arange(n) * (-1 / (fall_s * SAMPLE_RATE)))


def kick(rng: np.random.Generator, style: KitStyle) -> np.ndarray:
    """Strike a bass drum: a sine that falls fast, driven, with a click."""
    decay_s = rng.uniform(*style.kick_decay_s)
    n = seconds(0.8 * decay_s + 0.03)
    frequency = sweep_hz(
        n, rest_hz=rng.uniform(*style.kick_hz), rise_hz=rng.uniform(60, 220), fall_s=rng.uniform(0.01, 0.04)
    )
    frequency[: n // 4] += sweep_hz(n // 4, rest_hz=0, rise_hz=rng.uniform(0, 1500), fall_s=rng.uniform(0.001, 0.004))
    drive = rng.uniform(*style.kick_drive)
    body = np.tanh(drive * gliding_tone("sine", frequency) * decay(n, decay_s)) / np.tanh(drive)
    n_click = seconds(0.008)
    click = filter_sound(white_noise(n_click, noise_seed(rng)), rng.uniform(1500, 6000), mode="band")
    body[:n_click] += np.float32(rng.uniform(0, 0.5)) * click * decay(n_click, 0.006)
    return fade_ends(body)


def snare(rng: np.random.Generator, style: KitStyle) -> np.ndarray:
    """Strike a snare: two tones of the skin under bright noise."""
    decay_s = rng.uniform(*style.snare_decay_s)
    n = seconds(decay_s)
    low_hz = rng.uniform(*style.snare_hz)
    tone_s = rng.uniform(0.08, 0.2)
    skin = ring_partials(
        low_hz * np.array([1.0, rng.uniform(1.5, 1.9), 2.4]), amplitude=np.array([0.6, 0.4, 0.15]), decay_s=tone_s, n=n
    )
    wires = filter_sound(white_noise(n, noise_seed(rng)), rng.uniform(1200, 4500), mode="high") * decay(n, decay_s)
    mix = rng.uniform(0.3, 1.0)
    return fade_ends(skin + np.float32(mix) * wires)


def clap(rng: np.random.Generator) -> np.ndarray:
    """Clap: three or four bursts of noise and their room."""
    tail_s = rng.uniform(0.12, 0.35)
    n = seconds(tail_s)
    envelope = np.float32(rng.uniform(0.25, 0.6)) * decay(n, tail_s)
    spacing = seconds(rng.uniform(0.007, 0.012))
    bursts = int(rng.integers(3, 5))
    for burst in range(bursts):
        rest = n - burst * spacing
        envelope[burst * spacing :] = np.maximum(envelope[burst * spacing :], decay(rest, 0.02))
    noise = filter_sound(
        white_noise(n, noise_seed(rng)), rng.uniform(900, 1800), mode="band", resonance=rng.uniform(0.8, 2)
    )
    return fade_ends(filter_sound(noise, 500.0, mode="high") * envelope)


def tom(rng: np.random.Generator, *, low_hz: float = 80.0) -> np.ndarray:
    """Strike a tom: a skin whose pitch falls a little; `low_hz` to 1.4 times that."""
    decay_s = rng.uniform(0.2, 0.6)
    n = seconds(0.8 * decay_s)
    rest_hz = low_hz * rng.uniform(1, 1.4)
    frequency = sweep_hz(n, rest_hz=rest_hz, rise_hz=rest_hz * rng.uniform(0.1, 0.8), fall_s=rng.uniform(0.02, 0.08))
    body = gliding_tone("sine", frequency) * decay(n, decay_s)
    body += 0.3 * gliding_tone("sine", frequency * MEMBRANE[1]) * decay(n, 0.5 * decay_s)
    n_stick = seconds(0.02)
    body[:n_stick] += np.float32(rng.uniform(0, 0.3)) * white_noise(n_stick, noise_seed(rng)) * decay(n_stick, 0.015)
    return fade_ends(body)


def hand_drum(rng: np.random.Generator, *, low_hz: float = 200.0) -> np.ndarray:
    """Strike a conga, bongo or tabla: the modes of a skin, those above dying sooner."""
    decay_s = rng.uniform(0.08, 0.35)
    n = seconds(0.9 * decay_s)
    modes = low_hz * rng.uniform(1, 1.5) * MEMBRANE * np.append(1.0, rng.uniform(0.96, 1.04, len(MEMBRANE) - 1))
    amplitude = rng.uniform(0.15, 1.0, len(modes)) / np.arange(1, len(modes) + 1) ** 0.5
    body = ring_partials(modes, amplitude=amplitude, decay_s=decay_s / np.arange(1, len(modes) + 1) ** 0.4, n=n)
    n_slap = seconds(0.03)
    slap = filter_sound(white_noise(n_slap, noise_seed(rng)), rng.uniform(800, 4000), mode="band")
    body[:n_slap] += np.float32(rng.uniform(0.1, 1.0)) * (slap * decay(n_slap, 0.02))[: len(body)]
    return fade_ends(body)


def rim(rng: np.random.Generator) -> np.ndarray:
    """Strike a rim: three short partials."""
    decay_s = rng.uniform(0.03, 0.08)
    modes = rng.uniform(380, 600) * np.array([1.0, rng.uniform(2.5, 3.8), rng.uniform(4.5, 6)])
    return fade_ends(ring_partials(modes, amplitude=np.array([0.5, 1.0, 0.5]), decay_s=decay_s, n=seconds(decay_s)))


def shaker(rng: np.random.Generator) -> np.ndarray:
    """Shake: a short swell of bright noise, its loudest moment 5 ms after the beginning."""
    n = seconds(rng.uniform(0.05, 0.12))
    noise = filter_sound(white_noise(n, noise_seed(rng)), rng.uniform(4000, 9000), mode="band", resonance=1.5)
    return fade_ends(noise * decay(n, rng.uniform(0.05, 0.12)), attack_s=0.005)


def fm_drum(rng: np.random.Generator) -> np.ndarray:
    """Strike an FM drum: metallic, wooden or like a laser."""
    decay_s = rng.uniform(0.05, 0.3)
    n = seconds(decay_s)
    rest_hz = np.exp(rng.uniform(np.log(120), np.log(1600)))
    frequency = sweep_hz(n, rest_hz=rest_hz, rise_hz=rest_hz * rng.uniform(0, 1.5), fall_s=rng.uniform(0.01, 0.05))
    index = rng.uniform(1, 7) * decay(n, decay_s * rng.uniform(0.3, 1))
    return fade_ends(fm_tone(frequency, index=index, ratio=rng.uniform(0.5, 5)) * decay(n, decay_s))


def rumble(rng: np.random.Generator, style: KitStyle) -> np.ndarray:
    """Sound the dark tail that fills the space between techno kicks: a soft low thud."""
    n = seconds(rng.uniform(0.14, 0.3))
    low = gliding_tone("sine", sweep_hz(n, rest_hz=rng.uniform(*style.kick_hz), rise_hz=15, fall_s=0.05))
    noise = filter_sound(white_noise(n, noise_seed(rng)), 90.0, mode="low") * np.float32(rng.uniform(0, 4))
    return fade_ends((low + noise) * decay(n, rng.uniform(0.25, 0.5)), attack_s=0.008)
