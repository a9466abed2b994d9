from collections.abc import Callable

import mido
import numpy as np
import pytest

from performer.controls import SLOTS
from performer.surfaces.midi.follow import FEWEST, SILENT_S, ClockIn, PulseLine
from tests.performer.surfaces.test_follow import Played

TEMPO, NUDGED = SLOTS["/tempo"], SLOTS["/nudge"]
PERIOD_S = 1024 / 48_000
"""Of a sound server that hands MIDI over a block at a time."""


def usb(at_s: float, rng: np.random.Generator) -> float:
    """How late a good interface hands a message over."""
    return at_s + float(rng.exponential(2e-4))


def jack(at_s: float, rng: np.random.Generator) -> float:
    """How late a sound server does."""
    return float(np.ceil(at_s / PERIOD_S) * PERIOD_S)


class Master:
    """Another's clock beside the instrument, in made-up time."""

    def __init__(self, tempo_bpm: float = 120.0, *, late: Callable[..., float] = usb, own_bpm: float = 120.0) -> None:
        self.played = Played(tempo_bpm=own_bpm)
        self.clock_in = ClockIn(self.played.memory, now_s=lambda: self.played.now_s)
        self.tempo_bpm, self.late, self.rng = tempo_bpm, late, np.random.default_rng(1)
        self.played.play(0.5)
        self.pulse_s = self.played.now_s
        self.pulses = 0
        self.errors_s: list[float] = []

    def say(self, kind: str, **fields: int) -> None:
        self.clock_in.hear("drums", mido.Message(kind, **fields), at_s=self.played.now_s)

    def play(self, seconds: float, *, beats: bool = True) -> None:
        """Send pulses, and let the instrument play and follow."""
        until_s = self.played.now_s + seconds
        due: list[float] = []
        while self.pulse_s < until_s:
            due.append(self.late(self.pulse_s, self.rng))
            self.pulse_s += 60 / self.tempo_bpm / 24
        while self.played.now_s < until_s:
            self.played.play(0.01)
            while due and due[0] <= self.played.now_s:
                at_s = due.pop(0)
                self.pulses += 1
                self.clock_in.hear("drums", mido.Message("clock"), at_s=at_s)
            self.clock_in.step()
            if beats:
                self.errors_s.append(self.played.behind_s(self.beat_at, self.tempo_bpm, cycle=4.0))
        for at_s in due:
            self.pulses += 1
            self.clock_in.hear("drums", mido.Message("clock"), at_s=at_s)

    def beat_at(self, at_s: float) -> float:
        """The true beat of the song, that began with the first pulse."""
        return (at_s - self.began_s) * self.tempo_bpm / 60

    def start(self) -> None:
        self.say("start")
        self.began_s = self.pulse_s

    @property
    def tempo(self) -> float:
        return float(self.played.controls[TEMPO][0])


@pytest.mark.parametrize("late", [usb, jack])
@pytest.mark.parametrize("tempo_bpm", [124.0, 93.7])
def test_tempo_beat_and_bar_are_followed_smoothly(late: Callable[..., float], tempo_bpm: float) -> None:
    master = Master(tempo_bpm, late=late)
    master.start()
    master.play(40.0)
    wait_s = PERIOD_S / 2 if late is jack else 0.0  # a clock that comes a block at a time is late by half of one
    errors_ms = (np.array(master.errors_s[-1000:]) - wait_s) * 1000
    tempos = np.abs(np.diff([tick for _, tick in master.played.ticks]))
    print(f"{late.__name__} {tempo_bpm}: {master.tempo:g} BPM, error {np.abs(errors_ms).max():.1f} ms at most")
    assert master.tempo == pytest.approx(tempo_bpm, rel=0.004 if late is jack else 0.001)
    assert np.abs(errors_ms).max() < (4 if late is jack else 2)
    assert tempos.max() < 2 * np.median(tempos), "a jump"


def test_a_clock_that_is_joined_in_the_middle_gives_its_tempo_alone() -> None:
    master = Master(131.0)
    master.play(6.0, beats=False)
    assert master.tempo == pytest.approx(131.0, abs=0.1)
    assert float(master.played.controls[NUDGED][0]) == 0
    master.say("songpos", pos=16)
    master.began_s = master.pulse_s - 16 * 15 / 131.0
    master.say("continue")
    master.play(30.0)
    assert abs(master.errors_s[-1]) < 0.003


def test_when_it_stops_or_goes_the_tempo_stays() -> None:
    master = Master(131.0)
    master.start()
    master.play(1.5)
    assert float(master.played.controls[NUDGED][0]) != 0
    master.say("stop")
    master.play(0.1, beats=False)
    assert float(master.played.controls[NUDGED][0]) == 0
    master.say("continue")
    master.play(1.0)
    assert float(master.played.controls[NUDGED][0]) != 0
    master.played.play(SILENT_S + 0.1)
    master.clock_in.step()
    assert master.clock_in.port is None
    assert float(master.played.controls[NUDGED][0]) == 0
    assert master.tempo == pytest.approx(131.0, abs=0.1)


