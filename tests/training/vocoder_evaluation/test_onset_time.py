"""The time of one hit."""

import numpy as np
import pytest

from training.vocoder_evaluation.onset_time import onset_time_ms, pre_echo_db


def burst(start: int, *, gain: float = 1.0) -> np.ndarray:
    loop = np.zeros(192_000)
    loop[(start + np.arange(4800)) % 192_000] = gain * np.sin(2 * np.pi * 1000 * np.arange(4800) / 48_000)
    return loop


@pytest.mark.parametrize("start", [50_000, 100, 191_900])
def test_time_moves_with_the_hit_and_not_with_its_level(start: int) -> None:
    reference = onset_time_ms(burst(start), start)
    assert abs(reference) < 2
    assert onset_time_ms(burst(start + 240, gain=0.01), start) - reference == pytest.approx(5.0, abs=0.01)
    assert onset_time_ms(burst(start - 240), start) - reference == pytest.approx(-5.0, abs=0.01)


def test_slow_rise_is_timed_at_a_tenth_of_its_energy() -> None:
    loop = np.zeros(192_000)
    loop[50_000:52_400] = np.linspace(0, 1, 2400)
    loop[52_400:60_000] = 1.0
    loop *= np.sin(2 * np.pi * 2000 * np.arange(192_000) / 48_000)
    assert onset_time_ms(loop, 50_000) == pytest.approx(50 * 10**-0.5, abs=0.5)


def test_silence_and_a_sound_that_was_there_all_along_are_the_largest_errors() -> None:
    assert onset_time_ms(np.zeros(192_000), 50_000) == 60
    assert onset_time_ms(np.ones(192_000), 50_000) == -60


def test_pre_echo_is_energy_20_to_4_ms_early() -> None:
    hit = burst(50_000)
    assert pre_echo_db(hit, 50_000) == -120
    early = hit + burst(50_000 - 720, gain=0.1) * (np.arange(192_000) < 50_000 - 240)
    assert pre_echo_db(early, 50_000) == pytest.approx(-30, abs=0.1)  # a tenth of the time, 20 dB down
    too_early = hit + burst(50_000 - 4800 - 960)
    assert pre_echo_db(too_early, 50_000) == -120
    just_before = hit + burst(50_000 - 190) * (np.arange(192_000) < 50_000)
    assert pre_echo_db(just_before, 50_000) == -120
