"""Tones and sweeps: at their declared pitch and level."""

import numpy as np
import pytest

from training.procedural import draw_loop
from training.procedural.sweeps import KINDS, close_phase
from training.procedural.tones import CELL_HZ, SHAPES, draw_tone

TONES = {seed: draw_tone(seed) for seed in range(150)}


def seeds_of(*kinds: str) -> list[int]:
    return [seed for seed, tone in TONES.items() if tone.kind in kinds]


def test_every_kind_and_shape_comes_up() -> None:
    kinds = {tone.kind for tone in TONES.values()}
    assert kinds == {"held", "pair", "dyad", "triad", "span", "impulses", "kick_bass", "hits"}
    assert {tone.shape for tone in TONES.values()} == set(SHAPES)


@pytest.mark.parametrize("seed", range(30))
def test_peak_is_the_declared_one(seed: int) -> None:
    assert 20 * np.log10(np.max(np.abs(draw_loop("tones", seed)))) == pytest.approx(TONES[seed].peak_db, abs=0.01)


def test_held_tones_lie_in_the_bins_of_their_pitch_and_nowhere_else() -> None:
    for seed in seeds_of("held", "pair", "dyad", "triad"):
        tone = TONES[seed]
        power = np.abs(np.fft.rfft(draw_loop("tones", seed).astype(float))) ** 2
        harmonics: set[int] = set()
        for frequency in tone.frequencies_hz:
            assert frequency % CELL_HZ == 0
            assert 30 <= frequency <= 2100
            step = round(frequency / CELL_HZ)
            harmonics |= set(range(step, len(power), step))
            assert power[step] > 1e-3 * power.max()
        assert power[sorted(harmonics)].sum() > (1 - 1e-5) * power.sum()


def test_spans_have_silence_around_and_their_pitch_inside() -> None:
    for seed in seeds_of("span"):
        loop = draw_loop("tones", seed)
        assert np.mean(loop == 0) > 0.05
        (frequency,) = TONES[seed].frequencies_hz
        spectrum = np.abs(np.fft.rfft(loop))
        found = np.argmax(spectrum) * CELL_HZ
        assert abs(found - frequency) < 12


def test_impulses_are_single_samples() -> None:
    for seed in seeds_of("impulses"):
        loop = draw_loop("tones", seed)
        assert 1 <= np.count_nonzero(loop) <= 16
        assert np.ptp(np.abs(loop[loop != 0])) < 1e-6


def test_equal_hits_are_equal() -> None:
    for seed in seeds_of("hits"):
        loop = draw_loop("tones", seed).astype(float)
        lags = [6000 * step for step in (2, 4, 8, 16)]
        alike = [np.corrcoef(loop, np.roll(loop, lag))[0, 1] for lag in lags]
        assert max(alike) > 0.999 or np.count_nonzero(loop) < 60_000  # or it is one hit


def test_phase_of_a_moving_tone_closes() -> None:
    cycles = np.sum(close_phase(np.linspace(100, 333.3, 192_000))) / 48_000
    assert cycles == pytest.approx(round(cycles), abs=1e-6)


@pytest.mark.parametrize("kind", dict.fromkeys(KINDS), ids=lambda kind: kind.__name__)
def test_sweeps_move(kind: object) -> None:
    moved = []
    for seed in range(5):
        loop = kind(np.random.default_rng(seed))  # type: ignore[operator]
        spectra = np.abs(np.fft.rfft(loop.reshape(64, 3000) * np.hanning(3000), axis=1)) ** 2 + 1e-12
        shares = spectra[spectra.sum(axis=1) > 1e-6]
        shares = shares / shares.sum(axis=1, keepdims=True)
        moved.append(np.max(np.abs(shares - shares[:1]).sum(axis=1)))
    assert max(moved) > 0.3
