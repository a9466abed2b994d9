"""Rhythm of two sets of loops side by side."""

import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from training.model_evaluation.rhythm import measure_rhythm
from training.model_evaluation.rhythm_figures import agreement, compare_rhythms, correlate

FORMAT = MelFormat()


def envelopes(n: int, *, period: int = 64, late: int = 0, seed: int = 0) -> np.ndarray:
    """A pulse, and hits on some sixteenths of it."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((n, 512), np.float32)
    for row in drawn:
        row[(np.arange(0, 512 - period // 4, period) + late) % 512] = 10
        row[(rng.choice(int(512 / period * 4), 8, replace=False) * period // 4 + late) % 512] = 8
    return drawn


def test_model_off_the_grid_or_of_another_tempo_is_told_from_the_corpus() -> None:
    real = measure_rhythm(envelopes(30, late=2), FORMAT)
    rng = np.random.default_rng(0)
    alike, details = compare_rhythms(
        measure_rhythm(envelopes(30, late=2, seed=1), FORMAT), real, mel_format=FORMAT, rng=rng
    )
    assert details["lag_frames"] == 2
    assert details["on_grid_by_chance"] < 0.5
    assert (alike["on_grid"]["ratio"], alike["at_tempo"]["ratio"]) == (1, 1)
    late, _ = compare_rhythms(measure_rhythm(envelopes(30, late=6), FORMAT), real, mel_format=FORMAT, rng=rng)
    assert late["on_grid"]["model"] < 0.6
    fast, _ = compare_rhythms(measure_rhythm(envelopes(30, period=58), FORMAT), real, mel_format=FORMAT, rng=rng)
    assert fast["at_tempo"]["model"] == 0
    assert fast["on_grid"]["model"] < 0.8


def test_twins_agree_after_a_shift_and_others_do_not() -> None:
    mel = envelopes(20)
    audio = np.roll(mel, 3, axis=1)
    same = agreement(mel, audio, in_mel=measure_rhythm(mel, FORMAT), in_audio=measure_rhythm(audio, FORMAT))
    assert same == {"correlation": pytest.approx(1), "same_tempo": 1, "onset_ratio": 1}
    other = np.random.default_rng(1).uniform(0, 5, mel.shape)
    worse = agreement(mel, other, in_mel=measure_rhythm(mel, FORMAT), in_audio=measure_rhythm(other, FORMAT))
    assert worse["correlation"] < 0.3


def test_correlation_is_pearsons_and_0_for_a_constant() -> None:
    rows, others = np.random.default_rng(2).standard_normal((2, 3, 40))
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(rows, others)]
    np.testing.assert_allclose(correlate(rows, others), expected)
    assert correlate(np.ones((1, 40)), others[:1]).tolist() == [0]
