import librosa
import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from performer.controls import SLOTS, default_values
from performer.crate import find_model
from performer.generation.offline import play_offline
from performer.generation.renderer import LoopRenderer, Window
from performer.repertoire import Repertoire


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    values = default_values()
    values[SLOTS["/deck/1/seed"]] = 3
    return play_offline(find_model("drums"), values, n_loops=2)


def test_loops_go_round_exactly_and_seamlessly(audio: np.ndarray) -> None:
    n_samples = MelFormat().n_samples
    assert audio.shape == (2 * n_samples, 2)
    np.testing.assert_array_equal(audio[:n_samples], audio[n_samples:])
    steps = np.abs(np.diff(audio, axis=0)).max(axis=1)
    assert steps[n_samples - 1] <= np.delete(steps, n_samples - 1).max()


def test_first_turn_is_the_second_also_where_the_limiter_works(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    noise = rng.uniform(-8, 8, (4, MelFormat().n_samples)).astype(np.float32)
    states = np.zeros((4, 2, 1, 512), np.float32)
    monkeypatch.setattr(LoopRenderer, "whole", lambda *_: iter([Window(audio=noise, states=states)]))
    values = default_values()
    values[SLOTS["/deck/1/trim"]], values[SLOTS["/deck/1/level"]], values[SLOTS["/master/level"]] = 12, 1, 1
    audio = play_offline(find_model("drums"), values, n_loops=2)
    first, second = np.split(audio, 2)
    np.testing.assert_allclose(first, second, atol=1e-6)
    assert np.abs(audio).max() > 0.5


def test_direction_that_a_model_lacks_is_told_if_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("performer.generation.renderer.read_repertoire", lambda header: Repertoire())
    play_offline(find_model("drums"), default_values(), n_loops=1)
    assert capsys.readouterr().err == ""
    values = default_values()
    values[SLOTS["/deck/1/density"]] = 1
    play_offline(find_model("drums"), values, n_loops=1)
    line = "loopmorph: model drums: density does nothing: the model has no such direction\n"
    assert capsys.readouterr().err == line


def test_left_and_right_differ_yet_correlate(audio: np.ndarray) -> None:
    correlation = np.corrcoef(audio.T)[0, 1]
    assert 0.3 < correlation < 0.9999


def test_a_mono_sum_keeps_the_bass(audio: np.ndarray) -> None:
    low = np.fft.rfftfreq(len(audio), 1 / 48_000) < 120
    power = np.abs(np.fft.rfft(np.column_stack([audio, audio.mean(axis=1)]), axis=0)[low]) ** 2
    left, right, mono = 10 * np.log10(power.sum(axis=0))
    assert abs(mono - left) < 1
    assert abs(mono - right) < 1


def test_the_tempo_is_120(audio: np.ndarray) -> None:
    tempo, _ = librosa.beat.beat_track(y=np.tile(audio.mean(axis=1), 2), sr=48_000)
    assert float(np.squeeze(tempo)) == pytest.approx(120, abs=1)
