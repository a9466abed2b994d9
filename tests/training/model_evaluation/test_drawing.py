"""The model's loops."""

import numpy as np
import pytest
import torch

from stylegan_audio.generator import Generator
from training.errors import TrainingError
from training.model_evaluation.drawing import draw_batches, draw_w


def test_batches_are_what_the_generator_draws(toy_generator: Generator) -> None:
    w = draw_w(toy_generator, np.random.default_rng(1), n_loops=10, truncation_psi=0.7)
    z = np.random.default_rng(1).standard_normal((10, 6)).astype(np.float32)
    batches = list(draw_batches(toy_generator, w))
    assert max(len(batch) for batch in batches) <= 4
    expected = toy_generator(torch.from_numpy(z), truncation_psi=0.7).numpy()
    np.testing.assert_allclose(np.concatenate(batches), expected, atol=1e-5)


def test_bfloat16_is_close_and_left_again(toy_generator: Generator) -> None:
    w = draw_w(toy_generator, np.random.default_rng(1), n_loops=4, truncation_psi=1.0)
    exact, coarse = (next(draw_batches(toy_generator, w, bfloat16=flag)) for flag in (False, True))
    difference = np.abs(coarse - exact).mean()
    assert 0 < difference < 0.05 * np.abs(exact).mean()
    assert toy_generator.synthesis.feature_dtype == torch.float32


def test_model_that_blew_up_is_refused(toy_generator: Generator) -> None:
    w = draw_w(toy_generator, np.random.default_rng(1), n_loops=6, truncation_psi=1.0).clone()
    w[5] = torch.inf
    with pytest.raises(TrainingError, match="among number 4 to 5 is not finite"):
        list(draw_batches(toy_generator, w))
