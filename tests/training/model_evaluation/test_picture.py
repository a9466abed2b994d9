"""The page of a model."""

import pathlib
from typing import Any

import matplotlib.image
import numpy as np

from training.model_evaluation.picture import draw_picture
from training.model_evaluation.plan import EvaluationConfig, make_plan
from training.model_evaluation.report import evaluate


def test_page_shows_the_models_loops_above_the_corpuss(world: Any, tmp_path: pathlib.Path) -> None:
    plan = make_plan(world.real.corpus, EvaluationConfig(n_loops=40), with_audio=False)
    pages = []
    for name, model in (("right", world.model()), ("loud", world.model(lambda w: world.draw(w) + 0.9))):
        path = tmp_path / "new" / f"{name}.png"
        draw_picture(path, evaluate(model, world.real, plan=plan, advance=lambda n: None), title="drums")
        pages.append(matplotlib.image.imread(path))
    right, loud = pages
    assert right.shape == loud.shape == (1120, 1280, 4)
    difference = np.abs(right - loud).max(axis=2)
    assert difference[40:370].mean() > 0.1  # drawn loops
    assert difference[420:740].max() == 0  # held-out loops
    assert difference[800:].max() > 0.5  # scatter and bins
