"""Listening to a model: what is drawn, heard, measured and counted."""

import numpy as np
import pytest
import torch

from directions.attributes import ATTRIBUTES
from directions.survey import BATCH, TRUNCATION_PSI, Listener
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from melgan_vocoder.spectrogram import SpectrogramTransform
from stylegan_audio.latent import seed_latent
from tests.conftest import ModelParts


@pytest.fixture
def advanced() -> list[int]:
    """What the progress bar was told."""
    return []


@pytest.fixture
def listener(model_parts: ModelParts, advanced: list[int], seeded_torch: None) -> Listener:
    config = VocoderConfig(channels=(6, 5, 4), dilations=(1,), stand_in_channels=4)
    vocoder = Vocoder(MelFormat(), config).eval().requires_grad_(False)
    return Listener(model_parts.generator, vocoder, advance=advanced.append)


def test_latents_are_those_of_the_seeds_truncated_as_played(listener: Listener) -> None:
    w = listener.draw_w([7, 0, 123])
    assert w.shape == (3, 8)
    assert w.dtype == np.float32
    generator = listener.generator
    for row, seed in zip(w, (7, 0, 123), strict=True):
        mapped = generator.mapping(torch.from_numpy(seed_latent(seed, 6))[None])[0]
        needed = generator.w_avg + TRUNCATION_PSI * (mapped - generator.w_avg)
        np.testing.assert_allclose(row, needed.numpy(), atol=1e-5)


def test_every_level_gets_the_same_latent(listener: Listener) -> None:
    w = listener.draw_w(range(2))
    ws = listener.broadcast(w)
    assert ws.shape == (2, 6, 8)
    np.testing.assert_array_equal(ws, np.stack([w] * 6, axis=1))


def test_what_is_read_is_what_is_drawn_and_what_is_heard_went_through_the_vocoder(listener: Listener) -> None:
    ws = listener.broadcast(listener.draw_w(range(3)))
    with torch.inference_mode():
        drawn = listener.generator.synthesis(torch.from_numpy(ws))
        heard = SpectrogramTransform(MelFormat()).mel(listener.vocoder(drawn))
    torch.testing.assert_close(listener.read_mel(ws), drawn[:, 0], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(listener.hear_mel(ws), heard, atol=2e-2, rtol=0)


@pytest.mark.parametrize("n_loops", [1, BATCH, 2 * BATCH + 1])
@pytest.mark.parametrize("heard", [False, True])
def test_every_loop_is_measured_in_order_and_progress_counts_them(
    listener: Listener, advanced: list[int], n_loops: int, heard: bool
) -> None:
    ws = listener.broadcast(listener.draw_w(range(n_loops)))
    values = listener.measure(ws, heard=heard)
    assert list(values) == list(ATTRIBUTES)
    assert {len(value) for value in values.values()} == {n_loops}
    assert sum(advanced) == n_loops
    assert max(advanced) <= BATCH
    alone = listener.measure(ws[-1:], heard=heard)
    for name, value in values.items():
        assert value[-1] == pytest.approx(alone[name][0], rel=2e-2, abs=2e-2)


def test_a_stand_in_reads_models_of_one_channel(
    drums_header: object, generator: object, vocoder: Vocoder, advanced: list[int]
) -> None:
    listener = Listener(generator, vocoder, advance=advanced.append)  # type: ignore[arg-type]
    values = listener.measure(listener.broadcast(listener.draw_w(range(4))), heard=False)
    heard = listener.measure(listener.broadcast(listener.draw_w(range(4))), heard=True)
    for name in ("density", "bass", "brightness", "hats"):
        assert np.corrcoef(values[name], heard[name])[0, 1] > 0.9
