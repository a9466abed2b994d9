"""The path length of models whose paths are known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stylegan_audio.generator import Generator
from training.model_evaluation import path_length as module
from training.model_evaluation.drawing import draw_batches, draw_w
from training.model_evaluation.loop_set import collect
from training.model_evaluation.path_length import band_scale, path_length, straight_length

SD = np.linspace(0.5, 2, 16)


def lengths_of(model: Any, n: int = 60, *, truncation_psi: float = 1.0, advance: Any = lambda n: None) -> np.ndarray:
    rng = np.random.default_rng(0)
    return path_length(model, rng, band_sd=SD, n_paths=n, truncation_psi=truncation_psi, advance=advance)


def test_path_of_a_linear_model_is_as_long_as_its_ends_are_apart(world: Any) -> None:
    w = np.random.default_rng(0).standard_normal((120, 6)).astype(np.float32)
    mel = world.draw(w)[:, 0] / SD[:, None]
    apart = np.square(mel[:60] - mel[60:]).mean(axis=(1, 2))
    counts: list[int] = []
    got = lengths_of(world.model(), advance=counts.append)
    np.testing.assert_allclose(got, apart, rtol=0.02)
    assert sum(counts) == 120
    np.testing.assert_allclose(lengths_of(world.model(), truncation_psi=0.5), apart / 4, rtol=0.02)


def test_straight_length_is_the_mean_distance_of_pairs(world: Any, ignore: Callable[[int], None]) -> None:
    w = np.random.default_rng(1).standard_normal((200, 6)).astype(np.float32)
    spectrograms = world.draw(w)
    drawn = collect([spectrograms.astype(np.float32)], world.mel_format, advance=ignore)
    flat = (np.maximum(spectrograms[:, 0], -1) / SD[:, None]).reshape(200, -1)
    pairs = np.square(flat[:, None] - flat).mean()
    assert straight_length(drawn, band_sd=SD) == pytest.approx(pairs, rel=1e-4)


def test_model_that_jumps_has_long_paths(world: Any) -> None:
    jumping = world.model(lambda w: world.draw(np.sin(8 * w)))
    assert lengths_of(jumping).mean() > 10 * lengths_of(world.model()).mean()


def test_size_of_the_step_does_not_matter(toy_generator: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    small = lengths_of(toy_generator, 8)
    monkeypatch.setattr(module, "EPSILON", 1e-3)
    np.testing.assert_allclose(np.median(lengths_of(toy_generator, 8) / small), 1, atol=0.05)


def test_no_model_is_shorter_than_straight(toy_generator: Generator, ignore: Callable[[int], None]) -> None:
    w = draw_w(toy_generator, np.random.default_rng(2), n_loops=40, truncation_psi=1.0)
    drawn = collect(draw_batches(toy_generator, w), toy_generator.mel_format, advance=ignore)
    assert lengths_of(toy_generator, 40).mean() > 0.9 * straight_length(drawn, band_sd=SD)


def test_band_that_hardly_moves_is_not_scaled_up(world: Any, ignore: Callable[[int], None]) -> None:
    spectrograms = world.training[:100].copy()
    spectrograms[:, 0, 3] = 0.1
    scale = band_scale(collect([spectrograms], world.mel_format, advance=ignore))
    assert scale[3] == pytest.approx(0.1 * np.delete(scale, 3).mean() * 15 / 16, rel=0.01)
