"""Held notes: found in synthetic lines whose notes are known, steady or not, in the key or beside it."""

import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from training.model_evaluation.pitch import HeldNote, held_notes, note_shares

FORMAT = MelFormat()
BEAT = 24_000


def line(*pitches_hz: float, vibrato_cents: float = 0.0) -> np.ndarray:
    """One note a bar half, saw-like, with a rest of an eighth after each; 0 is silence."""
    audio = np.zeros(192_000)
    for index, pitch_hz in enumerate(pitches_hz):
        time_s = np.arange(2 * BEAT - 6000) / 48_000
        wobble = vibrato_cents * np.log(2) / 1200 / (2 * np.pi * 5) * np.sin(2 * np.pi * 5 * time_s)
        turns = pitch_hz * (time_s + wobble)
        fade = np.minimum(1, np.minimum(time_s, time_s[::-1]) / 0.01)
        note = sum(np.sin(2 * np.pi * k * turns) / k for k in range(1, 8)) * fade * (pitch_hz > 0)
        audio[index * 2 * BEAT : index * 2 * BEAT + len(note)] += 0.2 * note
    return audio.astype(np.float32)


def test_notes_are_found_at_their_pitch_and_steady() -> None:
    notes = held_notes(line(55.0, 82.41, 110.0, 130.81), FORMAT)
    np.testing.assert_allclose([note.pitch_hz for note in notes], [55.0, 82.41, 110.0, 130.81], rtol=2e-3)
    assert all(note.steady for note in notes)
    assert all(note.in_key for note in notes)


@pytest.mark.parametrize(("vibrato_cents", "steady"), [(8.0, True), (40.0, False)])
def test_a_note_that_wanders_is_not_steady(vibrato_cents: float, steady: bool) -> None:
    notes = held_notes(line(110.0, 0.0, 98.0, 0.0, vibrato_cents=vibrato_cents), FORMAT)
    assert len(notes) >= 2
    assert {note.steady for note in notes} == {steady}


@pytest.mark.parametrize(("cents", "in_key"), [(0, True), (12, True), (20, False), (50, False), (100, False)])
def test_a_note_is_in_the_key_within_15_cents(cents: float, in_key: bool) -> None:
    assert HeldNote(pitch_hz=55 * 2 ** (cents / 1200), off_cents=np.zeros(5)).in_key == in_key


def test_short_notes_and_silence_are_no_held_notes() -> None:
    assert held_notes(np.zeros(192_000, np.float32), FORMAT) == []
    short = line(110.0, 0.0, 0.0, 0.0)
    short[6000:] = 0
    assert held_notes(short, FORMAT) == []


def test_shares_are_of_all_notes_and_0_of_none() -> None:
    good = HeldNote(pitch_hz=55.0, off_cents=np.zeros(10))
    bad = HeldNote(pitch_hz=56.6, off_cents=np.array([0.0] * 8 + [30.0] * 2))
    assert note_shares([good, good, good, bad]) == {"steady": 0.75, "in_key": 0.75}
    assert note_shares([]) == {"steady": 0.0, "in_key": 0.0}
