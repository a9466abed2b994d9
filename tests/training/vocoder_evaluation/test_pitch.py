"""Held notes, pads and bass lines through vocoders whose faults are known."""

from collections.abc import Callable

import numpy as np
import pytest

from training.vocoder_evaluation.pitch import (
    NoteSet,
    bass_lines,
    detuned_pads,
    held_notes,
    measure_notes,
    summarise_notes,
)

Resynthesise = Callable[[np.ndarray], np.ndarray]


def test_held_notes_are_every_waveform_at_every_pitch_at_minus_12_db() -> None:
    note_set = held_notes(4)
    assert note_set.loops.shape == (12, 192_000)
    assert note_set.loops.dtype == np.float32
    assert np.abs(note_set.loops).max(axis=1) == pytest.approx([0.25] * 12, rel=0.03)
    assert not note_set.loops[:, :48_000].any()
    assert not note_set.loops[:, 144_000:].any()
    assert [note.loop for note in note_set.notes] == list(range(12))
    assert {note.waveform for note in note_set.notes} == {"sine", "square", "saw"}
    assert note_set.notes[0].pitch_hz == pytest.approx(33)
    assert note_set.notes[3].pitch_hz == pytest.approx(1000)


def test_bass_lines_are_thinned_and_keep_eight_notes_each() -> None:
    assert len(bass_lines(10).loops) == 8
    assert len(bass_lines(2).loops) == 2
    assert [note.loop for note in bass_lines(2).notes] == [0] * 8 + [1] * 8


@pytest.mark.parametrize("make", [held_notes, bass_lines])
def test_vocoder_without_fault_has_no_error(
    make: Callable[[int], NoteSet], identity: Resynthesise, ignore: Callable[[int], None]
) -> None:
    figures = summarise_notes(measure_notes(identity, make(3), advance=ignore))
    assert figures["p95_cents"] < 0.05
    assert figures["jitter_worst_cents"] < 0.1


def test_centre_of_a_beating_pad_is_found(identity: Resynthesise, ignore: Callable[[int], None]) -> None:
    measured = measure_notes(identity, detuned_pads(8), advance=ignore)
    assert max(abs(float(note["error_cents"])) for note in measured) < 1


@pytest.mark.parametrize("make", [held_notes, detuned_pads])
@pytest.mark.parametrize("cents", [8.0, -25.0])
def test_detuned_vocoder_is_detected(
    make: Callable[[int], NoteSet],
    cents: float,
    detuned: Callable[[float], Resynthesise],
    ignore: Callable[[int], None],
) -> None:
    measured = measure_notes(detuned(cents), make(3), advance=ignore)
    assert [note["error_cents"] for note in measured] == pytest.approx([cents] * len(measured), abs=1)
    assert summarise_notes(measured)["median_cents"] == pytest.approx(abs(cents), abs=1)


def test_vocoder_that_repeats_itself_every_hop_is_detected(ignore: Callable[[int], None]) -> None:
    """What a convolution without phase does: every note comes out at a multiple of 128 Hz."""

    def repeat(audio: np.ndarray) -> np.ndarray:
        return np.tile(audio[:, 96_000 : 96_000 + 375], 512)

    measured = measure_notes(repeat, held_notes(4), advance=ignore)
    at_103_hz = [note["error_cents"] for note in measured if 100 < float(note["pitch_hz"]) < 105]
    assert at_103_hz == pytest.approx([378.6] * 3, abs=1)


def test_wobble_is_jitter_and_not_an_error(ignore: Callable[[int], None]) -> None:
    def wobble(audio: np.ndarray) -> np.ndarray:
        """Shift in time to and fro, five times in the measured 1.8 s: a vibrato of 20 cents."""
        n_samples = audio.shape[1]
        depth = 48_000 * 20 * np.log(2) / 1200 / (2 * np.pi * 5 / 1.8)
        places = np.arange(n_samples) + depth * np.sin(2 * np.pi * 5 / 1.8 * np.arange(n_samples) / 48_000)
        return np.stack([np.interp(places, np.arange(n_samples), x) for x in audio])

    figures = summarise_notes(measure_notes(wobble, held_notes(2), advance=ignore))
    assert figures["median_cents"] < 5
    assert 15 < figures["jitter_p90_cents"] < 25


def test_silent_vocoder_is_the_worst(ignore: Callable[[int], None]) -> None:
    figures = summarise_notes(measure_notes(np.zeros_like, held_notes(1), advance=ignore))
    assert figures["median_cents"] == 1300


def test_summary_takes_medians_and_percentiles_of_sizes() -> None:
    measured = [{"error_cents": float(error), "jitter_cents": float(error % 7)} for error in range(-50, 51)]
    assert summarise_notes(measured) == {
        "median_cents": 25,
        "p95_cents": 48,
        "jitter_p90_cents": 6,
        "jitter_worst_cents": 6,
    }
