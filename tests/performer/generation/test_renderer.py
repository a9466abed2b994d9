import dataclasses

import numpy as np
import pytest

from directions.move import move
from melgan_vocoder.batch_threads import BatchThreads
from melgan_vocoder.vocoder_file import load_vocoder
from performer.crate import find_model
from performer.direction_names import DIRECTION_NAMES
from performer.generation.renderer import LoopRenderer
from performer.settings import DeckSettings
from stylegan_audio.generator import mix_styles
from tests.performer.taught_model import teach_drums

N_RHYTHM_LEVELS = 2
"""Of 4 x 16 and 8 x 32."""


@pytest.fixture(scope="module")
def renderer() -> LoopRenderer:
    return LoopRenderer(find_model("drums"), load_vocoder())


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> LoopRenderer:
    """Of a model with directions of every kind, and presets."""
    return LoopRenderer(teach_drums(tmp_path_factory.mktemp("taught") / "drums.safetensors"), load_vocoder())


def strengths(**strength: float) -> tuple[float, ...]:
    return tuple(strength.get(name, 0.0) for name in DIRECTION_NAMES)


def draw(renderer: LoopRenderer, settings: DeckSettings) -> np.ndarray:
    """Four whole loops, float32 `[4, n]`."""
    nothing, window = renderer.whole(renderer.latents(settings), renderer.grid(settings))
    assert nothing is None
    assert window is not None
    return window.audio


def test_four_finite_different_loops(renderer: LoopRenderer) -> None:
    audio = draw(renderer, DeckSettings(seed=3, spread=1.0))
    assert audio.shape == (4, 192_000)
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()
    assert audio.std() > 0.01
    assert np.abs(audio[0] - audio[1:]).max() > 0.01


def test_the_same_settings_are_the_same_loops_bit_for_bit(renderer: LoopRenderer) -> None:
    settings = DeckSettings(seed=5, morph=(0.3, 0.6), strengths=(1.0, -1.0), spread=0.7)
    np.testing.assert_array_equal(draw(renderer, settings), draw(renderer, settings))


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
    assert np.linalg.norm(one[0, 0]) == pytest.approx(0.8 * float((renderer.population @ along).std()), rel=1e-3)


def test_directions_move_every_loop_from_where_it_is(renderer: LoopRenderer) -> None:
    still = renderer.latents(DeckSettings(seed=7))
    moved = renderer.latents(DeckSettings(seed=7, strengths=(-1.0, 2.0)))
    moves = [(renderer.repertoire.directions[name], strength) for name, strength in (("density", -1.0), ("bass", 2.0))]
    np.testing.assert_array_equal(moved, move(still[:, 0], moves, n_levels=still.shape[1]))
    assert np.ptp(moved - still, axis=0).max() > 1e-3


def test_every_direction_is_played_by_its_control_and_what_is_not_offered_by_none(taught: LoopRenderer) -> None:
    still = taught.latents(DeckSettings(seed=7))
    for name in DIRECTION_NAMES:
        moved = taught.latents(DeckSettings(seed=7, strengths=strengths(**{name: 1.0})))
        direction = taught.repertoire.directions.get(name)
        if direction is None:
            np.testing.assert_array_equal(moved, still)
        else:
            expected = np.broadcast_to(direction.sigma * direction.vector, still.shape)
            np.testing.assert_allclose(moved - still, expected, atol=1e-5)
    assert {"hats", "own2", "pc2"} < set(taught.repertoire.directions)
    assert "kick" not in taught.repertoire.directions


def test_holding_the_rest_plays_the_other_direction_and_alone_changes_nothing(taught: LoopRenderer) -> None:
    still = taught.latents(DeckSettings(seed=7))
    np.testing.assert_array_equal(taught.latents(DeckSettings(seed=7, hold=1)), still)
    held = taught.repertoire.held["density"]
    moved = taught.latents(DeckSettings(seed=7, strengths=strengths(density=2.0), hold=1))
    np.testing.assert_allclose(moved - still, np.broadcast_to(2 * held.sigma * held.vector, still.shape), atol=1e-5)
    plain, both = (DeckSettings(seed=7, strengths=strengths(own1=2.0), hold=hold) for hold in (0, 1))
    np.testing.assert_array_equal(taught.latents(plain), taught.latents(both))


def test_without_a_split_the_timbre_pad_changes_nothing(renderer: LoopRenderer) -> None:
    plain = DeckSettings(seed=5, morph=(0.3, 0.6), strengths=(1.0, -1.0), walk=1.5)
    elsewhere = dataclasses.replace(plain, timbre=(1.0, 1.0), split=0.0)
    np.testing.assert_array_equal(renderer.latents(elsewhere), renderer.latents(plain))


@pytest.mark.parametrize("split", [0.25, 1.0])
def test_a_split_mixes_the_fine_levels_of_two_places_and_moves_both(renderer: LoopRenderer, split: float) -> None:
    import torch

    deck = DeckSettings(seed=5, morph=(0.3, 0.6), timbre=(1.0, 0.5), split=split, walk=1.5)
    rhythm, timbre = (
        torch.from_numpy(renderer.latents(dataclasses.replace(deck, morph=place, split=0.0)))
        for place in (deck.morph, deck.timbre)
    )
    expected = mix_styles(rhythm, torch.lerp(rhythm, timbre, split), crossover=N_RHYTHM_LEVELS)
    found = renderer.latents(deck)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(found[:, :N_RHYTHM_LEVELS], rhythm[:, :N_RHYTHM_LEVELS])
    assert np.abs(found - rhythm.numpy())[:, N_RHYTHM_LEVELS:].max() > 0.01
    deck = dataclasses.replace(deck, strengths=strengths(bass=2.0))
    rhythm, timbre = (
        renderer.latents(dataclasses.replace(deck, morph=place, split=0.0)) for place in (deck.morph, deck.timbre)
    )
    moved = renderer.latents(deck)
    np.testing.assert_array_equal(moved[:, :N_RHYTHM_LEVELS], rhythm[:, :N_RHYTHM_LEVELS])
    np.testing.assert_allclose(moved[:, -1], (1 - split) * rhythm[:, -1] + split * timbre[:, -1], atol=1e-5)


