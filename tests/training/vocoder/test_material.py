"""What a run learns from: a corpus, and recordings beside it."""

import numpy as np
import pytest

from training.vocoder.material import Material


@pytest.fixture
def recordings(rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.uniform(-0.5, 0.5, 192_000).astype(np.float32) for _ in range(2)]


def test_recordings_stand_after_the_loops_and_are_a_quarter_of_the_draws(
    material: Material, recordings: list[np.ndarray]
) -> None:
    both = material.beside(recordings)
    assert both.held_out == material.held_out
    heard = [both.corpus.loop(index) for index in both.train]
    is_recording = [any(loop is recording for recording in recordings) for loop in heard]
    assert 0.25 <= np.mean(is_recording) < 0.4
    assert all(any(loop is recording for loop in heard) for recording in recordings)
    for index in (*material.train, *material.held_out):
        assert both.corpus.loop(index) is material.corpus.loop(index)


def test_recordings_are_on_the_card_and_in_the_digest(material: Material, recordings: list[np.ndarray]) -> None:
    both = material.beside(recordings)
    assert both.card == {"corpus": "hits over tones; 2 recordings"}
    assert both.digest != material.digest
    assert both.digest == material.beside(recordings).digest
    assert both.digest != material.beside(recordings[::-1]).digest
