"""Pads: chords of A minor and C major with slow filters, arpeggios, riffs and melodies over them."""

import numpy as np

from training.procedural.envelopes import hold_envelope, wave_round
from training.procedural.filters import CONTROL, filter_round
from training.procedural.grid import CELL_SAMPLES, N_CELLS, N_SAMPLES, add_round, echo_round, empty_loop, level_loop
from training.procedural.harmony import draw_chords, note_hz
from training.procedural.line import add_line
from training.procedural.melodies import draw_lead, draw_melody
from training.procedural.noise import reverb_round
from training.procedural.one_shots import OneShots
from training.procedural.oscillators import steady_tone
from training.procedural.seeding import chance, noise_seed, pick

LOWEST, HIGHEST = 36, 84
"""MIDI limits: C2 to C6."""
SHAPES = ("saw", "saw", "square", "pulse", "triangle", "sine")


def draw_pads(rng: np.random.Generator, _one_shots: OneShots | None = None) -> np.ndarray:
    """Draw a loop of chords, of a lead, or of both; one-shots are not used. Returns float32 `[N_SAMPLES]`."""
    low = pick(rng, (36, 48, 48, 52, 60))
    chords = draw_chords(rng, low=low, high=min(HIGHEST, low + 24))
    kind = pick(rng, ("chords", "chords", "stabs", "both", "lead", "lead"))
    loop = empty_loop()
    if kind in ("chords", "both"):
        loop += draw_pad(rng, chords)
    if kind == "stabs":
        loop += draw_stabs(rng, chords)
    if kind in ("lead", "both"):
        loop += np.float32(rng.uniform(0.5, 1.2)) * draw_solo(rng, chords)
    if chance(rng, 0.4):
        loop = reverb_round(loop, seed=noise_seed(rng), decay_s=rng.uniform(0.5, 3.0), mix=rng.uniform(0.2, 0.9))
    return level_loop(loop, rng)


def draw_pad(rng: np.random.Generator, chords: list[list[int]]) -> np.ndarray:
    """Hold each chord, two to three detuned oscillators a note, under one slow filter; float32, rms about 0.2."""
    loop = empty_loop()
    shape = pick(rng, SHAPES)
    cents = rng.uniform(2, 14)
    unison = np.linspace(-cents, cents, int(rng.integers(1, 4)))
    length = N_SAMPLES // len(chords)
    times = {
        "attack_s": rng.uniform(0.01, 0.6),
        "decay_s": rng.uniform(2, 20),
        "sustain": rng.uniform(0.5, 1.0),
        "release_s": rng.uniform(0.3, 2.0),
    }
    envelope = hold_envelope(length, **times)
    for place, chord in enumerate(chords):
        sound = np.zeros(len(envelope), np.float32)
        for midi in chord:
            for cent in unison:
                frequency = note_hz(midi + cent / 100)
                sound += steady_tone(shape, frequency, n=len(sound), phase=rng.random())
        add_round(loop, sound * envelope, place * length, 0.3 / np.sqrt(len(chord) * len(unison)))
    center_hz = np.exp(rng.uniform(np.log(300), np.log(6000)))
    movement = wave_round(rng, n=N_SAMPLES // CONTROL, fastest=pick(rng, (1, 2, 4, 16)))
    cutoff = center_hz * 2 ** (rng.uniform(0.0, 2.0) * movement)
    return filter_round(loop, cutoff, mode="low", resonance=rng.uniform(0.6, 3.0))


def draw_stabs(rng: np.random.Generator, chords: list[list[int]]) -> np.ndarray:
    """Play chords short, in a rhythm, with echoes; float32 `[N_SAMPLES]`."""
    loop = empty_loop()
    patch = draw_lead(rng)
    rhythm = pick(rng, ((0, 3, 6), (2, 10), (0, 6, 12), (3, 11), (0, 3, 7, 10, 14), (0,), (4, 12), (2, 6, 10, 14)))
    length = rng.uniform(0.5, 3.0)
    for cell in [cell + bar for bar in (0, N_CELLS // 2) for cell in rhythm]:
        chord = chords[cell * len(chords) // N_CELLS]
        notes = draw_melody(rng, "stab", chords=[chord], cell=cell, cells=length)
        for note in notes:
            add_line(loop, [note], patch=patch)
    return echo_round(loop, delay=3 * CELL_SAMPLES, feedback=rng.uniform(0, 0.6))


def draw_solo(rng: np.random.Generator, chords: list[list[int]]) -> np.ndarray:
    """Play an arpeggio, a riff or a melody over the chords, perhaps with echoes; float32 `[N_SAMPLES]`."""
    loop = empty_loop()
    kind = pick(rng, ("arpeggio", "arpeggio", "riff", "riff", "melody"))
    add_line(loop, draw_melody(rng, kind, chords=chords), patch=draw_lead(rng), swing=pick(rng, (0.0, 0.0, 0.0, 0.15)))
    if chance(rng, 0.5):
        loop = echo_round(loop, delay=pick(rng, (2, 3, 3, 4)) * CELL_SAMPLES, feedback=rng.uniform(0.2, 0.6))
    return loop
