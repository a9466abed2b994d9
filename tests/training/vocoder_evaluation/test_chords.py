"""Chords through vocoders whose faults are known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from training.vocoder_evaluation.chord_set import Chord, chord_set
from training.vocoder_evaluation.chords import measure_chord, measure_chords, summarise_chords
from training.vocoder_evaluation.tones import held_tone, place

Resynthesise = Callable[[np.ndarray], np.ndarray]
THIRD = Chord(name="C3 E3", family="chords", tones_hz=(130.81, 164.81))
KICK = Chord(name="kick", family="kick_over_bass", tones_hz=(55.0, 87.3))


def tones(*pitches_hz: float) -> np.ndarray:
    """Sines as loud as those of a dyad and held as long."""
    return place(
        [0.125594 * held_tone(f, duration_s=2.0, waveform="sine") for f in pitches_hz], [48_000] * len(pitches_hz)
    )


def against_third(audio: np.ndarray) -> dict[str, Any]:
    return measure_chord(THIRD.loop(), audio, THIRD)


def test_vocoder_without_fault_has_none(identity: Resynthesise, ignore: Callable[[int], None]) -> None:
    figures = summarise_chords(measure_chords(identity, chord_set(8), advance=ignore))
    assert list(figures) == ["chords", "kick_over_bass", "close_intervals"]
    for family in figures.values():
        assert family["worst_level_db"] == family["worst_cents"] == 0
        assert family["false_partial_db"] < -85


def test_each_tone_has_its_own_level_and_pitch() -> None:
    measured = against_third(tones(130.81 * 2 ** (7 / 1200)) + 0.5 * tones(164.81 * 2 ** (-15 / 1200)))
    assert measured["level_errors_db"] == pytest.approx([0, -6.02], abs=0.05)
    assert measured["errors_cents"] == pytest.approx([7, -15], abs=0.1)
    assert measured["false_partial_db"] < -85  # a detuned tone is no false one


@pytest.mark.parametrize("false_hz", [40.0, 147.0, 800.0, 12_000.0])
def test_false_partial_is_seen_wherever_it_is(false_hz: float) -> None:
    measured = against_third(THIRD.loop() + 0.1 * tones(false_hz))
    assert measured["false_partial_db"] == pytest.approx(-23.0, abs=0.1)
    assert np.abs(measured["level_errors_db"]).max() < 0.1


def test_tone_that_is_missing_is_missed() -> None:
    measured = against_third(tones(164.81))
    assert measured["level_errors_db"][0] < -60
    assert abs(measured["level_errors_db"][1]) < 0.1
    assert against_third(np.zeros(192_000))["level_errors_db"][0] < -100


def test_tone_that_took_the_neighbours_place_is_missing_and_false_nowhere() -> None:
    measured = against_third(tones(130.81, 147.8))
    assert measured["level_errors_db"][1] < -20 or abs(measured["errors_cents"][1]) > 100


def test_distortion_is_a_false_partial() -> None:
    assert against_third(np.clip(THIRD.loop(), -0.15, 0.15))["false_partial_db"] > -30


def test_kick_over_bass_is_measured_at_the_kicks() -> None:
    assert measure_chord(KICK.loop(), 0.5 * KICK.loop(), KICK)["level_errors_db"] == pytest.approx(
        [-6.02] * 2, abs=0.01
    )
    bass_alone = place([0.125594 * held_tone(87.3, duration_s=4.0, waveform="sine")], [0])
    measured = measure_chord(KICK.loop(), bass_alone, KICK)
    assert measured["level_errors_db"][0] < -20
    assert abs(measured["level_errors_db"][1]) < 0.1


def test_noise_and_detuning_are_detected_in_every_family(
    noisy: Callable[[float], Resynthesise], detuned: Callable[[float], Resynthesise], ignore: Callable[[int], None]
) -> None:
    for family in summarise_chords(measure_chords(noisy(-12.0), chord_set(4), advance=ignore)).values():
        assert family["false_partial_db"] > -40
    figures = summarise_chords(measure_chords(detuned(12.0), chord_set(4), advance=ignore))
    for family in ("chords", "close_intervals"):
        assert figures[family]["median_cents"] == pytest.approx(12, abs=0.5)


def test_summary_takes_the_worst_of_each_family() -> None:
    quiet = {"level_errors_db": [0.1, -0.5], "errors_cents": [1.0, 3.0], "false_partial_db": -50.0}
    loud = {"level_errors_db": [0.3, -4.0], "errors_cents": [-20.0, 3.0], "false_partial_db": -20.0}
    families = ("chords", "kick_over_bass", "close_intervals")
    figures = summarise_chords([{"family": family, **chord} for family in families for chord in (loud, quiet)])
    assert list(figures) == list(families)
    assert figures["chords"] == {
        "worst_level_db": 4.0,
        "median_level_db": 0.4,
        "worst_cents": 20.0,
        "median_cents": 3.0,
        "false_partial_db": -20.0,
    }