@pytest.mark.parametrize("position", [None, 16])
@pytest.mark.parametrize("ticks_on", [True, False])
def test_a_song_that_was_stopped_goes_on_from_its_place(ticks_on: bool, position: int | None) -> None:
    """Some clocks tick on while they are stopped; a song position may come long before Continue."""
    master = Master(120.0)
    master.start()
    master.play(2.0, beats=False)
    place = master.clock_in.line.count
    assert place == pytest.approx(2.0 * 48, abs=1)
    master.say("stop")
    if position is not None:
        master.say("songpos", pos=position)
        place = 6 * position
    if ticks_on:
        master.play(0.7, beats=False)
    else:
        master.played.play(SILENT_S + 0.2)
        master.pulse_s = master.played.now_s
        master.clock_in.step()
    master.say("continue")
    master.began_s = master.pulse_s - place / 48
    master.play(30.0)
    assert abs(master.errors_s[-1]) < 0.003


def test_a_tempo_that_a_hand_has_set_gives_way_to_that_of_the_clock() -> None:
    master = Master(120.0)
    master.play(3.0, beats=False)
    master.played.controls[TEMPO] = 128.0
    master.play(3.0, beats=False)
    assert master.tempo == pytest.approx(120.0, abs=0.1)


@pytest.mark.parametrize(("late", "seconds"), [(usb, 1.2), (jack, 4.0)])
def test_another_tempo_is_taken_over_soon(late: Callable[..., float], seconds: float) -> None:
    master = Master(120.0, late=late)
    master.start()
    master.play(10.0)
    master.tempo_bpm = 140.0
    master.play(seconds, beats=False)  # through four beats, half of them old ones, it would be another
    assert master.tempo == pytest.approx(140.0, rel=0.01)


def test_the_first_clock_is_followed_and_another_one_only_when_it_has_gone() -> None:
    master = Master(124.0)
    master.start()
    for _ in range(50):
        master.play(0.05, beats=False)
        master.clock_in.hear("other", mido.Message("stop"), at_s=master.played.now_s)
    assert master.clock_in.port == "drums"
    assert master.clock_in.first is not None
    master.played.play(SILENT_S + 0.1)
    master.clock_in.hear("other", mido.Message("clock"), at_s=master.played.now_s)
    assert master.clock_in.port == "other"


def test_a_clock_beyond_all_tempos_is_followed_at_half_or_double() -> None:
    master = Master(44.0)
    master.play(12.0, beats=False)
    assert master.tempo == pytest.approx(88.0, abs=0.2)


def test_pulses_that_are_no_tempo_are_not_believed() -> None:
    for spacing_s in (0.0, 1e-4, 1.0):
        line = PulseLine()
        for number in range(3 * FEWEST):
            line.add(5.0 + number * spacing_s)
        assert line.fit is None
        assert line.tempo_bpm == 0


def test_the_music_may_be_later_than_the_clock() -> None:
    master = Master(120.0)
    master.played.controls[SLOTS["/midi/offset"]] = 30.0
    master.start()
    master.play(30.0)
    assert master.errors_s[-1] == pytest.approx(0.03, abs=0.003)


@pytest.mark.parametrize("late", [usb, jack])
@pytest.mark.parametrize("held_s", [0.02, 0.1, 0.4])
def test_pulses_that_were_held_up_and_come_in_a_burst_change_nothing(late: Callable[..., float], held_s: float) -> None:
    """A machine that stands still every one and a half seconds or so."""
    rng, line, tempos, places = np.random.default_rng(4), PulseLine(), [], []
    free_s = 2.0
    for number in range(3000):
        due_s = number / 48
        if due_s > free_s + 0.7:
            free_s = due_s + held_s + float(rng.exponential(1.0))
            stands_until_s = due_s + held_s
        at_s = max(late(due_s, rng), stands_until_s if due_s > 2.7 else 0.0)
        line.add(at_s)
        if number > 100:
            tempos.append(line.tempo_bpm)
            places.append(line.place_at(due_s) - number)
    wait_s = PERIOD_S / 2 if late is jack else 0.0
    errors_ms = (np.array(places) / 48 + wait_s) * 1000
    print(f"{np.abs(np.array(tempos) - 120).max():.2f} BPM, {np.abs(errors_ms).max():.1f} ms off at most")
    assert np.abs(np.array(tempos) - 120).max() < 0.6
    assert np.abs(errors_ms).max() < 8


def test_a_line_through_many_pulses_is_quieter_than_they_are() -> None:
    rng, line = np.random.default_rng(4), PulseLine()
    tempos = []
    for number in range(2000):
        line.add(number / 48 + float(rng.normal(0, 0.004)))
        tempos.append(line.tempo_bpm)
    assert np.ptp(tempos[200:]) < 0.5
    assert len(set(tempos[200:])) < 20
