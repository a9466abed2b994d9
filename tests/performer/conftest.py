"""Fixtures of the instrument's tests: private memory, a fake clock, a fake renderer, loops handed over as clips."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from performer.desk.clips import PREROLL, TAIL, Clip, cut_clips, publish
from performer.generation.renderer import Grid, Window
from performer.memory import N_CELLS, N_LOOPS, Memory
from performer.settings import DeckSettings

HOP = 375
N_STATES = 5


class FakeClock:
    """Monotonic time that goes on only when told to."""

    def __init__(self) -> None:
        self.time_s = 1000.0

    def __call__(self) -> float:
        return self.time_s

    def advance(self, seconds: float) -> None:
        self.time_s += seconds


class FakeRenderer:
    """Loops whose every sample is the seed over 10 000; a seed of 666 fails, 665 for want of memory, 667 is not finite,
    nor is what goes on from it, 668 has no place in W.

    The state of a frame is its number, so that it can be told which ones a window went on from.
    """

    hop_length = HOP
    sample_rate = 48_000
    halo = 6

    def __init__(self) -> None:
        self.header = type("Header", (), {"name": "fake"})
        self.windows: list[tuple[int, int, Grid, np.ndarray]] = []
        self.wholes: list[float] = []

    def grid(self, settings: DeckSettings) -> Grid:
        return Grid(n_frames=round(61_440 / settings.tempo_bpm), semitones=settings.transpose)

    def latents(self, settings: DeckSettings) -> np.ndarray:
        if settings.seed == 668:
            raise RuntimeError("no such place")
        w = np.array([settings.seed, *settings.strengths, settings.morph[0], settings.split, settings.walk], np.float32)
        return np.repeat(w[None, None], N_LOOPS, axis=0)

    def window(self, ws: np.ndarray, grid: Grid, *, first: int, n: int, states_in: np.ndarray) -> Window:
        self.windows.append((first, n, grid, states_in.copy()))
        window = self.draw(ws, grid, first=first, n=n)
        if np.isnan(states_in).any():
            window.audio[:] = np.nan
        return window

    def whole(self, ws: np.ndarray, grid: Grid) -> Iterator[Window | None]:
        self.wholes.append(float(ws[0, 0, 0]))
        yield None
        yield self.draw(ws, grid, first=0, n=grid.n_frames)

    def draw(self, ws: np.ndarray, grid: Grid, *, first: int, n: int) -> Window:
        seed = float(ws[0, 0, 0])
        if seed == 666:
            raise RuntimeError("out of memory")
        if seed == 665:
            raise RuntimeError("could not create a primitive")
        level = np.nan if seed == 667 else seed / 10_000
        states = (
            np.broadcast_to((first + np.arange(n)) % grid.n_frames, (len(ws), 2, N_STATES, n)).astype(np.float32)
            + 0 * level
        )
        return Window(audio=np.full((len(ws), n * HOP), level, np.float32), states=states)


class Ramp:
    """Renders 0, 1/1000, 2/1000 ... on the left and its negative on the right, and counts."""

    def __init__(self) -> None:
        self.at = 0
        self.enough = threading.Event()

    def __call__(self, block: np.ndarray, latency_s: float) -> None:
        values = (np.arange(self.at, self.at + len(block)) % 1000) / 1000
        block[:, 0], block[:, 1] = values, -values
        self.at += len(block)
        if self.at > 12_000:
            self.enough.set()


def tone(frequency_hz: float, *, n_frames: int = 512, level: float = 0.3) -> np.ndarray:
    """Four equal loops of a sine that closes, float32 `[4, n_frames * 375]`."""
    n = n_frames * HOP
    turns = round(frequency_hz * n / 48_000)
    return np.repeat(level * np.sin(2 * np.pi * turns * np.arange(n) / n)[None], N_LOOPS, axis=0).astype(np.float32)


def loop_clips(loops: np.ndarray, *, revision: int) -> list[Clip]:
    """Cut four whole loops into the clips of all cells; of a loudness that every deck has."""
    n = loops.shape[1]
    around = np.take(loops, np.arange(-PREROLL, n + TAIL), axis=1, mode="wrap")
    cut = cut_clips(around, n_cells=N_CELLS, cell_length=n / N_CELLS, offset=PREROLL)
    covariance = np.full((N_LOOPS, N_LOOPS), 0.01)
    return [
        Clip(audio=audio, start=start, length=n / N_CELLS, revision=revision, covariance=covariance)
        for audio, start in cut
    ]


HandOver = Callable[..., None]


@pytest.fixture
def hand_over(memory: Memory) -> HandOver:
    """Publish four whole loops, or a constant, on a deck."""

    def publish_loops(loops: np.ndarray | float, *, revision: int = 1, deck: int = 0, n_frames: int = 512) -> None:
        if isinstance(loops, float):
            loops = np.full((N_LOOPS, n_frames * HOP), loops, np.float32)
        for cell, clip in enumerate(loop_clips(loops, revision=revision)):
            assert publish(memory, deck, cell, clip)

    return publish_loops


@pytest.fixture
def memory() -> Memory:
    return Memory.private()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def fake_renderer() -> FakeRenderer:
    return FakeRenderer()
