"""Drums: what sounds begins where the pattern says; recorded hits take part."""

import numpy as np
import pytest
from scipy.ndimage import maximum_filter1d

from training.procedural import OneShots, draw_loop
from training.procedural.drums import GRAMMARS, LEVELS_DB, draw_pattern
from training.procedural.grid import N_SAMPLES
from training.procedural.kit import STYLES, VOICES, draw_voice

FRAME = 375
HOP = 125


def find_onsets(loop: np.ndarray) -> np.ndarray:
    """Samples at which the level rises by more than 9 dB above that of the 23 ms before."""
    level = np.sqrt(np.mean(loop.reshape(-1, HOP) ** 2, axis=1) + 1e-8)
    before = maximum_filter1d(np.roll(level, 1), 9, mode="wrap", origin=4)
    rising = np.flatnonzero((level > 10 ** (9 / 20) * before) & (level > 0.02 * level.max()))
    return rising[np.diff(rising, prepend=-100) > 12] * HOP


@pytest.mark.parametrize("genre", GRAMMARS)
def test_onsets_lie_within_a_frame_of_the_pattern(genre: str) -> None:
    late = []
    for seed in range(20):
        starts = np.array(draw_pattern(genre, seed).starts())
        for onset in find_onsets(draw_loop(genre, seed)):
            distance = np.abs((onset - starts + N_SAMPLES // 2) % N_SAMPLES - N_SAMPLES // 2)
            late.append(distance.min())
    assert len(late) > 150
    assert np.mean(np.array(late) <= FRAME) > 0.98  # the rest are echoes of swung hits


@pytest.mark.parametrize("voice", VOICES)
def test_voice_begins_at_once_ends_in_silence_and_has_peak_1(voice: str) -> None:
    for seed in range(10):
        for style in STYLES.values():
            sound = draw_voice(voice, np.random.default_rng(seed), style=style, one_shots=None)
            assert np.isfinite(sound).all()
            assert np.max(np.abs(sound)) == pytest.approx(1, abs=1e-5)
            assert np.max(np.abs(sound[: 3 * FRAME])) > 0.25
            assert abs(sound[-1]) < 1e-3


def test_every_voice_has_a_level() -> None:
    assert set(LEVELS_DB) == set(VOICES)


def test_one_shots_stand_in_for_some_voices() -> None:
    click = np.zeros(4800, np.float32)
    click[0] = 1
    one_shots = OneShots(sounds={"kick": [click]})
    kicks = [
        draw_voice("kick", np.random.default_rng(seed), style=STYLES["house"], one_shots=one_shots)
        for seed in range(60)
    ]
    recorded = np.mean([len(kick) == len(click) and kick[0] == 1 for kick in kicks])
    assert 0.3 < recorded < 0.7
    assert len(one_shots) == 1
    assert one_shots.draw("snare", np.random.default_rng(0)) is None


def test_loop_depends_on_its_one_shots() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, 2000).astype(np.float32)
    one_shots = OneShots(sounds={"hat": [noise], "kick": [noise], "clap": [noise]})
    loops = [draw_loop("house", seed, one_shots=one_shots) for seed in range(4)]
    np.testing.assert_array_equal(loops[0], draw_loop("house", 0, one_shots=one_shots))
    assert any(np.max(np.abs(loop - draw_loop("house", seed))) > 0.01 for seed, loop in enumerate(loops))
