"""Test tones against their formulas."""

import numpy as np
import pytest
from scipy.signal.windows import blackmanharris

from training.vocoder_evaluation.resynthesis import N_SAMPLES, SAMPLE_RATE
from training.vocoder_evaluation.tones import held_tone, log_spaced_hz, note_hz, partial_amplitudes, place


def test_pitches_are_spaced_evenly_in_cents() -> None:
    pitches_hz = log_spaced_hz(33, 1000, 5)
    assert pitches_hz[0] == pytest.approx(33)
    assert pitches_hz[-1] == pytest.approx(1000)
    assert np.ptp(np.diff(np.log(pitches_hz))) < 1e-9
    assert log_spaced_hz(33, 1000, 1).tolist() == [33]
    assert note_hz(57) == pytest.approx(220)


def test_waveforms_have_their_harmonics() -> None:
    assert partial_amplitudes("sine", 4).tolist() == [1, 0, 0, 0]
    assert partial_amplitudes("square", 4) == pytest.approx([1, 0, 1 / 3, 0])
    assert partial_amplitudes("saw", 4) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])


@pytest.mark.parametrize("waveform", ["sine", "square", "saw"])
@pytest.mark.parametrize("pitch_hz", [40.0, 900.0])
def test_tone_is_the_sum_of_its_partials_without_aliases(waveform: str, pitch_hz: float) -> None:
    tone = held_tone(pitch_hz, duration_s=1.0, waveform=waveform)
    amplitudes = partial_amplitudes(waveform, int(20_000 / pitch_hz))
    seconds = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    partials = sum(a * np.sin(2 * np.pi * (h + 1) * pitch_hz * seconds) for h, a in enumerate(amplitudes) if a)
    middle = slice(1000, -1000)
    scale = tone[middle] @ partials[middle] / (partials[middle] @ partials[middle])
    assert np.abs(tone - scale * partials)[middle].max() < 2e-3
    assert np.abs(tone).max() == pytest.approx(1, abs=0.03)
    assert abs(tone[0]) < 0.01 > abs(tone[-1])
    spectrum = np.abs(np.fft.rfft(tone * blackmanharris(len(tone), sym=False)))
    near_partial = np.abs(np.arange(len(spectrum)) / pitch_hz - np.rint(np.arange(len(spectrum)) / pitch_hz)) < 0.11
    assert spectrum[~near_partial].max() < 2e-4 * spectrum.max()


def test_tone_can_be_given_its_phase_in_the_middle() -> None:
    tone = held_tone(33.3, duration_s=1.0, waveform="sine", centre_phase=0.25)
    assert tone[SAMPLE_RATE // 2] == pytest.approx(1, abs=1e-6)


def test_placed_sounds_add_up_and_wrap_around_the_end() -> None:
    loop = place([np.array([1.0, 2.0, 3.0]), np.array([10.0])], [N_SAMPLES - 1, 1])
    assert loop.shape == (N_SAMPLES,)
    assert loop.dtype == np.float32
    assert (loop[-1], loop[0], loop[1]) == (1, 2, 13)
    assert np.count_nonzero(loop) == 3
