"""Pictures show what sounds, where it sounds, and nothing that is being overwritten."""

import numpy as np
import pytest

from performer.desk.clips import pack_slot
from performer.memory import N_CELLS, Memory
from performer.surfaces.web.pictures import BAND_HZ, CELLS_A_TURN, N_BANDS, N_COLUMNS, WINDOW, Pictures, draw_cell, plan
from tests.performer.conftest import HandOver, tone

START, LENGTH = 1008.0, 6000.0


def band_of(frequency_hz: float) -> int:
    low, high = BAND_HZ
    return int(N_BANDS * np.log(frequency_hz / low) / np.log(high / low))


def sine(frequency_hz: float, *, level: float = 0.5, n: int = 7300) -> np.ndarray:
    wave = level * np.sin(2 * np.pi * frequency_hz * np.arange(n) / 48_000)
    return np.repeat(wave[None], 4, axis=0).astype(np.float32)


def let_play(memory: Memory, deck: int = 0) -> None:
    """Do what the audio process does: play the newest clip of every cell."""
    state = memory.state
    state["seen"][0, deck] = state["published"][0, deck]
    state["playing"][0, deck] = state["published"][0, deck] % 3 + 1


@pytest.mark.parametrize("frequency_hz", [200, 1000, 5000, 15_000])
def test_a_sine_is_brightest_in_its_band(frequency_hz: float) -> None:
    picture = draw_cell(sine(frequency_hz), start=START, length=LENGTH)
    assert picture.shape == (N_COLUMNS, N_BANDS)
    near = 2 if frequency_hz < 500 else 1  # a bin of 47 Hz is wider than the low bands
    assert np.all(np.abs(picture.argmax(axis=1) - band_of(frequency_hz)) <= near)
    assert picture.min() == 0


def test_a_hit_is_where_it_sounds() -> None:
    audio = np.zeros((4, 7300), np.float32)
    column = 11
    audio[:, round(START + (column + 0.5) * LENGTH / N_COLUMNS)] = 1
    energy = draw_cell(audio, start=START, length=LENGTH).astype(float).sum(axis=1)
    assert energy.argmax() == column
    assert np.all(energy[:8] == 0)


def test_louder_is_brighter_silence_is_black_and_nothing_else_fails() -> None:
    quiet, loud = (draw_cell(sine(1000, level=level), start=START, length=LENGTH).max() for level in (0.003, 0.03))
    assert 0 < quiet < loud
    assert not draw_cell(np.zeros((4, 7300), np.float32), start=START, length=LENGTH).any()
    assert not draw_cell(np.full((4, 7300), np.nan, np.float32), start=START, length=LENGTH).any()
    assert draw_cell(sine(1000, level=1e6), start=START, length=LENGTH).max() == 255


def test_a_clip_that_ends_early_is_drawn_to_its_end() -> None:
    assert draw_cell(sine(1000, n=1500), start=START, length=LENGTH).shape == (N_COLUMNS, N_BANDS)


def test_the_bands_share_out_every_bin_between_them() -> None:
    window, bands = plan()
    low, high = (edge * WINDOW / 48_000 for edge in BAND_HZ)
    assert bands.sum() == pytest.approx(high - low, rel=1e-5)
    assert bands.sum(axis=1).max() <= 1 + 1e-6
    spectrum = np.abs(np.fft.rfft(np.sin(2 * np.pi * 40 * np.arange(WINDOW) / WINDOW) * window)) ** 2
    assert spectrum.sum() == pytest.approx(1, rel=1e-3)


def test_only_cells_that_changed_are_drawn_and_only_a_few_at_once(memory: Memory, hand_over: HandOver) -> None:
    pictures = Pictures(memory)
    assert pictures.work() == 0
    hand_over(tone(1000))
    assert pictures.work() == 0  # it has arrived; it does not sound yet
    let_play(memory)
    turns = [pictures.work() for _ in range(N_CELLS // CELLS_A_TURN)]
    assert turns == [CELLS_A_TURN] * len(turns)
    assert pictures.work() == 0
    assert pictures.is_whole(0)
    assert not pictures.is_whole(1)
    assert np.all(pictures.versions[0] == 1)
    hand_over(tone(3000), revision=2)
    state = memory.state
    state["playing"][0, 0, 5] = state["published"][0, 0, 5] % 3 + 1
    assert pictures.work() == 1
    assert np.flatnonzero(pictures.versions[0] == 2).tolist() == [5]
    assert pictures.cells[0, 5].mean(axis=0).argmax() > pictures.cells[0, 6].mean(axis=0).argmax()


def test_every_deck_gets_its_turn(memory: Memory, hand_over: HandOver) -> None:
    pictures = Pictures(memory)
    for deck in (0, 2):
        hand_over(tone(500), deck=deck)
        let_play(memory, deck)
    for _ in range(2 * N_CELLS // CELLS_A_TURN):
        pictures.work()
        pictures.words[0, 0] = -1  # the first deck never comes to rest
    assert pictures.versions[2].min() == 1


def test_a_clip_that_is_replaced_while_it_is_drawn_is_drawn_again(memory: Memory, hand_over: HandOver) -> None:
    hand_over(tone(500))
    let_play(memory)
    pictures = Pictures(memory)
    word = int(pictures.sounding()[0, 0])
    memory.headers["revision"][0, 0, (word - 1) % 3] = 9
    memory.state["published"][0, 0, 0] = pack_slot(9, (word - 1) % 3)
    pictures.draw(0, 0, word=word)
    assert pictures.versions[0, 0] == 0
    assert pictures.work() == CELLS_A_TURN
    assert pictures.versions[0, 0] == 1


def test_a_deck_that_falls_silent_is_drawn_black(memory: Memory, hand_over: HandOver) -> None:
    hand_over(tone(500))
    let_play(memory)
    pictures = Pictures(memory)
    pictures.work(n=N_CELLS)
    assert pictures.cells[0].any()
    memory.state["playing"][0, 0] = 0
    pictures.work(n=N_CELLS)
    assert not pictures.cells[0].any()
