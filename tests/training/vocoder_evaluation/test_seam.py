"""The step over a loop's end."""

import numpy as np
import pytest

from training.vocoder_evaluation.seam import heard_seam, seam_step

SINE = np.sin(2 * np.pi * 3 * np.arange(4800) / 4800)


def test_seam_of_a_periodic_loop_is_no_larger_than_its_other_steps() -> None:
    assert seam_step(SINE) == pytest.approx(1, abs=1e-3)
    assert seam_step(np.roll(SINE, 400)) < 0.1
    assert seam_step(np.ones(10)) == 0


def test_jump_at_the_end_is_measured() -> None:
    assert seam_step(np.linspace(0, 1, 101)) == pytest.approx(100)


def test_loop_that_begins_with_an_attack_tells_nothing() -> None:
    attack = np.zeros(100)
    attack[0] = 1.0
    assert heard_seam(attack, np.linspace(0, 1, 100)) is None
    assert heard_seam(np.roll(attack, 50), np.linspace(0, 1, 100)) == pytest.approx(99)
