"""The noise floor of vocoders whose noise is known."""

from collections.abc import Callable

import numpy as np
import pytest

from training.vocoder_evaluation.silence import level_dbfs, measure_silence, silence_loops

Resynthesise = Callable[[np.ndarray], np.ndarray]


def test_loops_are_loud_and_silent_where_they_should_be() -> None:
    half, whole = silence_loops()
    assert not whole.any()
    assert not half[96_000:].any()
    assert (np.abs(half[:96_000]).reshape(8, -1).max(axis=1) > 0.2).all()


def test_level_of_a_full_scale_sine_is_zero() -> None:
    assert level_dbfs(np.sin(2 * np.pi * np.arange(4800) / 48)) == pytest.approx(0, abs=1e-6)


def test_noise_is_measured_in_both_loops(
    identity: Resynthesise, noisy: Callable[[float], Resynthesise], ignore: Callable[[int], None]
) -> None:
    assert measure_silence(identity, advance=ignore) == {"half_dbfs": -160, "whole_dbfs": -160}
    figures = measure_silence(noisy(-75.0), advance=ignore)
    assert figures["half_dbfs"] == pytest.approx(-75, abs=0.1)
    assert figures["whole_dbfs"] == pytest.approx(-75, abs=0.1)


def test_echo_of_the_loud_half_is_heard(ignore: Callable[[int], None]) -> None:
    figures = measure_silence(lambda audio: audio + 0.01 * np.roll(audio, 96_000, axis=1), advance=ignore)
    assert -65 < figures["half_dbfs"] < -45
    assert figures["whole_dbfs"] == -160
