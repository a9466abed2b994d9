"""Envelopes: they begin and end in silence, and go round."""

import numpy as np
import pytest

from training.procedural.envelopes import decay, fade_ends, hold_envelope, wave_round


def test_decay_falls_by_60_db_in_its_time() -> None:
    assert decay(48_000, 0.5)[24_000] == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("n", [1, 2, 10, 48_000])
def test_held_note_rises_from_and_falls_to_silence_without_a_step(n: int) -> None:
    envelope = hold_envelope(n, attack_s=0.01, decay_s=0.5, sustain=0.5, release_s=0.1)
    assert envelope.shape == (n + 4800,)
    assert envelope[0] == 0
    assert envelope[-1] < 1e-6
    assert np.max(np.abs(np.diff(envelope))) < (0.01 if n > 480 else 0.6)
    if n == 48_000:
        assert envelope[n - 1] == pytest.approx(0.5, abs=1e-3)


def test_short_sound_is_faded_within_its_length() -> None:
    sound = fade_ends(np.ones(10, np.float32), attack_s=0.1, release_s=0.1)
    assert sound[0] == sound[-1] == 0
    assert np.max(sound) < 1


def test_wave_goes_round_within_one() -> None:
    wave = wave_round(np.random.default_rng(1), n=1000, fastest=5)
    assert np.max(np.abs(wave)) == pytest.approx(1, rel=1e-5)
    assert abs(wave[0] - wave[-1]) <= np.max(np.abs(np.diff(wave)))