def test_a_corner_plays_a_preset(taught: LoopRenderer) -> None:
    deck = DeckSettings(seed=7, corners=(-1, -3, -1, -1), morph=(1.0, 0.0), truncation_psi=1.0, spread=0)
    stomp = taught.header.preset_vector("stomp")
    np.testing.assert_allclose(taught.latents(deck)[0, 0], stomp, atol=1e-5)
    w_avg = taught.generator.w_avg.numpy()
    half = taught.latents(dataclasses.replace(deck, truncation_psi=0.5))[0, 0]
    np.testing.assert_allclose(half, w_avg + 0.5 * (stomp - w_avg), atol=1e-5)  # truncated as a seed is


def test_a_preset_that_is_missing_is_said_once_and_plays_the_seed(
    taught: LoopRenderer, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in (7, 9):
        missing = DeckSettings(seed=seed, corners=(-1, -4, -1, -1), morph=(1.0, 0.0))
        own = dataclasses.replace(missing, corners=(-1,) * 4)
        np.testing.assert_array_equal(taught.latents(missing), taught.latents(own))
    assert capsys.readouterr().err == (
        "loopmorph: model drums has no preset 3: a corner of the pad that asks for it plays the seed\n"
    )


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
    settings, threads = DeckSettings(seed=9, spread=0), renderer.threads
    try:
        renderer.threads = BatchThreads(1)
        alone = draw(renderer, settings)
        renderer.threads = BatchThreads(2)
        together = draw(renderer, settings)
    finally:
        renderer.threads = threads
    np.testing.assert_allclose(alone, together, atol=1e-3)


@pytest.mark.parametrize("tempo_bpm", [97.0, 120.0, 126.0])
@pytest.mark.parametrize(("first_cell", "n_cells"), [(0, 2), (5, 2), (30, 8)])
def test_a_window_with_the_phases_of_the_whole_is_that_cut_of_it(
    renderer: LoopRenderer, tempo_bpm: float, first_cell: int, n_cells: int
) -> None:
    import torch

    synthesis, vocoder, before = (
        renderer.generator.synthesis,
        renderer.vocoder,
        renderer.generator.synthesis.feature_dtype,
    )
    settings = DeckSettings(seed=9, strengths=(1.0, 1.0), tempo_bpm=tempo_bpm)
    try:
        synthesis.feature_dtype, vocoder.is_half = torch.float32, False
        ws, grid = renderer.latents(settings), renderer.grid(settings)
        *_, whole = renderer.whole(ws, grid)
        assert whole is not None
        first, last = first_cell * grid.n_frames // 32, (first_cell + n_cells) * grid.n_frames // 32
        states_in = whole.states[..., np.arange(first - renderer.halo, first + 1) % grid.n_frames]
        window = renderer.window(ws, grid, first=first, n=last - first, states_in=states_in)
    finally:
        synthesis.feature_dtype, vocoder.is_half = before, before == torch.bfloat16
    samples = np.arange(first * 375, last * 375) % whole.audio.shape[1]
    difference = np.abs(window.audio - whole.audio[:, samples])
    print(f"{difference.max():.2e} of {np.abs(whole.audio).max():.2f}")
    assert difference.max() < 2e-4 * np.abs(whole.audio).max()  # 1e-4 at the loudness at which a deck plays
    frames = np.arange(first, last) % grid.n_frames
    turned = window.states[:, 0] - whole.states[:, 0][..., frames]
    assert np.abs(turned - np.round(turned)).max() < 1e-3


def test_a_walk_begins_at_the_seed_and_goes_to_other_loops_without_a_step(renderer: LoopRenderer) -> None:
    still = renderer.latents(DeckSettings(seed=7))
    np.testing.assert_array_equal(renderer.latents(DeckSettings(seed=7, walk=0.0)), still)
    steps = [renderer.latents(DeckSettings(seed=7, walk=walk))[0, 0] for walk in np.linspace(0, 3, 61)]
    lengths = np.linalg.norm(np.diff(steps, axis=0), axis=1)
    whole = np.linalg.norm(steps[20] - steps[0])
    assert whole > 0.3 * np.linalg.norm(renderer.population.std(axis=0))
    assert lengths.max() < 0.15 * whole * 2


def test_pinned_corners_take_the_place_of_the_seeds(renderer: LoopRenderer) -> None:
    pinned = DeckSettings(seed=7, corners=(-1, 40, -1, -1), morph=(1.0, 0.0), spread=0)
    np.testing.assert_allclose(renderer.latents(pinned), renderer.latents(DeckSettings(seed=40, spread=0)), atol=1e-6)


def test_no_truncation_is_the_mapped_latent_and_full_truncation_the_average(renderer: LoopRenderer) -> None:
    whole = renderer.latents(DeckSettings(seed=7, truncation_psi=1.0, spread=0))[0, 0]
    np.testing.assert_allclose(whole, renderer.map([7])[0], atol=1e-6)
    none = renderer.latents(DeckSettings(seed=7, truncation_psi=0.0))[0, 0]
    np.testing.assert_allclose(none, renderer.generator.w_avg.numpy(), atol=1e-6)


def test_drums_keep_their_pitch(renderer: LoopRenderer) -> None:
    assert renderer.grid(DeckSettings(seed=1, transpose=7)).semitones == 0
