import numpy as np
import pytest

from performer.memory import N_PAGES, Memory
from performer.pages import Page, correlate, may_write, publish
from performer.settings import DeckSettings
from tests.performer.conftest import FakeRenderer


def test_a_page_is_published_whole_behind_the_sounding_one(memory: Memory, fake_renderer: FakeRenderer) -> None:
    for generation, seed in enumerate((100, 200, 300, 400), start=1):
        assert may_write(memory, 2)
        settings = DeckSettings(seed=seed)
        publish(memory, 2, fake_renderer.render(settings), settings)
        assert memory.state["published"][0, 2] == generation
        assert not may_write(memory, 2)
        np.testing.assert_allclose(memory.pages[2, generation % N_PAGES], seed / 1000)
        if generation > 1:  # the page before it still sounds
            np.testing.assert_allclose(memory.pages[2, (generation - 1) % N_PAGES], (seed - 100) / 1000)
        np.testing.assert_array_equal(memory.state["rendered"][0, 2], settings.to_array())
        memory.state["sounding"][0, 2] = generation
    assert memory.state["published"][0, 0] == 0


def test_the_correlation_with_the_page_before_is_noted(memory: Memory, rng: np.random.Generator) -> None:
    first, second = rng.standard_normal((2, *memory.pages.shape[2:])).astype(np.float32)
    for audio in (first, first, -first, second):
        publish(memory, 0, Page(audio, np.eye(4)), DeckSettings(seed=1))
    # generations 1 to 4 lie on pages 1, 2, 0, 1
    assert memory.state["correlation"][0, 0, 2] == pytest.approx(1)
    assert memory.state["correlation"][0, 0, 0] == 0  # opposite counts as unrelated
    assert memory.state["correlation"][0, 0, 1] == pytest.approx(0, abs=0.05)


def test_silence_correlates_with_everything(rng: np.random.Generator) -> None:
    assert correlate(rng.standard_normal((4, 10)), np.zeros((4, 10))) == 1
