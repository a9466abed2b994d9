"""Two sound cards whose clocks differ, in virtual time: what the headphones hear of the first one's cue bus."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from performer.memory import CUE_TAPE_SAMPLES, Memory
from performer.output.headphones import LISTENING_S, MARGIN_S, Headphones
from tests.performer.conftest import FakeClock

TONE_HZ = 1000.0


@dataclasses.dataclass
class Card:
    """A sound card of the simulation."""

    rate: int
    ppm: float = 0.0
    block: int = 256
    latency_s: float = 0.02
    jitter_s: float = 0.0
    burst: int = 1
    """Blocks that are asked for at once."""

    def calls(self, rng: np.random.Generator, *, until_s: float) -> Iterator[tuple[float, float]]:
        """When blocks are asked for, and after which time each is heard."""
        step_s = self.block / (self.rate * (1 + self.ppm / 1e6))
        for index in range(int(until_s / step_s)):
            heard_s = index * step_s + self.latency_s
            if index % self.burst == 0:
                asked_s = index * step_s + rng.uniform(0, self.jitter_s)
            yield asked_s, heard_s - asked_s + rng.uniform(-1, 1) * self.jitter_s / 4


class TwoCards:
    """The master on one, the headphones on the other."""

    def __init__(self, memory: Memory, clock: FakeClock, rng: np.random.Generator) -> None:
        self.memory, self.clock, self.rng = memory, clock, rng
        self.written = 0
        self.headphones: Headphones | None = None

    def write(self, card: Card, latency_s: float) -> None:
        """Do what the audio process does with a block."""
        state = self.memory.state
        state["sample_rate"][0] = card.rate
        index = self.written + np.arange(card.block)
        sound = 0.5 * np.sin(2 * np.pi * TONE_HZ * index / card.rate)
        self.memory.cue_tape[index % CUE_TAPE_SAMPLES] = np.stack([sound, -sound], axis=1)
        state["position"][0], state["position_time_s"][0] = self.written, self.clock() + latency_s
        self.written += card.block
        state["taped"][0] = self.written

    def play(self, master: Card, phones: Card, *, seconds: float, dead: tuple[float, float] = (0, 0)) -> np.ndarray:
        """Play; float32 `[n, 2]` of the headphones. The master does not play in the dead time."""
        headphones = self.headphones or Headphones(self.memory, sample_rate=phones.rate, now_s=self.clock)
        self.headphones = headphones
        heard, start_s = [], self.clock()
        events = [(at_s, 0, latency_s) for at_s, latency_s in master.calls(self.rng, until_s=seconds)]
        events += [(at_s, 1, latency_s) for at_s, latency_s in phones.calls(self.rng, until_s=seconds)]
        for at_s, kind, latency_s in sorted(events, key=lambda event: event[0]):
            self.clock.time_s = start_s + at_s
            if kind == 1:
                heard.append(np.full((phones.block, 2), 9, np.float32))
                headphones.render(heard[-1], latency_s)
            elif dead[0] <= at_s < dead[1]:
                self.written += master.block  # the clock runs on
            else:
                self.write(master, latency_s)
        return np.concatenate(heard)


@pytest.fixture
def cards(memory: Memory, clock: FakeClock, rng: np.random.Generator) -> TwoCards:
    return TwoCards(memory, clock, rng)


def phase_samples(audio: np.ndarray, rate: int, hop: int) -> np.ndarray:
    """Phase of the tone in each hop, in its own samples, unwrapped."""
    whole = audio[: len(audio) // hop * hop, 0].reshape(-1, hop).astype(np.float64)
    turn = np.exp(-2j * np.pi * TONE_HZ * np.arange(whole.size).reshape(whole.shape) / rate) * np.hanning(hop)
    return np.unwrap(np.angle((whole * turn).sum(axis=1))) / (2 * np.pi) * rate / TONE_HZ


CARDS = {
    "alike": (Card(48_000), Card(48_000)),
    "200 ppm faster": (Card(48_000, ppm=-100), Card(48_000, ppm=100)),
    "200 ppm slower": (Card(48_000, ppm=100, jitter_s=0.002), Card(48_000, ppm=-100, jitter_s=0.002)),
    "44.1 kHz": (Card(48_000, ppm=50, jitter_s=0.001), Card(44_100, ppm=-150, jitter_s=0.001)),
    "master at 44.1 kHz": (Card(44_100, ppm=-200), Card(48_000, jitter_s=0.002)),
    "bursts": (Card(48_000, burst=4, jitter_s=0.002, latency_s=0.04), Card(48_000, ppm=200, burst=3, latency_s=0.05)),
    "a browser page": (Card(48_000, block=2048, latency_s=0), Card(44_100, ppm=-200, latency_s=0.03)),
}


@pytest.mark.parametrize("name", CARDS)
def test_two_clocks_never_run_apart_and_the_pitch_holds(cards: TwoCards, name: str) -> None:
    master, phones = CARDS[name]
    heard = cards.play(master, phones, seconds=90)
    assert cards.memory.counters()["headphones_gaps"] == 0
    sounding = heard[round((LISTENING_S + 0.1) * phones.rate) :]
    assert np.abs(sounding[:, 0]).reshape(-1)[: len(sounding) // 480 * 480].reshape(-1, 480).max(axis=1).min() > 0.45
    np.testing.assert_array_equal(sounding[:, 0], -sounding[:, 1])
    hop = phones.rate // 100
    ppm = np.diff(phase_samples(sounding, phones.rate, hop)) / hop * 1e6
    expected = (1 + master.ppm / 1e6) / (1 + phones.ppm / 1e6) * 1e6 - 1e6
    late = ppm[3000:]
    slow = np.convolve(late, np.full(50, 1 / 50), "valid")
    lag_ms = cards.memory.state["cue_lag_s"][0] * 1000
    print(f"{name}: lag {lag_ms:.1f} ms, {late.mean():.1f} ppm, wobble {late.std():.1f}, slow {np.ptp(slow):.1f}")
    assert late.mean() == pytest.approx(expected, abs=3)
    assert cards.memory.state["cue_ppm"][0] == pytest.approx(expected, abs=40)
    assert np.ptp(slow) < 60  # a tenth of a cent


def test_headphones_hear_the_master_at_the_same_time_where_their_device_is_quick(cards: TwoCards) -> None:
    heard = cards.play(Card(48_000, latency_s=0.05), Card(48_000, latency_s=0.005), seconds=2)
    assert cards.memory.state["cue_lag_s"][0] == 0
    index = np.arange(48_000) + 48_000 + round((0.005 - 0.05) * 48_000)  # of the master's sample that is heard then
    expected = 0.5 * np.sin(2 * np.pi * TONE_HZ * index / 48_000)
    np.testing.assert_allclose(heard[48_000 : len(heard), 0][:40_000], expected[:40_000], atol=1e-3)


def test_while_the_master_is_away_there_is_silence_and_then_the_same_place_again(cards: TwoCards) -> None:
    card = Card(48_000, ppm=-30, jitter_s=0.001)
    heard = cards.play(card, Card(48_000, ppm=20, jitter_s=0.001), seconds=10, dead=(4, 6))
    assert cards.memory.counters()["headphones_gaps"] == 1
    loud = np.abs(heard[:, 0]).max(axis=0)
    assert loud <= 0.5 + 1e-3
    silent_s = np.flatnonzero(np.abs(heard[48_000:, 0]).reshape(-1) > 0.01)
    longest = np.diff(silent_s).max() / 48_000
    assert longest == pytest.approx(2 + LISTENING_S, abs=0.05)
    phase = phase_samples(heard[48_000:], 48_000, 480)
    assert phase[-50:].mean() - phase[200] == pytest.approx(-50e-6 * (phase.size - 225) * 480, abs=40)


def test_a_gap_makes_them_more_careful(cards: TwoCards) -> None:
    card = Card(48_000)
    cards.play(card, card, seconds=2, dead=(1.5, 2))
    lag_s = float(cards.memory.state["cue_lag_s"][0])
    for _ in range(3):
        cards.play(card, card, seconds=2, dead=(1.5, 2))
    assert cards.memory.counters()["headphones_gaps"] == 4
    assert cards.memory.state["cue_lag_s"][0] == pytest.approx(lag_s + MARGIN_S * (8 - 1), abs=0.001)
    for _ in range(4):
        cards.play(card, card, seconds=2, dead=(1.5, 2))
    assert cards.memory.state["cue_lag_s"][0] < lag_s + 0.1


@pytest.mark.parametrize("more_s", [0.0305, -0.0305])
def test_a_latency_that_changes_is_jumped_to_and_not_slid_to(cards: TwoCards, more_s: float) -> None:
    class Changed(Card):
        def calls(self, rng: np.random.Generator, *, until_s: float) -> Iterator[tuple[float, float]]:
            for asked_s, latency_s in super().calls(rng, until_s=until_s):
                yield asked_s, latency_s + (more_s if asked_s > 5 else 0)

    heard = cards.play(Card(48_000, latency_s=0.04), Changed(48_000, latency_s=0.04), seconds=9)
    assert cards.memory.counters()["headphones_gaps"] == 0
    assert np.abs(np.diff(heard[:, 0])).max() < 0.07  # no step: that of the tone itself is 0.065
    loud = np.flatnonzero(np.abs(heard[48_000:, 0]) > 0.01)
    assert np.diff(loud).max() / 48_000 < 0.008
    lag_s = float(cards.memory.state["cue_lag_s"][0])
    assert lag_s == pytest.approx(max(0.0, MARGIN_S + 0.0057 + more_s), abs=0.001)
    index = cards.written + (more_s - lag_s) * 48_000 + np.arange(-4800, 0)  # that is heard then
    np.testing.assert_allclose(heard[-4800:, 0], 0.5 * np.sin(2 * np.pi * TONE_HZ * index / 48_000), atol=0.05)


def test_a_master_of_another_rate_is_heard_at_its_pitch(cards: TwoCards) -> None:
    cards.play(Card(48_000), Card(48_000), seconds=2)
    heard = cards.play(Card(44_100), Card(48_000), seconds=3)
    assert np.abs(np.fft.rfft(heard[-48_000:, 0])).argmax() == TONE_HZ


def test_nothing_is_heard_before_the_master_plays(memory: Memory, clock: FakeClock) -> None:
    headphones = Headphones(memory, sample_rate=48_000, now_s=clock)
    memory.cue_tape[:] = 0.5
    for _ in range(300):
        block = np.full((256, 2), 9, np.float32)
        headphones.render(block)
        assert not block.any()
        clock.advance(256 / 48_000)
    assert memory.counters()["headphones_gaps"] == 0
