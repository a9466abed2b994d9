"""Held notes, detuned pads and bass lines through a vocoder: errors in cents."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from training.vocoder_evaluation.pitch_track import track_cents
from training.vocoder_evaluation.resynthesis import SAMPLE_RATE, Advance, Resynthesise, resynthesise_all
from training.vocoder_evaluation.tones import LEVEL, WAVEFORMS, held_tone, log_spaced_hz, note_hz, place

LOW_HZ, HIGH_HZ = 33.0, 1000.0
PAD_LOW_HZ = 35.0
PAD_CENTS = ((-6.0, 6.0), (-9.0, 0.0, 9.0))
HELD_S = 2.0
HELD_START = SAMPLE_RATE
EDGE_S = 0.1
QUARTER_S = 0.5
BASS_LINE = (0, 0, 12, 7, 0, 3, 10, 5)
BASS_ROOTS = (24, 26, 28, 31, 33, 36, 38, 40)
"""MIDI notes C1 to E2: the lines run from 33 to 165 Hz."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Note:
    """A note in one of a set's loops."""

    loop: int
    """Index of the loop."""
    pitch_hz: float
    """The pitch it should have, in hertz."""
    waveform: str
    """One of `tones.WAVEFORMS`."""
    start: int
    """Sample at which it begins."""
    duration_s: float
    """Length in seconds."""


@dataclasses.dataclass(frozen=True)
class NoteSet:
    """Loops of notes."""

    loops: np.ndarray
    """float32 `[n_loops, n_samples]`."""
    notes: Sequence[Note]
    """Every note in them."""


def held_notes(n_pitches: int) -> NoteSet:
    """Synthesise notes of two seconds: every waveform at each pitch, 33 to 1000 Hz, alone in a silent loop."""
    keys = [(waveform, f) for waveform in WAVEFORMS for f in log_spaced_hz(LOW_HZ, HIGH_HZ, n_pitches)]
    tones = [held_tone(f, duration_s=HELD_S, waveform=waveform) for waveform, f in keys]
    notes = [
        Note(loop=loop, pitch_hz=float(f), waveform=waveform, start=HELD_START, duration_s=HELD_S)
        for loop, (waveform, f) in enumerate(keys)
    ]
    return NoteSet(np.stack([place([LEVEL * tone], [HELD_START]) for tone in tones]), notes)


def detuned_pads(n_pitches: int) -> NoteSet:
    """Synthesise pads of two or three saws, in turn, whose phases meet in the middle: their centre pitch is exact."""
    loops, notes = [], []
    for loop, f in enumerate(log_spaced_hz(PAD_LOW_HZ, HIGH_HZ, n_pitches)):
        cents = PAD_CENTS[loop % len(PAD_CENTS)]
        pitches_hz = [f * 2 ** (offset / 1200) for offset in cents]
        saws = [held_tone(pitch, duration_s=HELD_S, waveform="saw", centre_phase=0.25) for pitch in pitches_hz]
        loops.append(place([LEVEL / len(cents) * saw for saw in saws], [HELD_START] * len(cents)))
        notes.append(Note(loop=loop, pitch_hz=float(f), waveform="saw", start=HELD_START, duration_s=HELD_S))
    return NoteSet(np.stack(loops), notes)


def bass_lines(n_lines: int) -> NoteSet:
    """Synthesise lines of eight quarter notes, saws, on up to eight roots from C1 to E2."""
    loops, notes = [], []
    starts = [round(beat * QUARTER_S * SAMPLE_RATE) for beat in range(len(BASS_LINE))]
    for loop, root in enumerate(BASS_ROOTS[:: max(1, len(BASS_ROOTS) // n_lines)]):
        pitches_hz = [note_hz(root + interval) for interval in BASS_LINE]
        tones = [LEVEL * held_tone(f, duration_s=QUARTER_S, waveform="saw") for f in pitches_hz]
        loops.append(place(tones, starts))
        notes += [
            Note(loop=loop, pitch_hz=f, waveform="saw", start=start, duration_s=QUARTER_S)
            for f, start in zip(pitches_hz, starts)
        ]
    return NoteSet(np.stack(loops), notes)


def measure_notes(resynthesise: Resynthesise, note_set: NoteSet, *, advance: Advance) -> list[dict[str, float | str]]:
    """Measure the pitch of every note of a set after resynthesis.

    Parameters
    ----------
    resynthesise : callable
        The vocoder under test.
    note_set : NoteSet
        Loops and their notes.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    list of dict
        Per note `waveform`, `pitch_hz`, `error_cents` (of the median pitch, 100 ms from either end left out) and
        `jitter_cents` (90th percentile of the distance from that median).
    """
    audio = resynthesise_all(resynthesise, note_set.loops, advance=advance)
    return [measure_note(audio[note.loop], note) for note in note_set.notes]


def measure_note(audio: np.ndarray, note: Note) -> dict[str, float | str]:
    """Measure one note in its loop; the keys are those of `measure_notes`."""
    edge = round(EDGE_S * SAMPLE_RATE)
    cents = track_cents(
        audio,
        pitch_hz=note.pitch_hz,
        waveform=note.waveform,
        start=note.start + edge,
        stop=note.start + round(note.duration_s * SAMPLE_RATE) - edge,
    )
    error = float(np.median(cents))
    return {
        "waveform": note.waveform,
        "pitch_hz": note.pitch_hz,
        "error_cents": error,
        "jitter_cents": float(np.percentile(np.abs(cents - error), 90)),
    }


def summarise_notes(measured: Sequence[Mapping[str, float | str]]) -> dict[str, float]:
    """Reduce measured notes to figures.

    Returns
    -------
    dict of str to float
        `median_cents` and `p95_cents` of the errors' sizes, `jitter_p90_cents` and `jitter_worst_cents` over notes.
    """
    errors, jitters = (np.array([note[key] for note in measured], float) for key in ("error_cents", "jitter_cents"))
    return {
        "median_cents": float(np.median(np.abs(errors))),
        "p95_cents": float(np.percentile(np.abs(errors), 95)),
        "jitter_p90_cents": float(np.percentile(jitters, 90)),
        "jitter_worst_cents": float(jitters.max()),
    }
