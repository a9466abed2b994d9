"""Tempo and downbeat of drum tracks whose tempo and downbeat are known."""

from collections.abc import Callable

import numpy as np
import pytest

from training.recordings.downbeat import BarGrid, find_grid
from training.recordings.onset_rise import hit_offset_s, rise_offset_s

Track = Callable[..., np.ndarray]
GENRES = ("techno", "house", "breaks", "percussion")


def late_s(grid: BarGrid, offset_s: float) -> float:
    bar_s = 4 * grid.beat_s
    return (grid.downbeat_s - offset_s + bar_s / 2) % bar_s - bar_s / 2


@pytest.mark.parametrize("tempo_bpm", [97, 126, 174])
def test_downbeat_is_found_within_20_ms_of_nineteen_tracks_in_twenty(track: Track, tempo_bpm: int) -> None:
    found = []
    for genre in GENRES:
        for seed in range(3000, 3005):
            offset_s = 0.05 + 0.173 * (seed - 2999)
            grid = find_grid(track(genre, seed, tempo_bpm=tempo_bpm, bars=8, offset_s=offset_s))
            assert grid is not None
            right = abs(grid.tempo_bpm / tempo_bpm - 1) < 2e-3
            found.append(right and abs(late_s(grid, offset_s)) < 0.02)
    assert np.mean(found) >= 0.95


def test_accents_alone_find_the_downbeat_of_a_break_that_begins_within_a_bar(track: Track) -> None:
    found = []
    for seed in range(3100, 3110):
        audio = track("breaks", seed, tempo_bpm=126, bars=12)[round(0.9 * 48_000) :]
        grid = find_grid(audio)
        assert grid is not None
        found.append(abs(late_s(grid, -0.9)) < 0.02)
    assert np.mean(found) >= 0.7


def test_whole_tempo_is_exact_and_a_broken_one_is_near(track: Track) -> None:
    for tempo_bpm in (126.0, 127.4):
        grid = find_grid(track("house", 4, tempo_bpm=tempo_bpm, bars=24, offset_s=0.2))
        assert grid is not None
        assert grid.tempo_bpm == pytest.approx(tempo_bpm, rel=1e-4)


def test_given_tempo_is_kept(track: Track) -> None:
    grid = find_grid(track("breaks", 4, tempo_bpm=174, offset_s=0.2), tempo_bpm=87.0)
    assert grid is not None
    assert grid.tempo_bpm == pytest.approx(87, rel=1e-3)


@pytest.mark.parametrize("audio", [np.zeros(48_000, np.float32), np.zeros(0, np.float32), np.ones(10, np.float32)])
def test_recording_without_a_beat_has_no_grid(audio: np.ndarray) -> None:
    assert find_grid(audio) is None


def test_change_of_sound_says_where_a_bar_begins(track: Track) -> None:
    """Equal kicks alone have no downbeat; where hats come in does."""
    audio = np.zeros(round(64 * 0.5 * 48_000) + 48_000, np.float32)
    fall = np.exp(-np.arange(9600) / 1500).astype(np.float32)
    kick = fall * np.sin(2 * np.pi * 60 * np.arange(9600) / 48_000).astype(np.float32)
    hiss = 0.4 * fall[:4000] ** 3 * np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    for beat in range(64):
        start = 12_000 + beat * 24_000 - 36_000  # the first one and a half beats are cut off
        if start >= 0:
            audio[start : start + 9600] += kick
            if beat >= 32:
                audio[start : start + 4000] += hiss
                audio[start + 12_000 : start + 16_000] += hiss
    grid = find_grid(audio)
    assert grid is not None
    assert abs(late_s(grid, (12_000 - 36_000) / 48_000)) < 0.02


def test_rise_is_found_within_a_millisecond() -> None:
    rng = np.random.default_rng(1)
    audio = 0.001 * rng.standard_normal(5 * 48_000)
    fall = np.exp(-np.arange(4800) / 1000)
    for beat in range(8):
        start = 24_000 * (beat + 1) + 500
        audio[start : start + 4800] += fall * rng.standard_normal(4800)
    beats_s = 0.5 * np.arange(1, 9)
    assert rise_offset_s(audio.astype(np.float32), beats_s) == pytest.approx(500 / 48_000, abs=0.001)
    assert rise_offset_s(audio.astype(np.float32), beats_s[:2]) == 0
    assert hit_offset_s(audio.astype(np.float32), 36_000) is None
