"""The chords and where they are listened to."""

import numpy as np
import pytest

from training.vocoder_evaluation.chord_set import FAMILIES, Chord, chord_set


def test_set_has_the_promised_chords() -> None:
    names = [chord.name for chord in chord_set(40)]
    assert len(names) == len(set(names)) == 67
    assert {"C3 E3", "C3 E3 G3", "C3 D#3 G3", "C5 C6", "C2 G2", "kick 55 Hz + 87.3 Hz", "C4 C#4"} <= set(names)
    closest = {family: min(spacing(chord) for chord in chord_set(40) if chord.family == family) for family in FAMILIES}
    assert closest["chords"] == pytest.approx(2 ** (3 / 12))  # the third of a minor triad
    assert closest["close_intervals"] == pytest.approx(2 ** (1 / 12))


def spacing(chord: Chord) -> float:
    return min(high / low for low, high in zip(chord.tones_hz, chord.tones_hz[1:]))


@pytest.mark.parametrize("n_pitches", [1, 4, 8, 20, 40])
def test_thinned_set_keeps_every_family(n_pitches: int) -> None:
    assert {chord.family for chord in chord_set(n_pitches)} == set(FAMILIES)
    assert len(chord_set(n_pitches)) <= max(5, 67 * n_pitches / 40 + 3)


def test_windows_part_the_tones_and_stay_in_the_chord() -> None:
    for chord in chord_set(10):
        assert 2 * chord.lobe_hz <= min(np.diff(chord.tones_hz))
        assert chord.lobe_hz < 12
        assert chord.window_starts
        loop = chord.loop()
        for start in chord.window_starts:
            window = loop[start : start + chord.window_length]
            assert len(window) == chord.window_length
            assert np.abs(window).reshape(16, -1).max(axis=1).min() > 0.005


def test_loop_holds_its_tones_at_minus_12_db() -> None:
    loop = Chord(name="", family="chords", tones_hz=(200.0, 300.0)).loop()
    spectrum = np.abs(np.fft.rfft(loop[60_000:132_000])) * 2 / 72_000
    assert np.flatnonzero(spectrum > 0.01).tolist() == [300, 450]
    assert spectrum[[300, 450]] == pytest.approx([0.1256, 0.1256], abs=0.001)
