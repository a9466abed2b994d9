"""Kicks, slide and onsets through vocoders whose faults are known."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import hilbert

from training.vocoder_evaluation.hits import N_LOOPS, compare_kicks, measure_hits, octave_slide, slide_ripple_db

Resynthesise = Callable[[np.ndarray], np.ndarray]


def test_vocoder_without_fault_has_none(identity: Resynthesise) -> None:
    done: list[int] = []
    figures = measure_hits(identity, advance=done.append)
    assert sum(done) == N_LOOPS
    for kicks in ("equal_kicks", "late_kicks"):
        assert figures[kicks]["correlation"] > 0.9999
        assert figures[kicks]["peak_difference_db"] == 0
    assert figures["slide"]["ripple_db"] < 0.02
    assert figures["onsets"] == {"median_ms": 0, "p95_ms": 0, "pre_echo_db": -120, "pre_echo_original_db": -120}


def test_one_kick_in_another_phase_is_detected() -> None:
    starts = [0, 24_000]
    decay = np.exp(-np.arange(14_400) / 4000)
    phase = 2 * np.pi * 60 * np.arange(14_400) / 48_000
    loop = np.zeros(192_000)
    loop[:14_400] = decay * np.sin(phase)
    loop[24_000:38_400] = 0.5 * decay * np.sin(phase + np.pi / 3)
    figures = compare_kicks(loop, starts)
    assert figures["correlation"] == pytest.approx(0.5, abs=0.05)
    assert 5 < figures["peak_difference_db"] < 7


def test_noise_above_4_khz_does_not_count_and_noise_below_does(rng: np.random.Generator) -> None:
    kick = np.exp(-np.arange(14_400) / 4000) * np.sin(2 * np.pi * 60 * np.arange(14_400) / 48_000)
    loop = np.zeros(192_000)
    for start in (0, 24_000):
        loop[start : start + 14_400] = kick
    noise = np.fft.rfft(0.2 * rng.standard_normal(192_000))
    high, low = noise.copy(), noise.copy()
    high[: 4200 * 4] = 0
    low[3800 * 4 :] = 0
    assert compare_kicks(loop + np.fft.irfft(high), [0, 24_000])["correlation"] > 0.999
    assert compare_kicks(loop + np.fft.irfft(low), [0, 24_000])["correlation"] < 0.98


def test_kicks_that_vanished_do_not_pass() -> None:
    assert compare_kicks(np.zeros(192_000), [0, 24_000])["correlation"] == 0
    assert slide_ripple_db(np.zeros(192_000)) == 120


def test_ripple_is_the_span_of_the_level() -> None:
    seconds = np.arange(192_000) / 48_000
    trembling = octave_slide() * 10 ** (2.0 * np.sin(2 * np.pi * 3 * seconds) / 20)
    assert slide_ripple_db(trembling) == pytest.approx(4.0, abs=0.2)


def test_slide_goes_from_110_to_220_hz() -> None:
    phase = np.unwrap(np.angle(hilbert(octave_slide()[26_000:118_000])))
    pitch_hz = np.diff(phase) * 48_000 / (2 * np.pi)
    assert np.median(pitch_hz[2000:20_000]) == pytest.approx(110, abs=0.2)
    assert np.median(pitch_hz[45_000:47_000]) == pytest.approx(110 * 2**0.5, abs=1)
    assert np.median(pitch_hz[72_000:90_000]) == pytest.approx(220, abs=0.2)


@pytest.mark.parametrize("delay_ms", [-5, 2, 10])
def test_delay_and_advance_are_measured(delay_ms: int, ignore: Callable[[int], None]) -> None:
    figures = measure_hits(lambda audio: np.roll(audio, 48 * delay_ms, axis=1), advance=ignore)["onsets"]
    assert figures["median_ms"] == pytest.approx(abs(delay_ms), abs=0.02)
    assert figures["p95_ms"] == pytest.approx(abs(delay_ms), abs=0.02)


def test_phase_turned_by_90_degrees_is_still_in_time(ignore: Callable[[int], None]) -> None:
    figures = measure_hits(lambda audio: np.imag(hilbert(audio, axis=1)), advance=ignore)
    assert figures["onsets"]["p95_ms"] < 1
    assert figures["equal_kicks"]["correlation"] > 0.999


def test_pre_echo_is_measured(ignore: Callable[[int], None]) -> None:
    figures = measure_hits(lambda audio: audio + 0.1 * np.roll(audio, -480, axis=1), advance=ignore)["onsets"]
    assert -30 < figures["pre_echo_db"] < -20
    assert figures["pre_echo_original_db"] == -120
    assert figures["median_ms"] < 1
