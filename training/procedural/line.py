"""A line: notes of one voice, played with slides, accents and a moving filter."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from training.procedural.envelopes import hold_envelope
from training.procedural.filters import CONTROL, control_points, filter_sound
from training.procedural.grid import CELL_SAMPLES, SAMPLE_RATE, add_round
from training.procedural.harmony import note_hz
from training.procedural.oscillators import fm_tone, gliding_tone
from training.procedural.seeding import chance, pick

DRIVEN_HZ = 3000.0
"""Highest cutoff before saturation, whose products must not pass half the sample rate."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Note:
    """One note of a line."""

    cell: float
    """Sixteenth in which it begins."""
    cells: float
    """How long it is held, in sixteenths."""
    midi: int
    """MIDI note."""
    accent: bool = False
    """Whether it is louder and brighter."""
    slide: bool = False
    """Whether it glides from the note before it, which must end where this one begins."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patch:
    """A synthesiser's settings."""

    shape: str
    """A waveform of `oscillators.SHAPES`, or "fm"."""
    detune_cents: float = 0.0
    """Distance of a second oscillator; 0 for none."""
    sub: float = 0.0
    """Level of a sine at the note's own pitch."""
    fm_ratio: float = 1.0
    """Modulator's frequency relative to the note, for "fm"."""
    fm_index: float = 2.0
    """Modulation at the beginning of a note, in radians, for "fm"."""
    cutoff_hz: float = 800.0
    """Where the low-pass filter rests."""
    sweep_octaves: float = 2.0
    """How far a note opens the filter."""
    sweep_s: float = 0.3
    """Seconds in which the filter falls by 60 dB of its way."""
    resonance: float = 1.0
    """Quality factor of the filter."""
    attack_s: float = 0.004
    """Rise of a note."""
    decay_s: float = 1.0
    """Fall to the sustained level, by 60 dB."""
    sustain: float = 0.7
    """Held level, 0 to 1."""
    release_s: float = 0.08
    """Fall to silence after the note."""
    glide_s: float = 0.04
    """Time constant of slides."""
    drive: float = 0.0
    """Saturation after the filter; 0 for none."""
    vibrato_cents: float = 0.0
    """Depth of a vibrato of about 5.5 Hz."""


def phrases(notes: Sequence[Note]) -> list[list[Note]]:
    """Group notes that slide into each other."""
    groups: list[list[Note]] = []
    for note in notes:
        if note.slide and groups:
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


def add_line(loop: np.ndarray, notes: Sequence[Note], *, patch: Patch, swing: float = 0.0) -> None:
    """Play notes into a loop, their tails going round.

    Parameters
    ----------
    loop : np.ndarray [shape=(N_SAMPLES,)]
        float32, changed in place.
    notes : sequence of Note
        In the order of their cells.
    patch : Patch
        The sound.
    swing : float
        Lateness of phrases that begin on every second sixteenth, in sixteenths.
    """
    for phrase in phrases(notes):
        late = swing if int(phrase[0].cell) % 2 == 1 else 0.0
        add_round(loop, play_phrase(phrase, patch), round((phrase[0].cell + late) * CELL_SAMPLES), 1.0)


def play_phrase(phrase: Sequence[Note], patch: Patch) -> np.ndarray:
    """Play notes that slide into each other: float32, about 0.6 at its loudest."""
    lengths = [round(note.cells * CELL_SAMPLES) for note in phrase]
    envelope = hold_envelope(
        sum(lengths),
        attack_s=patch.attack_s,
        decay_s=patch.decay_s,
        sustain=patch.sustain,
        release_s=patch.release_s,
    )
    n = len(envelope)
    frequency = glide(phrase, lengths, n=n, glide_s=patch.glide_s)
    if patch.vibrato_cents:
        time_s = np.arange(n) / SAMPLE_RATE
        depth = patch.vibrato_cents * np.minimum(time_s / 0.4, 1)
        frequency = frequency * 2 ** (depth / 1200 * np.sin(2 * np.pi * 5.5 * time_s))
    sweep = sweep_points(phrase, lengths, n=n, patch=patch)
    sound = oscillate(frequency, sweep, patch=patch)
    brightest_hz = DRIVEN_HZ if patch.drive else 18_000
    cutoff = np.minimum(patch.cutoff_hz * 2 ** (patch.sweep_octaves * sweep), brightest_hz)
    sound = filter_sound(sound, np.maximum(cutoff, frequency[0]), mode="low", resonance=patch.resonance)
    if patch.drive:
        sound = saturate(patch.drive * sound) / np.float32(patch.drive**0.7)
    return sound * envelope * np.float32(0.6 if phrase[0].accent else 0.4)


