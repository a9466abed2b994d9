"""Listening to a model: what is drawn, measured and counted."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from directions.move import apply
from directions.survey import BATCH, TRUNCATION_PSI, draw_audio, draw_latents, measure, sweep, take_survey
from directions.table import Direction
from melgan_vocoder.format import LoopFormat
from melgan_vocoder.generator import Vocoder
from stylegan_audio.generator import Generator
from stylegan_audio.latent import seed_latent


@pytest.fixture(autouse=True)
def quick_attributes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[np.ndarray, LoopFormat], float]]:
    """Two attributes that cost nothing."""
    quick = {
        "motion": motion,
        "frames": lambda audio, mel_format: float(audio.size / mel_format.hop_length),
    }
    monkeypatch.setattr("directions.survey.ATTRIBUTES", quick)
    return quick


def motion(audio: np.ndarray, mel_format: LoopFormat) -> float:
    """Power of what changes from hop to hop, in dB: a toy vocoder plays what a toy generator draws, at any level."""
    hops = audio.reshape(-1, mel_format.hop_length).astype(np.float64)
    return 10 * float(np.log10(np.square(hops - hops.mean(axis=0)).mean()))


def loop_motions(generator: Generator, vocoder: Vocoder, ws: np.ndarray) -> np.ndarray:
    """The motion of each loop, drawn one at a time."""
    with torch.inference_mode():
        audio = [vocoder(generator.synthesis(torch.from_numpy(one[None])))[0].numpy() for one in ws]
    return np.array([motion(loop, generator.mel_format) for loop in audio])


def ignore(count: int) -> None:
    """No progress bar."""


def test_latents_are_those_of_the_seeds_truncated_as_played(toy_generator: Generator) -> None:
    w = draw_latents(toy_generator, [7, 0, 123])
    assert w.shape == (3, 8)
    assert w.dtype == np.float32
    for row, seed in zip(w, (7, 0, 123), strict=True):
        z = torch.from_numpy(seed_latent(seed, 6))[None]
        mapped = toy_generator.mapping(z)[0]
        needed = toy_generator.w_avg + TRUNCATION_PSI * (mapped - toy_generator.w_avg)
        np.testing.assert_allclose(row, needed.numpy(), atol=1e-5)


def test_audio_is_the_vocoder_of_the_synthesis(
    toy_generator: Generator, toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    ws = rng.standard_normal((2, 3, 8)).astype(np.float32)
    audio = draw_audio(toy_generator, toy_vocoder, ws)
    assert audio.shape == (2, 24_000)
    assert audio.dtype == np.float32
    with torch.inference_mode():  # networks that learn round otherwise
        expected = toy_vocoder(toy_generator.synthesis(torch.from_numpy(ws))).numpy()
    np.testing.assert_array_equal(audio, expected)


@pytest.mark.parametrize("n_loops", [1, BATCH, 2 * BATCH + 1])
def test_every_loop_is_measured_in_order_and_progress_counts_them(
    toy_generator: Generator, toy_vocoder: Vocoder, rng: np.random.Generator, n_loops: int
) -> None:
    ws, advanced = rng.standard_normal((n_loops, 3, 8)).astype(np.float32), []
    values = measure(toy_generator, toy_vocoder, ws, advance=advanced.append)
    assert list(values) == ["motion", "frames"]
    np.testing.assert_allclose(values["motion"], loop_motions(toy_generator, toy_vocoder, ws), rtol=1e-3)
    np.testing.assert_array_equal(values["frames"], 64)
    assert sum(advanced) == n_loops
    assert max(advanced) <= BATCH


def test_survey_measures_the_first_seeds_on_all_levels(toy_generator: Generator, toy_vocoder: Vocoder) -> None:
    surveyed = take_survey(toy_generator, toy_vocoder, n_loops=6, advance=ignore)
    np.testing.assert_array_equal(surveyed.w, draw_latents(toy_generator, range(6)))
    ws = np.repeat(surveyed.w[:, None], 3, axis=1)
    np.testing.assert_allclose(surveyed.values["motion"], loop_motions(toy_generator, toy_vocoder, ws), rtol=1e-3)
    assert np.ptp(surveyed.values["motion"]) > 1


def test_sweep_gives_the_mean_over_the_seeds_at_each_strength(
    toy_generator: Generator, toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    vector = rng.standard_normal(8)
    vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    direction = Direction(name="x", attribute="motion", levels=(0, 2), sigma=1.5, vector=vector, report={})
    advanced: list[int] = []
    means = sweep(
        toy_generator, toy_vocoder, direction, seeds=[3, 5, 8], strengths=(-2.0, 0.0, 2.0), advance=advanced.append
    )
    ws = np.repeat(draw_latents(toy_generator, [3, 5, 8])[:, None], 3, axis=1)
    needed = [
        loop_motions(toy_generator, toy_vocoder, apply(ws, direction, strength=strength)).mean()
        for strength in (-2.0, 0.0, 2.0)
    ]
    np.testing.assert_allclose(means["motion"], needed, rtol=1e-3)
    assert np.abs(np.diff(means["motion"])).min() > 1
    assert means["frames"] == [64, 64, 64]
    assert sum(advanced) == 9
    assert json.loads(json.dumps(means)) == means
