from collections.abc import Callable

import numpy as np
import pytest

from performer.clock import TICKS_A_BEAT, Clock
from performer.controls import SLOTS
from performer.desk.playback import NUDGE
from performer.memory import Memory
from performer.surfaces.follow import STEP_S, Follower, HeardClock, fold_tempo

BLOCK, RATE, LATENCY_S = 256, 48_000, 0.04
TEMPO, NUDGED = SLOTS["/tempo"], SLOTS["/nudge"]


class Played:
    """The audio process's side of the clock in made-up time: a device that runs fast, and is asked for blocks late."""

    def __init__(self, *, ppm: float = 0.0, late_s: float = 0.0, tempo_bpm: float = 120.0) -> None:
        self.memory = Memory.private()
        self.controls = self.memory.state["controls"][0]
        self.controls[TEMPO] = tempo_bpm
        self.clock = Clock(self.memory, sample_rate=RATE)
        self.position, self.now_s, self.device_s = 0, 100.0, 100.0
        self.block_s = BLOCK / RATE / (1 + ppm * 1e-6)
        self.late_s, self.rng = late_s, np.random.default_rng(5)
        self.ticks: list[tuple[float, float]] = []

    def play(self, seconds: float) -> None:
        """Go on, a block at a time."""
        until_s = self.now_s + seconds
        while self.device_s < until_s:
            nudge = float(self.controls[NUDGED][0])
            self.clock.retime(self.position, float(self.controls[TEMPO][0]) * (1 + NUDGE * nudge))
            noted_s = self.device_s + LATENCY_S + self.late_s * self.rng.exponential()
            self.clock.record_position(self.position, heard_s=noted_s)
            self.ticks.append((self.device_s + LATENCY_S, self.clock.tick_at(self.position)))
            self.position += BLOCK
            self.device_s += self.block_s
        self.now_s = until_s

    def behind_s(self, beat_at: Callable[[float], float], tempo_bpm: float, *, cycle: float = 1.0) -> float:
        """How far what is heard is behind another clock."""
        heard_s, tick = self.ticks[-1]
        return ((beat_at(heard_s) - tick / TICKS_A_BEAT + cycle / 2) % cycle - cycle / 2) * 60 / tempo_bpm


def steady(tempo_bpm: float, *, first: float = 0.3) -> Callable[[float], float]:
    """A clock of steady tempo."""
    return lambda at_s: first + (at_s - 100) * tempo_bpm / 60


def follow(played: Played, follower: Follower, tempo_bpm: float, seconds: float, **cycle: float) -> list[float]:
    """Follow a steady clock for a while; the true errors on the way, in seconds."""
    errors = []
    for _ in range(round(seconds / STEP_S)):
        played.play(STEP_S)
        follower.step(tempo_bpm, steady(tempo_bpm), **cycle)
        errors.append(played.behind_s(steady(tempo_bpm), tempo_bpm, **cycle))
    return errors


def new_follower(played: Played) -> Follower:
    return Follower(played.memory, now_s=lambda: played.now_s)


@pytest.mark.parametrize("ppm", [0.0, 150.0, -150.0])
@pytest.mark.parametrize("late_s", [0.0, 0.003])
def test_comes_into_phase_and_stays_there(ppm: float, late_s: float) -> None:
    played = Played(ppm=ppm, late_s=late_s)
    errors = follow(played, new_follower(played), 126.0, 40.0)
    assert played.controls[TEMPO] == 126.0
    assert abs(errors[0]) > 0.05
    bias_s = late_s * np.log(2)  # the median of how late the notes are
    assert np.abs(np.array(errors[-400:]) + bias_s).max() < 0.0008 + late_s / 3


def test_nothing_jumps_on_the_way() -> None:
    played = Played()
    follow(played, new_follower(played), 126.0, 20.0)
    times, ticks = np.array(played.ticks).T
    speeds = np.diff(ticks) / np.diff(times) * 60 / TICKS_A_BEAT
    assert speeds[1:].min() >= 120 * (1 - NUDGE) - 1e-6
    assert speeds.max() <= 126 * (1 + NUDGE) + 1e-6


