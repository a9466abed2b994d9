import numpy as np
import pytest

from performer.controls import DIRECTION_NAMES
from performer.crate import find_model
from performer.renderer import LoopRenderer
from performer.settings import DeckSettings


@pytest.fixture(scope="module")
def renderer() -> LoopRenderer:
    return LoopRenderer(find_model("drums"))


def test_a_page_has_four_finite_different_loops_that_agree_below_150_hz(renderer: LoopRenderer) -> None:
    audio = renderer.render(DeckSettings(seed=3, spread=1.0)).audio
    assert audio.shape == (4, 192_000)
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()
    assert audio.std() > 0.01
    assert np.abs(audio[0] - audio[1:]).max() > 0.01
    bass = np.abs(np.fft.rfft(audio, axis=-1)[:, : 150 * 4])
    np.testing.assert_allclose(bass, np.repeat(bass[:1], 4, axis=0), atol=bass.max() * 1e-4)


def test_the_same_settings_are_the_same_page_bit_for_bit(renderer: LoopRenderer) -> None:
    settings = DeckSettings(seed=5, morph=(0.3, 0.6), strengths=(1.0, -1.0), spread=0.7)
    np.testing.assert_array_equal(renderer.render(settings).audio, renderer.render(settings).audio)


def test_the_corners_of_the_pad_are_four_seeds(renderer: LoopRenderer) -> None:
    for index, corner in enumerate([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]):
        at_corner = renderer.latents(DeckSettings(seed=7, morph=corner, spread=0))
        own = renderer.latents(DeckSettings(seed=7 + index, spread=0))
        np.testing.assert_allclose(at_corner, own, atol=1e-6)


def test_the_four_loops_surround_the_deck_s_latent_at_the_spread_s_distance(renderer: LoopRenderer) -> None:
    centre = renderer.latents(DeckSettings(seed=7, spread=0))
    assert np.all(centre == centre[0])
    one, two = (renderer.latents(DeckSettings(seed=7, spread=spread)) - centre for spread in (1.0, 2.0))
    np.testing.assert_allclose(two, 2 * one, atol=1e-5)
    np.testing.assert_allclose(one[0], -one[1], atol=1e-5)
    np.testing.assert_allclose(one[2], -one[3], atol=1e-5)
    along = one[0, 0] / np.linalg.norm(one[0, 0])
    assert np.linalg.norm(one[0, 0]) == pytest.approx(float((renderer.population @ along).std()), rel=1e-3)


def test_the_shipped_model_has_every_direction_that_has_a_control(renderer: LoopRenderer) -> None:
    assert renderer.missing_directions == []
    assert set(DIRECTION_NAMES) <= set(renderer.directions)


def test_a_direction_moves_every_loop_by_its_sigma(renderer: LoopRenderer) -> None:
    still = renderer.latents(DeckSettings(seed=7))
    moved = renderer.latents(DeckSettings(seed=7, strengths=(0.0, 2.0)))
    bass = renderer.directions["bass"]
    expected = np.broadcast_to(2 * bass.sigma * bass.vector, moved.shape)
    np.testing.assert_allclose(moved - still, expected, atol=1e-5)


def test_the_last_seed_plays(renderer: LoopRenderer) -> None:
    assert np.isfinite(renderer.latents(DeckSettings(seed=2**31 - 1))).all()


def test_bfloat16_draws_the_same_loop(renderer: LoopRenderer) -> None:
    import torch

    synthesis, before = renderer.generator.synthesis, renderer.generator.synthesis.feature_dtype
    mels = {}
    try:
        for dtype in (torch.float32, torch.bfloat16):
            synthesis.feature_dtype = dtype
            with torch.inference_mode():
                mels[dtype] = synthesis(torch.from_numpy(renderer.latents(DeckSettings(seed=9))))
    finally:
        synthesis.feature_dtype = before
    assert mels[torch.bfloat16].dtype == torch.float32
    difference = (mels[torch.float32] - mels[torch.bfloat16]).abs().mean()
    assert 0 < difference < 0.01


def test_a_render_with_two_threads_differs_by_less_than_16_bit_noise(renderer: LoopRenderer) -> None:
    import torch

    settings, threads = DeckSettings(seed=9, spread=0), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = renderer.render(settings).audio
        torch.set_num_threads(2)
        together = renderer.render(settings).audio
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_allclose(alone, together, atol=1e-3)
