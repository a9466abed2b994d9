"""The instrument in virtual time, with the shipped model and vocoder, and a wrapper between them and the worker."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from performer.controls import SLOTS
from performer.desk.mixer import N_CHANNELS, WITH_CUE
from performer.desk.playback import Playback
from performer.generation.renderer import LoopRenderer, Window
from performer.generation.worker import Worker
from performer.memory import Memory
from tests.performer.conftest import FakeClock
from tests.performer.pops import HALF, muffle

BLOCK = 256
SLOWER = 4.0
"""How much longer drawing takes on the stage than on two processor cores: a long set is then soon drawn."""
WINDOW_S, REST_S, PART_S = 0.05 * SLOWER, 0.08 * SLOWER, 0.1 * SLOWER


class Muffled:
    """Draws the loops of a renderer, muffled, and makes believe that it takes long."""

    def __init__(self, renderer: LoopRenderer, spend: Callable[[float], None]) -> None:
        self.renderer, self.spend = renderer, spend
        self.margin = HALF // renderer.hop_length
        self.halo = renderer.halo + self.margin

    def __getattr__(self, name: str) -> Any:
        return getattr(self.renderer, name)

    def window(self, ws: np.ndarray, grid: Any, *, first: int, n: int, states_in: np.ndarray, **more: Any) -> Window:
        self.spend(WINDOW_S if n < 100 else REST_S)
        margin = self.margin
        window = self.renderer.window(
            ws, grid, first=first - margin, n=n + 2 * margin, states_in=states_in[..., : -margin or None], **more
        )
        return dataclasses.replace(window, audio=muffle(window.audio), states=window.states[..., margin : margin + n])

    def whole(self, ws: np.ndarray, grid: Any, **more: Any) -> Iterator[Window | None]:
        for window in self.renderer.whole(ws, grid, **more):
            self.spend(PART_S)
            if window is not None:
                around = np.take(window.audio, np.arange(-HALF, window.audio.shape[1] + HALF), axis=1, mode="wrap")
                window = dataclasses.replace(window, audio=muffle(around))
            yield window


class RealStage:
    """The instrument in virtual time: while something is drawn the music plays on, and the hands do what is due."""

    def __init__(self, renderer: LoopRenderer, clock: FakeClock, *, wrap: Callable[..., Any] = Muffled) -> None:
        self.memory, self.clock = Memory.private(), clock
        self.playback = Playback(self.memory, channels=WITH_CUE, now_s=clock)
        self.playback.position = 0
        self.heard: list[np.ndarray] = []
        self.hands: list[tuple[float, Callable[[], None]]] = []
        self.worker = Worker(self.memory, [wrap(renderer, self.spend)], now_s=clock, wait=self.spend)

    def set(self, path: str, *values: float) -> None:
        self.memory.state["controls"][0, SLOTS[path]] = values

    def at(self, time_s: float, work: Callable[[], None]) -> None:
        """Let a hand do something at a time."""
        self.hands.append((time_s, work))
        self.hands.sort(key=lambda hand: hand[0])

    def spend(self, seconds: float) -> None:
        """Let time pass."""
        until_s = self.clock.time_s + seconds
        while self.clock.time_s < until_s:
            while self.hands and self.hands[0][0] <= self.clock.time_s:
                self.hands.pop(0)[1]()
            block = np.zeros((BLOCK, N_CHANNELS[WITH_CUE]), np.float32)
            self.playback.render(block)
            self.heard.append(block)
            self.clock.advance(BLOCK / 48_000)

    def run(self, seconds: float) -> np.ndarray:
        """Play; float32 `[n, 4]`: master and headphones."""
        self.heard.clear()
        until_s = self.clock.time_s + seconds
        while self.clock.time_s < until_s:
            if not self.worker.step():
                self.spend(0.002)
        return np.concatenate(self.heard)
