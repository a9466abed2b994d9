"""Levels of the shipped model's loops through deck and mixer: over width and spread, from deck to deck, in the bass."""

import numpy as np
import pytest

from melgan_vocoder.vocoder_file import load_vocoder
from performer.controls import SLOTS
from performer.crate import find_model
from performer.desk.clips import publish
from performer.desk.playback import Playback
from performer.generation.bass import k_weight
from performer.generation.drawing import Drawing
from performer.generation.renderer import LoopRenderer
from performer.memory import Memory
from performer.settings import DeckSettings

RATE, LOOP = 48_000, 192_000
MIXED_SEEDS = (3, 33, 77)
TRIMMED_SEEDS = (3, 13, 23, 33, 5, 77, 123, 2024, 31_337, 99, 512, 7)
WIDTHS = (0.0, 0.7, 1.0)
PLACES = ((0.5, 0.5), (1.0, 0.0), (0.2, 0.9))
BASS_HZ = 120.0


@pytest.fixture(scope="module")
def renderer() -> LoopRenderer:
    return LoopRenderer(find_model("drums"), load_vocoder())


class Deck:
    """The first deck with one whole loop."""

    def __init__(self, renderer: LoopRenderer, settings: DeckSettings) -> None:
        self.memory = Memory.private()
        self.playback = Playback(self.memory)
        self.playback.position = 0
        drawing = Drawing()
        drawing.follow(settings, renderer, glide_s=0.0, now_s=0.0)
        for clips in drawing.draw_whole():
            for cell, clip in clips or []:
                assert publish(self.memory, 0, cell, clip)
        self.set("/master/level", 1.0)
        self.set("/deck/1/level", 0.3)  # far below what the limiter holds

    def set(self, path: str, *values: float) -> None:
        self.memory.state["controls"][0, SLOTS[path]] = values

    def play(self) -> np.ndarray:
        """One turn, once gains have settled; float64 `[2, LOOP]`."""
        heard = np.zeros((LOOP + RATE // 2, 2), np.float32)
        for start in range(0, len(heard), 4096):
            self.playback.render(heard[start : start + 4096])
        assert self.memory.counters()["limited_blocks"] == 0
        return heard[-LOOP:].T.astype(np.float64)


def loudness_db(heard: np.ndarray) -> float:
    """Of a loop, K-weighted."""
    spectrum = np.fft.rfft(heard, axis=-1) * k_weight(LOOP, RATE)
    return float(10 * np.log10(np.sum(np.abs(spectrum) ** 2)))


def bass_db(channel: np.ndarray) -> float:
    below = np.fft.rfftfreq(LOOP, 1 / RATE) < BASS_HZ
    return float(10 * np.log10(np.sum(np.abs(np.fft.rfft(channel)[below]) ** 2)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", MIXED_SEEDS)
def test_loudness_stays_and_the_bass_is_mono_over_width_spread_and_balance(renderer: LoopRenderer, seed: int) -> None:
    loudness, bass = [], []
    for spread in (0.0, 0.8, 2.0):
        deck = Deck(renderer, DeckSettings(seed=seed, spread=spread))
        for width in WIDTHS:
            for place in PLACES:
                deck.set("/deck/1/width", width)
                deck.set("/deck/1/balance", *place)
                heard = deck.play()
                loudness.append(loudness_db(heard))
                bass += [bass_db(heard.mean(axis=0)) - bass_db(channel) for channel in heard]
    print(f"seed {seed}: loudness moves by {np.ptp(loudness):.2f} dB, bass of mono {np.abs(bass).max():.3f} dB off")
    assert np.ptp(loudness) <= 1
    assert np.abs(bass).max() <= 1


def test_decks_land_within_a_decibel_of_each_other(renderer: LoopRenderer) -> None:
    loudness = [loudness_db(Deck(renderer, DeckSettings(seed=seed)).play()) for seed in TRIMMED_SEEDS]
    print(f"12 decks within {np.ptp(loudness):.2f} dB")
    assert np.ptp(loudness) <= 1
