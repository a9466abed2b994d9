"""The pitch tracker on notes whose pitch is known."""

import numpy as np
import pytest

from training.vocoder_evaluation.pitch_track import SEARCH_CENTS, cents_between, track_cents
from training.vocoder_evaluation.resynthesis import SAMPLE_RATE
from training.vocoder_evaluation.tones import held_tone, place

WAVEFORMS = ["sine", "square", "saw"]


def track(pitch_hz: float, *, cents: float, waveform: str, noise: float = 0.0, gain: float = 0.25) -> np.ndarray:
    tone = gain * held_tone(pitch_hz * 2 ** (cents / 1200), duration_s=1.0, waveform=waveform)
    loop = place([tone], [0]) + noise * np.random.default_rng(3).standard_normal(192_000)
    return track_cents(loop, pitch_hz=pitch_hz, waveform=waveform, start=4800, stop=SAMPLE_RATE - 4800)


def test_cents_are_hundredths_of_a_semitone() -> None:
    assert cents_between(880.0, 440.0) == pytest.approx(1200)
    assert cents_between(np.array([440.0]), 440.0 * 2 ** (1 / 12)) == pytest.approx(-100)


@pytest.mark.parametrize("waveform", WAVEFORMS)
@pytest.mark.parametrize("pitch_hz", [33.0, 61.7, 147.3, 1000.0])
@pytest.mark.parametrize("cents", [0.0, 3.7, -240.0])
def test_clean_note_is_measured_to_a_tenth_of_a_cent(waveform: str, pitch_hz: float, cents: float) -> None:
    measured = track(pitch_hz, cents=cents, waveform=waveform)
    assert measured.shape == (41,)
    assert np.abs(measured - cents).max() < 0.1


@pytest.mark.parametrize("waveform", WAVEFORMS)
def test_noise_40_db_down_moves_it_by_less_than_a_cent(waveform: str) -> None:
    assert np.abs(track(33.0, cents=5.0, waveform=waveform, noise=0.0025) - 5.0).max() < 1.0


@pytest.mark.parametrize("waveform", WAVEFORMS)
@pytest.mark.parametrize("cents", [1200.0, -1200.0, 702.0])
def test_slip_of_an_octave_or_a_fifth_is_seen_as_one(waveform: str, cents: float) -> None:
    assert np.abs(np.median(track(110.0, cents=cents, waveform=waveform)) - cents) < 5


def test_slip_too_far_away_and_silence_are_large_errors() -> None:
    assert np.abs(np.median(track(110.0, cents=3100, waveform="sine"))) > 600
    assert track(110.0, cents=0, waveform="saw", gain=1e-5).tolist() == [SEARCH_CENTS] * 41
    assert track(110.0, cents=0, waveform="sine", gain=0.0).tolist() == [SEARCH_CENTS] * 41


def test_vibrato_is_followed() -> None:
    seconds = np.arange(192_000) / SAMPLE_RATE
    cents = 30 * np.sin(2 * np.pi * 2 * seconds)
    loop = 0.25 * np.sin(2 * np.pi * np.cumsum(220 * 2 ** (cents / 1200)) / SAMPLE_RATE)
    measured = track_cents(loop, pitch_hz=220.0, waveform="sine", start=48_000, stop=144_000)
    assert np.abs(measured - cents[48_000:144_001:960]).max() < 3


def test_note_may_lie_across_the_end_of_the_loop() -> None:
    loop = place([held_tone(110.0, duration_s=1.0, waveform="saw")], [192_000 - 24_000])
    measured = track_cents(loop, pitch_hz=110.0, waveform="saw", start=192_000 - 14_400, stop=192_000 + 14_400)
    assert np.abs(measured).max() < 0.05
