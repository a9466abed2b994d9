"""Step sizes over a run."""

import pytest

from training.run import progress_share
from training.vocoder.schedule import ema_decay, rate_share


@pytest.mark.parametrize(
    ("step", "progress", "expected"),
    [(0, 0, 1 / 11), (4, 0, 5 / 11), (10, 0, 1), (500, 0.5, 0.55), (1000, 1, 0.1), (2000, 2, 0.1)],
)
def test_rate_rises_in_a_line_and_falls_by_half_a_cosine(step: int, progress: float, expected: float) -> None:
    assert rate_share(step, progress, warmup_steps=10, final_share=0.1) == pytest.approx(expected)


def test_progress_follows_what_ends_first() -> None:
    assert progress_share(25, 9e9, steps=100, minutes=0) == 0.25
    assert progress_share(25, 30, steps=100, minutes=1) == 0.5
    assert progress_share(25, 6, steps=100, minutes=1) == 0.25


def test_running_mean_forgets_its_beginning() -> None:
    assert ema_decay(0, 0.999) == 0.1
    assert ema_decay(10**6, 0.999) == 0.999
