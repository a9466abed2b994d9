import time
from typing import Any

import numpy as np
import pytest

from performer.clock import TICKS_A_BEAT
from performer.controls import SLOTS
from performer.memory import Memory
from performer.surfaces.midi.clock import PULSES_A_LOOP, ClockOut, ClockThread
from tests.performer.surfaces.test_follow import Played


class Slave:
    """A drum machine: counts pulses, and knows where its song is."""

    def __init__(self, played: Played | None = None) -> None:
        self.played = played
        self.heard: list[tuple[float, str]] = []
        self.place: int | None = None
        self.is_running = False

    def send(self, message: Any) -> None:
        self.heard.append((self.played.now_s if self.played else time.monotonic(), message.type))
        if message.type == "start":
            self.place, self.is_running = 0, True
        elif message.type == "songpos":
            assert not self.is_running
            self.place = message.pos * 6
        elif message.type in ("stop", "continue"):
            self.is_running = message.type == "continue"
        elif self.is_running and self.place is not None:
            self.place += 1

    def close(self) -> None:
        pass


class Band:
    """The instrument in made-up time, its clock, and who listens."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.outputs = {"drums": Slave(played)}
        self.clock = ClockOut(played.memory, lambda: dict(self.outputs), now_s=lambda: played.now_s)

    def play(self, seconds: float) -> None:
        until_s = self.played.now_s + seconds
        while self.played.now_s < until_s:
            wait_s = self.clock.step()
            self.played.play(min(wait_s, 0.005) + 1e-4)

    def heard_beat(self, ago_s: float = 0.0) -> float:
        heard_s, tick = self.played.ticks[-1]
        speed = float(self.played.controls[SLOTS["/tempo"]][0]) / 60
        return tick / TICKS_A_BEAT + (self.played.now_s - ago_s - heard_s) * speed


def test_a_beat_is_24_pulses_as_it_is_heard() -> None:
    band = Band(Played())
    band.played.play(0.5)
    band.play(2.0)
    pulses = [at_s for at_s, kind in band.outputs["drums"].heard if kind == "clock"]
    assert len(pulses) == pytest.approx(2.0 * 2 * 24, abs=1)
    np.testing.assert_allclose(np.diff(pulses), 60 / 120 / 24, atol=3e-4)
    assert abs((band.heard_beat(band.played.now_s - pulses[-1]) * 24 + 0.5) % 1 - 0.5) < 0.05


def test_an_output_starts_with_a_loop_and_stays_on_its_place() -> None:
    band = Band(Played())
    band.played.play(0.5)
    band.play(5.0)
    slave = band.outputs["drums"]
    kinds = [kind for _, kind in slave.heard]
    assert kinds[0] == "clock"  # its tempo is known before it starts
    assert kinds.count("start") == 1
    first = kinds.index("start")
    assert kinds[first + 1] == "clock"
    assert abs(band.heard_beat(band.played.now_s - slave.heard[first][0]) % 8) < 0.01
    assert slave.place == pytest.approx(band.heard_beat() * 24 - 8 * 24, abs=1.1)
    band.outputs["late"] = Slave(band.played)
    band.play(4.0)
    assert band.outputs["late"].place == pytest.approx(slave.place % PULSES_A_LOOP, abs=0.1)


def test_another_tempo_is_followed_pulse_by_pulse() -> None:
    band = Band(Played())
    band.played.play(0.5)
    band.play(2.0)
    band.played.controls[SLOTS["/tempo"]] = 174.0
    band.play(3.0)
    pulses = [at_s for at_s, kind in band.outputs["drums"].heard if kind == "clock"]
    np.testing.assert_allclose(np.diff(pulses[-40:]), 60 / 174 / 24, atol=3e-4)
    assert [kind for _, kind in band.outputs["drums"].heard].count("stop") == 0


def test_where_the_music_was_set_elsewhere_the_song_position_is_told() -> None:
    band = Band(Played())
    band.played.play(0.5)
    band.play(6.0)
    slave = band.outputs["drums"]
    band.played.clock.set_line(band.played.position, band.played.clock.tick_at(band.played.position) + 19.3, 120.0)
    band.play(2.0)
    assert [kind for _, kind in slave.heard if kind != "clock"] == ["start", "stop", "songpos", "continue"]
    assert slave.place == pytest.approx(band.heard_beat() * 24 - 8 * 24, abs=1.1)


def test_the_clock_may_come_earlier_than_the_sound() -> None:
    pulses = []
    for offset_ms in (0.0, 40.0):
        band = Band(Played())
        band.played.controls[SLOTS["/midi/offset"]] = offset_ms
        band.played.play(0.5)
        band.play(4.5)
        pulses.append(next(at_s for at_s, kind in band.outputs["drums"].heard if kind == "start"))
    assert pulses[0] - pulses[1] == pytest.approx(0.04, abs=0.006)


def test_a_thread_that_was_held_up_for_less_than_a_sixteenth_makes_up_for_it() -> None:
    band = Band(Played())
    band.played.play(0.5)
    band.play(5.0)
    slave = band.outputs["drums"]
    for _ in range(20):
        band.played.play(0.11)
        band.clock.step()
        assert slave.place == pytest.approx(band.heard_beat() * 24 - 8 * 24, abs=1.1)
        band.play(0.1)
    assert {kind for _, kind in slave.heard} == {"clock", "start"}


def test_a_thread_that_was_held_up_for_long_does_not_make_up_for_it_in_a_burst() -> None:
    band = Band(Played())
    band.played.play(0.5)
    band.play(5.0)
    heard = len(band.outputs["drums"].heard)
    band.played.play(0.5)
    band.clock.step()
    assert len(band.outputs["drums"].heard) - heard <= 1
    band.play(1.0)
    assert band.outputs["drums"].place == pytest.approx(band.heard_beat() * 24 - 8 * 24, abs=1.1)


def test_before_the_music_nothing_is_sent() -> None:
    clock = ClockOut(Memory.private(), lambda: pytest.fail("asked"))
    assert clock.step() > 0


def test_an_output_that_was_unplugged_disturbs_nobody() -> None:
    class Gone(Slave):
        def send(self, message: Any) -> None:
            raise OSError("gone")

    band = Band(Played())
    band.outputs = {"gone": Gone(), **band.outputs}
    band.played.play(0.5)
    band.play(5.0)
    assert band.outputs["drums"].is_running
    del band.outputs["gone"]
    band.play(0.1)
    assert set(band.clock.started) == {"drums"}


def test_the_thread_sends_stops_and_is_punctual() -> None:
    """Real time, for once: how late the pulses are is printed."""
    memory = Memory.private()
    slave = Slave()
    state = memory.state
    state["sample_rate"][0], state["clock_bpm"][0], state["clock_turn"][0] = 48_000, 200.0, 1
    state["position"][0], state["position_time_s"][0] = 0, time.monotonic() - 2.3
    thread = ClockThread(ClockOut(memory, lambda: {"drums": slave}))
    assert thread.thread is None
    thread.start()
    time.sleep(1.0)
    thread.stop()
    thread.stop()
    kinds = [kind for _, kind in slave.heard]
    assert kinds.count("start") == kinds.count("stop") == 1
    assert kinds[-1] == "stop"
    late_ms = np.array(thread.clock.late_s) * 1000
    print(f"{len(late_ms)} pulses, late by {np.percentile(late_ms, 95):.2f} ms (95 %), {late_ms.max():.2f} ms at most")
    assert kinds.count("clock") == pytest.approx(80, abs=10)
