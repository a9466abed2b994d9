"""A held bass note under a moving pad, drawn by the real vocoder, through worker, clips and desk in virtual time."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor

from melgan_vocoder.batch_threads import BatchThreads
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder
from melgan_vocoder.spectrogram import SpectrogramTransform
from performer.generation.renderer import Grid, Window
from performer.memory import N_LOOPS
from performer.settings import DeckSettings
from tests.performer.conftest import FakeClock
from tests.performer.real_stage import RealStage

RATE, N_SAMPLES, N_FRAMES = 48_000, 192_000, 512
BASS_HZ = 65.5
N_FLIPS = 100
N_PADS = 10
DRAWING_S = {4: 0.05, 1: 0.1}
"""What a window takes on the stage where all four loops are drawn anew, and where one stands in for them."""
BOUND_DB = {4: 1.5, 1: 2.0}
"""How far the bass may go: four loops even out what the vocoder does to it under each pad, one does not."""
LEVEL_S = 0.05
"""Time over which a level is measured."""


@functools.cache
def spectrogram(pad: int) -> Tensor:
    """The spectrogram of a held bass with two overtones, and above it four tones of a pad, `[1, 2, n_mels, 512]`."""
    rng, time_s = np.random.default_rng(pad), np.arange(N_SAMPLES) / RATE
    sound = sum(0.3 / k * np.sin(2 * np.pi * BASS_HZ * k * time_s) for k in (1, 2, 3))
    for pitch_hz in np.round(4 * rng.uniform(250, 1500, 4)) / 4:
        sound += 0.06 * np.sin(2 * np.pi * (pitch_hz * time_s + rng.uniform()))
    with torch.inference_mode():
        return SpectrogramTransform(MelFormat())(torch.from_numpy(sound).float()[None])


class Pads:
    """Draws the pad whose number is the seed, in every other loop the next one, over the same bass."""

    hop_length, sample_rate = 375, RATE

    def __init__(self, vocoder: Vocoder, spend: Callable[[float], None], *, drawing_s: float) -> None:
        self.vocoder, self.spend, self.threads, self.drawing_s = vocoder, spend, BatchThreads(), drawing_s
        self.halo = vocoder.halo(2)
        self.header = type("Header", (), {"name": "pads"})

    def grid(self, settings: DeckSettings) -> Grid:
        return Grid(n_frames=N_FRAMES)

    def latents(self, settings: DeckSettings) -> np.ndarray:
        return np.float32(settings.seed + np.arange(N_LOOPS) % 2).reshape(-1, 1, 1)

    def spectrograms(self, ws: np.ndarray) -> Tensor:
        return torch.cat([spectrogram(int(w[0, 0])) for w in ws])

    def window(self, ws: np.ndarray, grid: Grid, *, first: int, n: int, states_in: np.ndarray, **_: Any) -> Window:
        self.spend(self.drawing_s if n < 100 else 2 * self.drawing_s)
        frames = np.arange(first - self.halo, first + n + self.halo) % N_FRAMES
        audio, states = self.threads(
            self.vocoder.window, self.spectrograms(ws)[..., frames], torch.from_numpy(states_in)
        )
        return Window(audio=audio.numpy(), states=states.numpy())

    def whole(self, ws: np.ndarray, grid: Grid, **_: Any) -> Iterator[Window | None]:
        self.spend(2 * self.drawing_s)
        yield None
        self.spend(2 * self.drawing_s)
        audio, states = self.threads(self.vocoder.render, self.spectrograms(ws))
        yield Window(audio=audio.numpy(), states=states.numpy())


def levels_db(audio: np.ndarray) -> np.ndarray:
    """Level of the bass note, each millisecond."""
    low = signal.sosfiltfilt(signal.butter(6, 95, fs=RATE, output="sos"), audio.astype(np.float64))
    n = round(LEVEL_S * RATE)
    power = signal.oaconvolve(low**2, np.full(n, 1 / n), mode="valid")
    return 10 * np.log10(power[::48])


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("n_loops", [4, 1])
def test_a_held_bass_keeps_its_level_while_the_pad_above_flips_a_hundred_times(
    vocoder: Vocoder, clock: FakeClock, n_loops: int
) -> None:
    stage = RealStage(vocoder, clock, wrap=functools.partial(Pads, drawing_s=DRAWING_S[n_loops]))
    stage.set("/deck/1/level", 0.8)
    stage.run(4.0)
    at_s = clock.time_s
    for flip in range(N_FLIPS):
        stage.at(at_s, lambda flip=flip: stage.set("/deck/1/seed", 1 + flip % N_PADS))
        at_s += 2.5 if flip % 10 == 9 else 0.3  # now and then it rests, and the loop is drawn whole
    levels = levels_db(stage.run(at_s - clock.time_s + 1.0)[:, 0])[100:-100]
    drawn = stage.memory.counters()
    print(f"bass within {np.ptp(levels):.2f} dB over {drawn['windows']} windows and {drawn['loops']} loops")
    assert drawn["windows"] >= N_FLIPS
    assert drawn["late_cells"] == 0
    assert (drawn["narrowed_windows"] > N_FLIPS / 2) == (n_loops == 1)
    assert np.ptp(levels) <= BOUND_DB[n_loops]
