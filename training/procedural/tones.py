"""Tones for the vocoder's training: held tones at declared pitches and levels, impulses, equal hits, kick over bass."""

import dataclasses

import numpy as np

from training.procedural.drum_voices import KitStyle
from training.procedural.envelopes import fade_ends
from training.procedural.grid import CELL_SAMPLES, N_SAMPLES, SAMPLE_RATE, add_round, amplitude, empty_loop, set_peak
from training.procedural.harmony import draw_chords, note_hz
from training.procedural.kit import VOICES, draw_voice
from training.procedural.one_shots import OneShots
from training.procedural.oscillators import steady_tone
from training.procedural.rhythm import cycle
from training.procedural.seeding import chance, genre_generator, pick

LOWEST_HZ, HIGHEST_HZ = 30.0, 2000.0
SHAPES = ("sine", "square", "saw", "triangle")
KINDS = ("held", "held", "held", "pair", "dyad", "triad", "span", "span", "impulses", "kick_bass", "hits")
CELL_HZ = SAMPLE_RATE / N_SAMPLES
"""Frequencies of tones that fill a loop are multiples of this: 0.25 Hz."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tone:
    """What a loop of tones holds."""

    kind: str
    """"held", "pair", "dyad", "triad", "span" (a tone with silence around), "impulses", "kick_bass" or "hits"."""
    shape: str
    """Waveform."""
    frequencies_hz: tuple[float, ...]
    """Pitches; empty for impulses and hits."""
    peak_db: float
    """Peak of the loop, in dB re full scale."""


def draw_tone(seed: int) -> Tone:
    """Draw what `draw_loop("tones", seed)` holds."""
    return describe(genre_generator("tones", seed))


def describe(rng: np.random.Generator) -> Tone:
    """Draw kind, waveform, pitches and level."""
    kind = pick(rng, KINDS)
    low_hz = float(np.exp(rng.uniform(np.log(LOWEST_HZ), np.log(HIGHEST_HZ))))
    if kind == "pair":
        pitches = [low_hz, low_hz * 2 ** (rng.uniform(2, 30) / 1200)]
    elif kind == "dyad":
        low_hz = min(low_hz, HIGHEST_HZ / 2)
        pitches = [low_hz, low_hz * 2 ** (int(rng.integers(3, 13)) / 12)]
    elif kind == "triad":
        pitches = [note_hz(midi) for midi in draw_chords(rng, low=pick(rng, (36, 48, 60)), high=84)[0]]
    elif kind == "kick_bass":
        pitches = [float(rng.uniform(33, 120))]
    else:
        pitches = [low_hz] if kind in ("held", "span") else []
    if kind != "span":
        pitches = [round(pitch / CELL_HZ) * CELL_HZ for pitch in pitches]
    level_db = rng.uniform(-50.0, 0.0) if chance(rng, 0.6) else rng.uniform(-12.0, 0.0)
    return Tone(kind=kind, shape=pick(rng, SHAPES), frequencies_hz=tuple(pitches), peak_db=float(level_db))


def draw_tones(rng: np.random.Generator, one_shots: OneShots | None = None) -> np.ndarray:
    """Draw a loop of tones; float32 `[N_SAMPLES]`, its peak at the level it declares."""
    tone = describe(rng)
    if tone.kind == "impulses":
        loop = add_impulses(rng)
    elif tone.kind == "hits":
        loop = equal_hits(rng, one_shots)
    elif tone.kind == "span":
        loop = span(tone, rng)
    else:
        loop = hold(tone, rng)
        if tone.kind == "kick_bass":
            add_kicks(loop, rng, one_shots)
    return set_peak(loop, tone.peak_db)


def hold(tone: Tone, rng: np.random.Generator) -> np.ndarray:
    """Hold the tones all round the loop; they are whole multiples of `CELL_HZ`."""
    loop = empty_loop()
    for frequency in tone.frequencies_hz:
        loop += np.float32(rng.uniform(0.5, 1.0)) * steady_tone(tone.shape, frequency, n=N_SAMPLES, phase=rng.random())
    return loop


def span(tone: Tone, rng: np.random.Generator) -> np.ndarray:
    """Sound the tone for a while, with silence around it; it may cross the loop's end."""
    loop = empty_loop()
    count = pick(rng, (1, 1, 2, 4))
    n = int(rng.uniform(0.1, 0.9) * N_SAMPLES / count)
    start = int(rng.integers(N_SAMPLES))
    attack_s, release_s = rng.uniform(0.002, 0.1), rng.uniform(0.005, 0.3)
    for turn in range(count):
        sound = steady_tone(tone.shape, tone.frequencies_hz[0], n=n, phase=rng.random())
        add_round(
            loop, fade_ends(sound, attack_s=attack_s, release_s=release_s), start + turn * N_SAMPLES // count, 1.0
        )
    return loop


def add_impulses(rng: np.random.Generator) -> np.ndarray:
    """Place single samples: one anywhere, or one every few cells."""
    loop = empty_loop()
    offset = int(rng.integers(N_SAMPLES))
    places = [0] if chance(rng, 0.4) else [cell * CELL_SAMPLES for cell in cycle(pick(rng, (2, 4, 8, 16)))]
    for place in places:
        loop[(place + offset) % N_SAMPLES] = pick(rng, (1.0, -1.0)) if chance(rng, 0.2) else 1.0
    return loop


def equal_hits(rng: np.random.Generator, one_shots: OneShots | None) -> np.ndarray:
    """Repeat one drum hit at equal level on a grid of cells."""
    loop = empty_loop()
    sound = draw_voice(pick(rng, VOICES), rng, style=KitStyle(), one_shots=one_shots)
    step = pick(rng, (2, 4, 4, 8, 16, 32))
    offset = int(rng.integers(CELL_SAMPLES)) if chance(rng, 0.5) else 0
    for cell in cycle(step):
        add_round(loop, sound, cell * CELL_SAMPLES + offset, 1.0)
    return loop


def add_kicks(loop: np.ndarray, rng: np.random.Generator, one_shots: OneShots | None) -> None:
    """Strike kicks over a held bass note; changes the loop in place."""
    sound = draw_voice("kick", rng, style=KitStyle(), one_shots=one_shots)
    gain = amplitude(rng.uniform(-6.0, 9.0))
    for cell in cycle(pick(rng, (4, 4, 8))):
        add_round(loop, sound, cell * CELL_SAMPLES, gain)
