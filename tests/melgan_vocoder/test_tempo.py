"""Tempo: frames of a loop, and the columns that a window of them is made from."""

import subprocess
import sys

import pytest

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.tempo import frames_at, source_window


@pytest.mark.parametrize(
    ("tempo_bpm", "n_frames"), [(60, 1024), (97, 633), (119.9, 512), (120, 512), (126, 488), (174, 353), (200, 307)]
)
def test_a_loop_has_as_many_frames_as_two_bars_last(tempo_bpm: float, n_frames: int) -> None:
    assert frames_at(tempo_bpm) == n_frames
    assert abs(n_frames * 375 / (8 * 60 / tempo_bpm * 48_000) - 1) < 0.0017


def test_another_format_has_another_tempo_of_its_own() -> None:
    short = MelFormat(n_frames=64)
    assert frames_at(120, MelFormat(beats=1)) == 64
    assert short.tempo_bpm == 960
    assert frames_at(192, short) == 320


@pytest.mark.parametrize("tempo_bpm", [59.9, 200.1, 0.0, -120.0, float("nan"), float("inf")])
def test_tempo_out_of_range_is_refused(tempo_bpm: float) -> None:
    message = f"tempo is {tempo_bpm:g} BPM, 60 to 200 are needed; choose half or double of it"
    with pytest.raises(VocoderError, match=message):
        frames_at(tempo_bpm)


def test_at_its_own_tempo_a_window_is_made_from_its_own_columns() -> None:
    assert source_window(-7, 30, n_frames=512) == (-7, 30)


def test_a_window_further_on_by_a_loop_is_made_from_the_same_columns_of_the_next_turn() -> None:
    first, n = source_window(5, 40, n_frames=488)
    assert source_window(5 + 488, 40, n_frames=488) == (first + 512, n)


def test_a_window_needs_no_more_than_hits_before_it_reach() -> None:
    first, n = source_window(100, 32, n_frames=488)
    assert first > 100 * 512 / 488 - 22
    assert first + n < 132 * 512 / 488 + 3


def test_tempo_is_told_without_torch() -> None:
    code = "import sys, melgan_vocoder.tempo; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