def test_bars_come_into_phase_where_they_are_asked_for() -> None:
    played = Played()
    errors = follow(played, new_follower(played), 120.0, 45.0, cycle=4.0)
    assert abs(errors[-1]) < 0.0005
    heard_s, tick = played.ticks[-1]
    assert (steady(120.0)(heard_s) - tick / TICKS_A_BEAT + 2) % 4 - 2 == pytest.approx(0, abs=0.001)


def test_a_tempo_that_does_not_quite_fit_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the device's clock runs a little faster than the system's."""
    monkeypatch.setattr("performer.surfaces.follow.TEMPO_STEP_BPM", 0.5)
    played = Played()
    errors = follow(played, new_follower(played), 120.3, 60.0)
    assert played.controls[TEMPO] == 120.0
    assert abs(errors[-1]) < 0.0005
    assert played.controls[NUDGED][0] * NUDGE == pytest.approx(0.0025, abs=0.0003)


def test_a_hand_on_nudge_is_stronger_and_its_place_is_kept() -> None:
    played = Played()
    follower = new_follower(played)
    follow(played, follower, 120.0, 20.0)
    played.controls[NUDGED] = 0.5
    held = follow(played, follower, 120.0, 2.0)
    assert played.controls[NUDGED] == 0.5
    assert held[-1] == pytest.approx(held[0] - 0.02 * 1.95, abs=0.001)
    played.controls[NUDGED] = 0.0
    errors = follow(played, follower, 120.0, 10.0)
    assert np.ptp(errors) < 0.0005
    assert errors[-1] == pytest.approx(held[-1], abs=0.0015)


def test_a_rest_keeps_the_tempo_and_ends_the_nudge() -> None:
    played = Played()
    follower = new_follower(played)
    follow(played, follower, 126.0, 1.0)
    assert played.controls[NUDGED] != 0
    follower.rest()
    assert played.controls[NUDGED] == 0
    assert follower.error_s is None
    assert played.controls[TEMPO] == 126


def test_a_rest_leaves_the_nudge_of_a_hand() -> None:
    played = Played()
    follower = new_follower(played)
    follow(played, follower, 126.0, 1.0)
    played.controls[NUDGED] = -0.25
    follower.rest()
    assert played.controls[NUDGED] == -0.25


def test_a_nudge_that_ends_while_the_other_clock_rests_moves_no_place() -> None:
    played = Played()
    follower = new_follower(played)
    follow(played, follower, 120.0, 20.0)
    played.controls[NUDGED] = 0.5
    follow(played, follower, 120.0, 1.0)
    follower.rest()
    played.controls[NUDGED] = 0.0
    played.play(2.0)
    errors = follow(played, follower, 120.0, 20.0)
    assert abs(errors[-1]) < 0.0005


@pytest.mark.parametrize(
    ("tempo_bpm", "factor"), [(20, 4), (59.9, 2), (60, 1), (120, 1), (200, 1), (201, 0.5), (400, 0.5), (999, 0.125)]
)
def test_a_tempo_out_of_range_is_followed_by_multiples(tempo_bpm: float, factor: float) -> None:
    assert fold_tempo(tempo_bpm) == factor
    played = Played(tempo_bpm=tempo_bpm * factor)
    follower = new_follower(played)
    for _ in range(400):
        played.play(STEP_S)
        follower.step(tempo_bpm, steady(tempo_bpm))
    heard_s, tick = played.ticks[-1]
    behind = steady(tempo_bpm)(heard_s) * factor - tick / TICKS_A_BEAT
    assert (behind + 0.5) % 1 - 0.5 == pytest.approx(0, abs=0.005)


def test_before_the_first_block_only_the_tempo_is_taken() -> None:
    memory = Memory.private()
    follower = Follower(memory)
    follower.step(133.0, steady(133.0))
    assert memory.state["controls"][0, TEMPO] == 133
    assert memory.state["controls"][0, NUDGED] == 0
    assert follower.error_s is None


def test_another_device_is_known_at_once() -> None:
    played = Played()
    heard = HeardClock(played.memory)
    for _ in range(30):
        played.play(STEP_S)
        heard.read()
    played.clock.record_position(played.position, heard_s=played.device_s + 0.4)
    reading = heard.read()
    assert reading is not None
    assert reading[1] == pytest.approx(played.device_s + 0.4)