def saturate(sound: np.ndarray) -> np.ndarray:
    """Bend a sound by tanh, averaged between neighbouring samples so that little aliasing arises; float32 `[n]`.

    References
    ----------
    Parker, Zavalishin and Le Bivic, Reducing the Aliasing of Nonlinear Waveshaping Using Continuous-Time
    Convolution, DAFx 2016.
    """
    here = sound.astype(np.float64)
    before = np.concatenate([here[:1], here[:-1]])
    step = here - before
    close = np.abs(step) < 1e-5
    area = np.abs(here) + np.log1p(np.exp(-2 * np.abs(here)))  # log cosh, but for a constant
    rise = area - np.concatenate([area[:1], area[:-1]])
    mean = np.where(close, np.tanh(0.5 * (here + before)), rise / np.where(close, 1.0, step))
    return mean.astype(np.float32)


def glide(phrase: Sequence[Note], lengths: Sequence[int], *, n: int, glide_s: float) -> np.ndarray:
    """Frequency of a phrase, sliding from note to note: float64 `[n]`, in hertz."""
    octaves = np.full(n, np.log2(note_hz(phrase[-1].midi)))
    start, before = 0, np.log2(note_hz(phrase[0].midi))
    for note, length in zip(phrase, lengths, strict=True):
        target = np.log2(note_hz(note.midi))
        end = n if note is phrase[-1] else start + length
        fall = np.exp(np.arange(end - start) * (-1 / (glide_s * SAMPLE_RATE)))
        octaves[start:end] = target + (before - target) * fall
        start, before = end, target
    return 2**octaves


def sweep_points(phrase: Sequence[Note], lengths: Sequence[int], *, n: int, patch: Patch) -> np.ndarray:
    """How far the filter is open at its control points, 0 to about 1.4; each note opens it anew."""
    points = np.zeros(control_points(n))
    start = 0
    for note, length in zip(phrase, lengths, strict=True):
        first = start // CONTROL
        time_s = np.arange(len(points) - first) * (CONTROL / SAMPLE_RATE)
        points[first:] = (1.4 if note.accent else 1.0) * np.exp(-6.9 * time_s / patch.sweep_s)
        start += length
    return points


def oscillate(frequency: np.ndarray, sweep: np.ndarray, *, patch: Patch) -> np.ndarray:
    """Sound a patch's oscillators: float32 `[n]`."""
    n = len(frequency)
    if patch.shape == "fm":
        index = patch.fm_index * (0.2 + 0.8 * np.repeat(sweep, CONTROL)[:n])
        sound = fm_tone(frequency, index=index, ratio=patch.fm_ratio)
    else:
        sound = gliding_tone(patch.shape, frequency)
    if patch.detune_cents and patch.shape != "fm":
        sound = 0.6 * (sound + gliding_tone(patch.shape, frequency * 2 ** (patch.detune_cents / 1200), phase=0.3))
    if patch.sub:
        sound = sound + np.float32(patch.sub) * gliding_tone("sine", frequency)
    return sound


def draw_patch(rng: np.random.Generator, *, shapes: Sequence[str], cutoff_hz: tuple[float, float]) -> Patch:
    """Draw a synthesiser's settings.

    Parameters
    ----------
    rng : np.random.Generator
        Where they are drawn.
    shapes : sequence of str
        Waveforms to choose from.
    cutoff_hz : tuple of float
        Limits of the filter's resting place.

    Returns
    -------
    Patch
        The settings; the release and the sustain suit any length.
    """
    shape = pick(rng, shapes)
    return Patch(
        shape=shape,
        detune_cents=rng.uniform(3, 18) if chance(rng, 0.3) else 0.0,
        sub=rng.uniform(0.2, 0.8) if chance(rng, 0.35) else 0.0,
        fm_ratio=pick(rng, (0.5, 1.0, 1.0, 2.0, 3.0, 4.0)),
        fm_index=rng.uniform(0.5, 5.0),
        cutoff_hz=float(np.exp(rng.uniform(*np.log(cutoff_hz)))),
        sweep_octaves=rng.uniform(0.0, 4.0),
        sweep_s=rng.uniform(0.1, 1.2),
        resonance=float(np.exp(rng.uniform(np.log(0.7), np.log(6.0)))),
        attack_s=rng.uniform(0.002, 0.02),
        decay_s=rng.uniform(0.3, 4.0),
        sustain=rng.uniform(0.3, 1.0),
        release_s=rng.uniform(0.03, 0.3),
        glide_s=rng.uniform(0.015, 0.08),
        drive=rng.uniform(0.5, 2.0) if chance(rng, 0.3) else 0.0,
    )
