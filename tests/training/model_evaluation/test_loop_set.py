"""What is kept of loops."""

from collections.abc import Callable
from typing import Any

import numpy as np

from training.model_evaluation.loop_set import collect


def split(spectrograms: np.ndarray, size: int) -> list[np.ndarray]:
    return [spectrograms[i : i + size] for i in range(0, len(spectrograms), size)]


def test_size_of_batches_does_not_matter_and_progress_adds_up(world: Any) -> None:
    spectrograms, counts = world.training[:30], []
    one, many = (
        collect(split(spectrograms, size), world.mel_format, advance=counts.append, listen=play, n_heard=5)
        for size in (30, 4)
    )
    assert sum(counts) == 60
    for name in ("features", "envelopes", "steps", "shown", "cell_mean", "cell_variance"):
        np.testing.assert_allclose(getattr(one, name), getattr(many, name), rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(one.heard.seams, many.heard.seams)
    np.testing.assert_array_equal(one.heard.envelopes, many.heard.envelopes)
    assert (len(one.features), len(one.shown), one.heard.envelopes.shape, one.heard.seams.shape) == (
        30,
        8,
        (5, 64),
        (5,),
    )


def play(spectrograms: np.ndarray) -> np.ndarray:
    """Every frame's mean, for a hop."""
    return np.repeat(spectrograms[:, 0].mean(axis=1), 375, axis=1).astype(np.float32)


def test_moments_are_those_of_the_loops(world: Any, ignore: Callable[[int], None]) -> None:
    mel = np.maximum(world.training[:50, 0], world.mel_format.floor)
    loops = collect(split(world.training[:50], 8), world.mel_format, advance=ignore)
    np.testing.assert_allclose(loops.cell_mean, mel.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(loops.cell_variance, mel.var(axis=0), atol=1e-6)
    np.testing.assert_allclose(loops.band_sd, mel.std(axis=(0, 2)), rtol=1e-5)
    assert loops.heard.envelopes.shape == (0, 64)


def test_what_is_below_the_floor_counts_as_silent(world: Any, ignore: Callable[[int], None]) -> None:
    spectrograms = np.full((2, 2, 16, 64), -3.0, np.float32)
    loops = collect([spectrograms], world.mel_format, advance=ignore)
    np.testing.assert_allclose(loops.cell_mean, world.mel_format.floor, rtol=1e-6)
    assert loops.steps.max() == 0
