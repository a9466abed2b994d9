import numpy as np
import pytest

from performer.controls import N_DECKS, SLOTS
from performer.memory import Memory
from performer.worker_process import Worker
from tests.performer.conftest import FakeRenderer


@pytest.fixture
def worker(memory: Memory, fake_renderer: FakeRenderer) -> Worker:
    return Worker(memory, fake_renderer)  # type: ignore[arg-type]


def sound_all(memory: Memory) -> None:
    memory.state["sounding"][0] = memory.state["published"][0]


def test_every_deck_is_rendered_once_the_audible_one_first(
    memory: Memory, worker: Worker, fake_renderer: FakeRenderer
) -> None:
    memory.state["controls"][0, SLOTS["/deck/1/level"]] = 0
    memory.state["controls"][0, SLOTS["/deck/3/level"]] = 1
    while worker.step():
        pass
    assert fake_renderer.rendered[0].seed == 23
    assert sorted(settings.seed for settings in fake_renderer.rendered) == [3, 13, 23, 33]
    sound_all(memory)
    assert not worker.step()


def test_a_burst_of_moves_renders_only_the_newest(memory: Memory, worker: Worker, fake_renderer: FakeRenderer) -> None:
    while worker.step():
        pass
    fake_renderer.rendered.clear()
    for value in np.linspace(-3, 3, 1000):
        memory.state["controls"][0, SLOTS["/deck/2/density"]] = value
        worker.step()  # the last page has not sounded yet: nothing may be written
    assert fake_renderer.rendered == []
    sound_all(memory)
    assert worker.step()
    assert [settings.strengths[0] for settings in fake_renderer.rendered] == [3.0]


def test_a_mixer_control_renders_nothing(memory: Memory, worker: Worker) -> None:
    while worker.step():
        pass
    sound_all(memory)
    memory.state["controls"][0, SLOTS["/deck/1/width"]] = 0.1
    memory.state["controls"][0, SLOTS["/master/level"]] = 0.1
    assert not worker.step()


@pytest.mark.parametrize("seed", [666, 667])
def test_a_failed_render_is_counted_said_and_not_repeated(
    memory: Memory, worker: Worker, fake_renderer: FakeRenderer, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    while worker.step():
        pass
    sound_all(memory)
    published = memory.state["published"][0].copy()
    memory.state["controls"][0, SLOTS["/deck/2/seed"]] = seed
    assert worker.step()
    assert not worker.step()
    assert memory.counters()["render_failures"] == 1
    np.testing.assert_array_equal(memory.state["published"][0], published)
    assert f"deck 2 keeps its loop: seed {seed} failed" in capsys.readouterr().err
    memory.state["controls"][0, SLOTS["/deck/2/seed"]] = 5
    assert worker.step()
    assert memory.state["published"][0, 1] == published[1] + 1


def test_a_new_worker_does_not_render_again_what_sounds(memory: Memory, worker: Worker) -> None:
    while worker.step():
        pass
    sound_all(memory)
    successor = Worker(memory, worker.renderer)
    assert not successor.step()
    assert memory.counters()["pages"] == N_DECKS
