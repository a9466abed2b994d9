"""Nature: every scene sounds, goes round, and does not repeat within the loop."""

import numpy as np
import pytest

from training.procedural.nature import SCENES


@pytest.mark.parametrize("scene", SCENES)
def test_scene_is_finite_sounds_and_never_repeats_within_the_loop(scene: str) -> None:
    for seed in range(4):
        loop = SCENES[scene](np.random.default_rng(seed))
        assert loop.shape == (192_000,)
        assert np.isfinite(loop).all()
        assert np.max(np.abs(loop)) > 1e-3
        spectrum = np.abs(np.fft.rfft(loop)) ** 2
        correlation = np.fft.irfft(spectrum)
        assert correlation[4800:-4800].max() < 0.97 * correlation[0]


@pytest.mark.parametrize("scene", SCENES)
def test_scene_steps_no_more_at_its_seam_than_elsewhere(scene: str) -> None:
    for seed in range(4):
        loop = SCENES[scene](np.random.default_rng(seed))
        assert abs(loop[0] - loop[-1]) <= np.max(np.abs(np.diff(loop)))
