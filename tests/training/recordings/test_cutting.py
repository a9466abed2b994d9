"""Bars -> loops: their length, their seam, their loudness, and what is left out."""

import numpy as np
import pytest

from training.manifest import loop_samples
from training.recordings.audio_file import clipped_shares, resample
from training.recordings.cutting import close_loop, cut_bars, cut_texture, fade_samples
from training.recordings.fingerprint import Fingerprints, fingerprint
from training.recordings.loudness import TARGET_LUFS, loudness_lufs, normalise
from training.recordings.placement import Placement
from training.recordings.rejection import is_clipped, is_silent


def placement(tempo_bpm: float, downbeat_s: float = 0.0, *, loop: bool = False) -> Placement:
    return Placement(tempo_bpm=tempo_bpm, downbeat_s=downbeat_s, source="estimate", loop=loop)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def test_cuts_follow_each_other_and_begin_with_the_recording_as_it_is() -> None:
    audio = noise(48_000 * 20)
    cuts = list(cut_bars(audio, placement(97.0, 0.25)))
    n = loop_samples(97.0)
    assert [start for start, _ in cuts] == [round(12_000 + number * 8 * 60 / 97 * 48_000) for number in range(3)]
    for start, loop in cuts:
        assert loop.shape == (n,)
        np.testing.assert_array_equal(loop[: n - fade_samples()], audio[start : start + n - fade_samples()])
        assert abs(loop[-1] - audio[start - 1]) < 0.01  # the end leads into what came before the beginning


def test_seam_of_a_held_tone_is_no_larger_than_its_other_steps() -> None:
    audio = np.sin(2 * np.pi * 111.3 * np.arange(48_000 * 6) / 48_000).astype(np.float32)
    _, loop = next(cut_bars(audio, placement(126.0, 0.5)))
    steps = np.abs(np.diff(np.append(loop, loop[0])))
    assert steps[-1] <= 1.05 * steps[: -2 * fade_samples()].max()


def test_loop_of_one_bar_is_played_twice_and_one_of_four_bars_is_cut_in_two() -> None:
    bar = noise(91_429)
    ((start, loop),) = cut_bars(bar, placement(240 * 48_000 / 91_429, loop=True))
    assert start == 0
    np.testing.assert_array_equal(loop[: 2 * 91_429 - 300], np.concatenate([bar, bar])[:-300])
    four = noise(192_000 * 2)
    assert [start for start, _ in cut_bars(four, placement(120.0, loop=True))] == [0, 192_000]


def test_cut_follows_hits_that_drift() -> None:
    audio = np.zeros(48_000 * 20, np.float32)
    fall = (np.exp(-np.arange(4000) / 500) * noise(4000)).astype(np.float32)
    for beat in range(38):
        start = 24_000 + round(beat * 24_060)  # 119.7 BPM
        audio[start : start + 4000] += fall
    starts = [start for start, _ in cut_bars(audio, placement(120.0, 0.499))]
    true = 24_000 + 8 * 24_060 * np.arange(len(starts))
    assert np.abs(np.array(starts) - true).max() < 0.011 * 48_000


def test_close_loop_leaves_the_beginning() -> None:
    piece = noise(5000)
    np.testing.assert_array_equal(close_loop(piece)[:100], piece[fade_samples() : fade_samples() + 100])


def test_texture_is_four_seconds_of_even_power_without_a_seam() -> None:
    cuts = list(cut_texture(noise(48_000 * 13)))
    assert [start for start, _ in cuts] == [24_000, 216_000, 408_000]
    for _, loop in cuts:
        assert loop.shape == (192_000,)
        assert np.std(loop[-18_000:-6000]) == pytest.approx(np.std(loop[:100_000]), rel=0.05)
    assert list(cut_texture(noise(200_000))) == []


def test_loudness_of_a_full_scale_sine_is_that_of_the_recommendation() -> None:
    sine = np.sin(2 * np.pi * 997 * np.arange(192_000) / 48_000).astype(np.float32)
    assert loudness_lufs(sine) == pytest.approx(-3.01, abs=0.05)
    assert loudness_lufs(normalise(0.01 * sine)) == pytest.approx(TARGET_LUFS, abs=0.05)
    click = np.zeros(192_000, np.float32)
    click[0] = 0.5
    assert np.abs(normalise(click)).max() == pytest.approx(0.97)
    assert not normalise(np.zeros(192_000, np.float32)).any()


def test_silence_and_clipping_are_seen() -> None:
    loop = noise(192_000)
    assert not is_silent(loop)
    loop[80_000:] = 0
    assert is_silent(loop)
    assert is_silent(0.01 * loop, peak=0.01 * np.abs(loop).max())
    tone = np.sin(np.arange(192_000) * 0.01)[:, None].astype(np.float32)
    assert is_clipped(clipped_shares(np.clip(10 * tone, -1, 1), 48_000), start=0, n_samples=192_000)
    assert not is_clipped(clipped_shares(tone, 48_000), start=0, n_samples=192_000)
    half = np.concatenate([tone, np.clip(10 * tone, -1, 1)])
    assert not is_clipped(clipped_shares(half, 48_000), start=0, n_samples=192_000)
    assert is_clipped(clipped_shares(half, 48_000), start=192_000, n_samples=192_000)


def test_kicks_alone_and_quiet_recordings_are_no_silence() -> None:
    kicks = np.zeros(192_000, np.float32)
    for beat in range(8):
        kicks[24_000 * beat :][:9600] = np.sin(0.007 * np.arange(9600)) * np.exp(-np.arange(9600) / 2000)
    assert not is_silent(kicks)
    assert not is_silent(0.001 * kicks, peak=0.001 * np.abs(kicks).max())


def test_same_loop_is_known_again_and_others_are_new() -> None:
    from training.procedural import draw_loop

    seen = Fingerprints()
    loops = [draw_loop("breaks", seed) for seed in range(70)]
    assert sum(seen.add_if_new(fingerprint(loop)) for loop in loops) >= 69
    assert not seen.add_if_new(fingerprint(0.3 * loops[5] + 0.01 * noise(192_000)))
    assert not seen.add_if_new(fingerprint(np.roll(loops[69], 12)))
    assert seen.add_if_new(fingerprint(np.roll(loops[5], 24_000)))


def test_loop_stays_one_when_it_is_resampled() -> None:
    n = 109_113  # 2.47 s at 44.1 kHz
    loop = np.sin(2 * np.pi * 500 * np.arange(n) / n).astype(np.float32)
    out = resample(loop, 44_100, circular=True)
    expected = np.sin(2 * np.pi * 500 * np.arange(len(out)) / len(out))
    assert len(out) == round(n * 48_000 / 44_100)
    np.testing.assert_allclose(out, expected, atol=0.013)  # 118762.45 samples are rounded
    assert abs(out[0] - out[-1]) < 1.6 * np.abs(np.diff(out)).max()
