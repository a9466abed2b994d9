"""Worker and playback together in virtual time: drawing costs time, and the music plays on meanwhile."""

from collections.abc import Callable, Iterator

import numpy as np

from performer.controls import SLOTS
from performer.desk.playback import Playback
from performer.generation.governor import COST
from performer.generation.renderer import Grid, Window
from performer.generation.worker import Worker
from performer.memory import Memory
from tests.performer.conftest import FakeClock, FakeRenderer

BLOCK = 256
WINDOW_S, REST_S, PART_S = 0.07, 0.16, 0.12
"""What drawing costs on two processor cores."""


class Slow(FakeRenderer):
    """Takes as long as the real renderer; before another kind of fake, it makes that slow."""

    slowness = 1.0

    def __init__(self, spend: Callable[[float], None]) -> None:
        super().__init__()
        self.spend = spend

    def window(self, ws: np.ndarray, grid: Grid, *, first: int, n: int, states_in: np.ndarray) -> Window:
        self.spend(self.slowness * COST[len(ws)] * (WINDOW_S if n < 64 else REST_S))
        return super().window(ws, grid, first=first, n=n, states_in=states_in)

    def whole(self, ws: np.ndarray, grid: Grid) -> Iterator[Window | None]:
        for window in super().whole(ws, grid):
            self.spend(PART_S)
            yield window


class Stage:
    """The instrument in virtual time."""

    def __init__(self, memory: Memory, clock: FakeClock) -> None:
        self.memory, self.clock = memory, clock
        self.playback = Playback(memory, now_s=clock)
        self.playback.position = 0
        self.heard: list[np.ndarray] = []
        self.renderer = Slow(self.spend)
        self.worker = Worker(memory, [self.renderer], now_s=clock, wait=self.spend)  # type: ignore[list-item]
        self.hands: list[tuple[float, Callable[[], None]]] = []

    def spend(self, seconds: float) -> None:
        """Let time pass; the music plays on, and the hands do what is due."""
        until_s = self.clock.time_s + seconds
        while self.clock.time_s < until_s:
            while self.hands and self.hands[0][0] <= self.clock.time_s:
                self.hands.pop(0)[1]()
            block = np.zeros((BLOCK, 2), np.float32)
            self.playback.render(block)
            self.heard.append(block[:, 0])
            self.clock.advance(BLOCK / 48_000)

    def run(self, seconds: float) -> np.ndarray:
        """Play; float32 `[n]` of the left channel."""
        self.heard.clear()
        until_s = self.clock.time_s + seconds
        while self.clock.time_s < until_s:
            if not self.worker.step():
                self.spend(0.002)
        return np.concatenate(self.heard)

    def set(self, path: str, *values: float) -> None:
        self.memory.state["controls"][0, SLOTS[path]] = values
