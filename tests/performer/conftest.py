"""Fixtures of the instrument's tests: a small format, private memory, a fake clock, a fake renderer."""

import threading

import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from performer.memory import N_LOOPS, Memory
from performer.pages import Page
from performer.settings import DeckSettings


class FakeClock:
    """Monotonic time that goes on only when told to."""

    def __init__(self) -> None:
        self.time_s = 1000.0

    def __call__(self) -> float:
        return self.time_s

    def advance(self, seconds: float) -> None:
        self.time_s += seconds


class FakeRenderer:
    """Pages whose every sample is the seed over 1000; a seed of 666 fails, 667 is not finite."""

    def __init__(self, mel_format: MelFormat) -> None:
        self.mel_format = mel_format
        self.header = type("Header", (), {"name": "fake"})
        self.rendered: list[DeckSettings] = []

    def render(self, settings: DeckSettings) -> Page:
        self.rendered.append(settings)
        if settings.seed == 666:
            raise RuntimeError("out of memory")
        level = np.nan if settings.seed == 667 else settings.seed / 1000
        audio = np.full((N_LOOPS, self.mel_format.n_samples), level, np.float32)
        return Page(audio, np.full((N_LOOPS, N_LOOPS), level**2))


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


@pytest.fixture
def short_format() -> MelFormat:
    """A loop of 1500 samples."""
    return MelFormat(n_frames=4)


@pytest.fixture
def memory(short_format: MelFormat) -> Memory:
    return Memory.private(short_format)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def fake_renderer(short_format: MelFormat) -> FakeRenderer:
    return FakeRenderer(short_format)
