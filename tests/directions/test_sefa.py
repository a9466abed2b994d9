"""Axes from weights alone."""

import numpy as np
import torch

from directions.sefa import sefa_axes
from stylegan_audio.generator import Generator


def test_styles_answer_most_to_the_first_axis(toy_generator: Generator) -> None:
    weights = [tensor.numpy() for name, tensor in toy_generator.state_dict().items() if name.endswith("style.weight")]
    stacked = np.concatenate(weights)
    axes = sefa_axes(toy_generator, 3)
    answers = np.linalg.norm(stacked @ axes.T, axis=0)
    assert np.all(np.diff(answers) <= 0)
    assert answers[0] == np.float32(np.linalg.norm(stacked, ord=2))
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-5)


def test_a_planted_axis_comes_first(toy_generator: Generator) -> None:
    planted = torch.nn.functional.normalize(torch.arange(8.0), dim=0)
    with torch.no_grad():
        for name, tensor in toy_generator.state_dict().items():
            if name.endswith("style.weight"):
                tensor.add_(5 * planted)
    assert sefa_axes(toy_generator, 1)[0] @ planted.numpy() > 0.97
