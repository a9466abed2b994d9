"""Vocoders whose faults are known, and an analysis."""

from collections.abc import Callable

import numpy as np
import pytest

Resynthesise = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="session")
def identity() -> Resynthesise:
    """The vocoder without fault."""
    return lambda audio: audio


@pytest.fixture(scope="session")
def detuned() -> Callable[[float], Resynthesise]:
    """Vocoders that play everything some cents too high (and, by and by, too early)."""

    def by(cents: float) -> Resynthesise:
        def resynthesise(audio: np.ndarray) -> np.ndarray:
            n_samples = audio.shape[1]
            places = np.arange(n_samples) * 2 ** (cents / 1200) % n_samples
            return np.stack([np.interp(places, np.arange(n_samples + 1), np.append(x, x[0])) for x in audio])

        return resynthesise

    return by


@pytest.fixture(scope="session")
def noisy() -> Callable[[float], Resynthesise]:
    """Vocoders that add white noise of an RMS level in dB re a full-scale sine."""

    def at(level_dbfs: float) -> Resynthesise:
        rms = 10 ** (level_dbfs / 20) / np.sqrt(2)
        return lambda audio: audio + rms * np.random.default_rng(1).standard_normal(audio.shape)

    return at


@pytest.fixture(scope="session")
def analyse() -> Callable[[np.ndarray], np.ndarray]:
    """128 Slaney bands in decades, floored at -90 dB."""
    from training.vocoder_evaluation.griffin_lim import analyse_mel

    return lambda audio: np.log10(np.maximum([analyse_mel(loop).T for loop in audio], 10**-4.5))


@pytest.fixture
def ignore() -> Callable[[int], None]:
    """No progress bar."""
    return lambda count: None
