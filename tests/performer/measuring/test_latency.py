import dataclasses
import time
from collections.abc import Callable

import numpy as np
import pytest

from performer.controls import N_DECKS, SLOTS
from performer.errors import PerformerError
from performer.measuring import latency
from performer.measuring.latency import RATE, LatencyBench, Move, Scenario, Turn, report
from performer.memory import KIND_CONTROL, N_SLOTS, Memory
from performer.settings import DeckSettings

SINK_S, DELAY_S = 0.020, 0.008
LEVEL = "/deck/1/level"


@pytest.fixture
def heard(rng: np.random.Generator) -> np.ndarray:
    """A loop of two hits, the second one nearly a quiet copy of the first."""
    hit, noise = rng.standard_normal((2, RATE // 4))
    return (0.1 * np.concatenate([hit, 0.3 * hit + 0.03 * noise])).astype(np.float32)


def test_a_turn_goes_round(heard: np.ndarray) -> None:
    turn, n = Turn(heard=heard, first=100), len(heard)
    np.testing.assert_array_equal(turn.at(100 - n, 2 * n), np.tile(heard, 2))
    np.testing.assert_array_equal(turn.at(99 + 3 * n, 2), heard[[-1, 0]])


@pytest.mark.parametrize("at", [0, 7, RATE // 4 + 1000, RATE // 2 - 50])
def test_a_turn_is_found_in_loud_and_in_quiet_passages(heard: np.ndarray, at: int, rng: np.random.Generator) -> None:
    newest = np.take(heard, np.arange(at, at + RATE // 10), mode="wrap") + np.float32(1e-4)
    right, still = Turn(heard=heard, first=12).aligned(500, newest)
    assert (500 - right.first - at) % len(heard) == 0
    assert still == pytest.approx(1e-4, rel=1e-3)


def test_a_sample_differs_at_40_db_below_the_level_or_above_what_drawing_anew_makes(heard: np.ndarray) -> None:
    turn = Turn(heard=heard, first=0)
    level = float(np.sqrt(np.mean(heard**2)))
    assert turn.threshold(0.0) == pytest.approx(0.01 * level)
    assert turn.threshold(level) == pytest.approx(level * 10**0.3)


def test_the_first_sample_that_differs_is_found(heard: np.ndarray) -> None:
    turn = Turn(heard=heard, first=-20)
    now = turn.at(300, 1000)
    assert turn.first_difference(300, now, 1e-3) is None
    now[[417, 800]] += np.float32([-2e-3, 1.0])
    now[100] += 9e-4
    assert turn.first_difference(300, now, 1e-3) == 417


def test_a_report_leaves_out_the_sound_servers_share_and_counts_what_was_missed() -> None:
    moves = [Move(heard_ms=20.0 + ms, played_ms=float(ms), threshold_db=-40 + ms / 100) for ms in range(1, 101)]
    moves.append(Move(heard_ms=None, played_ms=None, threshold_db=-40.0))
    assert report("it", moves, [20.0, 19.0, 50.0]) == {
        "name": "it", "moves": 101, "missed": 1, "p50_ms": 50.5, "p95_ms": 95.0, "p99_ms": 99.0,
        "played_p50_ms": 50.5, "played_p95_ms": 95.0, "played_p99_ms": 99.0, "threshold_db": -39.0, "sink_ms": 20.0,
    }  # fmt: skip


def test_a_report_of_nothing_heard_has_no_figures() -> None:
    row = report("it", [Move(heard_ms=None, played_ms=3.0, threshold_db=-40.0)], [20.0])
    assert (row["missed"], row["p50_ms"], row["played_p95_ms"]) == (1, None, 3.0)


class FakeInstrument:
    """Hand, capture and memory of an instrument that obeys after `DELAY_S` and is heard `SINK_S` later."""

    def __init__(self, memory: Memory, heard: np.ndarray) -> None:
        self.memory, self.heard = memory, heard
        self.begun_s = time.monotonic()
        self.gains: list[tuple[float, float]] = [(0.0, 0.25)]
        self.moving = 0
        self.is_deaf = False
        state = memory.state
        state["rested"][0] = state["sounding"][0] = 7
        for deck in range(N_DECKS):
            state["rendered"][0, deck] = DeckSettings.from_controls(state["controls"][0], deck=deck + 1).to_array()

    def set(self, path: str, value: float) -> float:
        sent_s = time.monotonic()
        if path != LEVEL:
            return sent_s
        if not self.is_deaf:
            self.gains.append((sent_s + DELAY_S + SINK_S, value**2))
        number = int(self.memory.state["noted"][0])
        self.memory.journal[number] = (0, KIND_CONTROL, SLOTS[LEVEL].start, np.float32(value))  # as OSC brings it
        self.memory.state["noted"][0] = number + 1
        return sent_s

    @property
    def n(self) -> int:
        return int((time.monotonic() - self.begun_s) * RATE)

    def index_at(self, time_s: float) -> int:
        return round((time_s - self.begun_s) * RATE)

    def read(self, first: int, n: int) -> np.ndarray:
        while self.n < first + n:
            time.sleep(0.001)
        index = np.arange(first, first + n)
        gain = np.ones(n)
        for at_s, value in self.gains:
            gain[index >= self.index_at(at_s)] = value
        return (gain * self.heard[index % len(self.heard)]).astype(np.float32)

    def newest(self, n: int) -> tuple[int, np.ndarray]:
        first = self.n - n
        return first, self.read(first, n)


@pytest.fixture
def instrument(memory: Memory, heard: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> FakeInstrument:
    monkeypatch.setattr(latency, "TURN", len(heard))
    monkeypatch.setattr(latency, "PATIENCE_S", 0.3)
    monkeypatch.setattr(latency, "FORGET_S", 0.0)
    return FakeInstrument(memory, heard)


MIXER = Scenario(name="mixer control", moving=0, path=LEVEL, values=(0.5, 0.7))


def listen(instrument: FakeInstrument) -> LatencyBench:
    bench = LatencyBench(memory=instrument.memory, hand=instrument, capture=instrument, sink_s=SINK_S)  # type: ignore[arg-type]
    bench.controls = {"/deck/1/seed": 9, LEVEL: 0.5}
    return bench


def test_moves_are_measured_from_packet_to_monitor(instrument: FakeInstrument) -> None:
    moves = list(listen(instrument).measure(MIXER, 3))
    assert len(moves) == 3
    for move in moves:
        assert move.heard_ms == pytest.approx(1000 * (DELAY_S + SINK_S), abs=1.0)
        assert move.played_ms is not None
        assert 0 <= move.played_ms < 1000 * DELAY_S
        assert move.threshold_db == pytest.approx(-40.0)


def test_where_a_turn_is_need_not_be_searched_for_each_time(
    instrument: FakeInstrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = listen(instrument)
    monkeypatch.setattr(Turn, "aligned", lambda *_: pytest.fail("searched for its place"))
    assert len(list(bench.measure(MIXER, 2))) == 2


def test_a_turn_is_found_again_after_a_gap(instrument: FakeInstrument, heard: np.ndarray) -> None:
    bench = listen(instrument)
    bench.hear_turn()
    before = bench.find_turn()[0].first
    instrument.heard = np.roll(heard, 777)
    turn, still = bench.find_turn()
    assert (turn.first - before) % len(heard) == 777
    assert still < turn.threshold(0)
    assert list(bench.turns.values()) == [turn]


def test_decks_that_move_beside_the_first_are_frozen_while_it_comes_to_rest(
    instrument: FakeInstrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, sent = listen(instrument), []
    bench.hear_turn()
    monkeypatch.setattr(instrument, "set", lambda *move: sent.append(move) or time.monotonic())
    monkeypatch.setattr(bench, "wait_for_rest", lambda _decks: sent.append("rest"))
    monkeypatch.setattr(bench, "wait_until_played", lambda *_, **__: None)
    monkeypatch.setattr(bench, "listen", lambda *_, **__: None)
    bench.move(dataclasses.replace(MIXER, moving=3), 0.5)
    frozen, freed = ([(f"/deck/{deck}/freeze", value) for deck in (2, 3)] for value in (1.0, 0.0))
    assert sent == [*frozen, "rest", *freed, (LEVEL, 0.5)]
    assert instrument.moving == 3


def test_a_move_that_changes_nothing_is_missed(instrument: FakeInstrument) -> None:
    bench = listen(instrument)
    bench.hear_turn()
    instrument.is_deaf = True
    move = bench.move(MIXER, 0.5)
    assert move is not None
    assert move.heard_ms is None


def test_a_move_with_a_gap_is_tried_again(instrument: FakeInstrument, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, made = listen(instrument), []

    def move(_scenario: Scenario, value: float) -> Move | None:
        made.append(value)
        return None if len(made) == 2 else Move(heard_ms=1.0, played_ms=1.0, threshold_db=-40.0)

    monkeypatch.setattr(bench, "move", move)
    assert len(list(bench.measure(MIXER, 3))) == 3
    assert made == [0.5, 0.7, 0.5, 0.7]


def test_a_machine_with_nothing_but_gaps_is_told_of(
    instrument: FakeInstrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = listen(instrument)
    monkeypatch.setattr(bench, "move", lambda *_: None)
    with pytest.raises(PerformerError, match=r"6 of 6 moves had a gap .* keeps up"):
        list(bench.measure(MIXER, 2))


def test_what_is_heard_before_it_is_played_is_a_gap(instrument: FakeInstrument) -> None:
    bench = listen(instrument)
    bench.hear_turn()
    bench.sink_s = SINK_S + DELAY_S + 2 * latency.FASTER_S  # as if it had come too early by so much
    assert bench.move(MIXER, 0.7) is None


def test_an_underrun_is_a_gap(instrument: FakeInstrument, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = listen(instrument)
    bench.hear_turn()

    def gap(*arguments: object, **options: object) -> None:
        instrument.memory.count("underruns")

    monkeypatch.setattr(bench, "listen", gap)
    assert bench.move(MIXER, 0.7) is None


def test_loops_that_do_not_repeat_are_refused(instrument: FakeInstrument, heard: np.ndarray) -> None:
    instrument.heard = heard[:-1]
    with pytest.raises(PerformerError, match=r"do not repeat in what is heard.*48 kHz"):
        listen(instrument).hear_turn()


def test_decks_that_do_not_rest_are_told_of(instrument: FakeInstrument, monkeypatch: pytest.MonkeyPatch) -> None:
    instrument.memory.state["sounding"][0, 2] = 8
    listen(instrument).wait_for_rest([0, 1])
    monkeypatch.setattr(latency, "REST_S", 0.05)
    with pytest.raises(PerformerError, match=r"did not come to rest within 0\.05 s"):
        listen(instrument).wait_for_rest([2])
    instrument.memory.stop()
    with pytest.raises(PerformerError, match="stopped before"):
        listen(instrument).wait_for_rest([2])


Steps = list[Callable[[], None]]


def test_a_latent_move_is_played_when_its_first_revision_sounds(
    instrument: FakeInstrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = instrument.memory.state
    steps: Steps = []
    times: list[float] = []

    def publish(revision: int, cell: int) -> None:
        state["published"][0, 0, cell] = revision * N_SLOTS + 1

    steps = [
        lambda: publish(8, 3),  # of the hand that does not stop moving
        lambda: state["sounding"].__setitem__((0, 0), 8),
        lambda: publish(9, 4),  # of the move that is measured
        lambda: state["sounding"].__setitem__((0, 0), 9),
        lambda: state["drawn"].__setitem__((0, 0, 0), 6),  # told only when clips have found their slots
    ]

    def sleep(_s: float) -> None:
        times.append(time.monotonic())
        steps.pop(0)()

    monkeypatch.setattr(latency.time, "sleep", sleep)
    played_s = listen(instrument).wait_until_played("/deck/1/seed", 6, noted=0)
    assert played_s is not None
    assert times[3] <= played_s <= times[4]


def test_a_latent_move_that_is_never_drawn_is_not_played(instrument: FakeInstrument) -> None:
    assert listen(instrument).wait_until_played("/deck/1/seed", 6, noted=0) is None


def test_entries_of_the_journal_from_before_the_move_do_not_count(instrument: FakeInstrument) -> None:
    instrument.set(LEVEL, 0.7)
    bench = listen(instrument)
    assert bench.obeyed(LEVEL, 0.7, noted=0)
    assert not bench.obeyed(LEVEL, 0.7, noted=1)
    assert not bench.obeyed(LEVEL, 0.6, noted=0)
    assert not bench.obeyed("/deck/2/level", 0.7, noted=0)
