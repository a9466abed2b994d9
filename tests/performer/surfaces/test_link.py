"""The Link surface with a session of made-up time; tests/rig/test_link.py has the real one."""

import asyncio
import sys
import types

import pytest

from performer.clock import TICKS_A_BEAT
from performer.console import Warnings
from performer.desk.playback import NUDGE
from performer.errors import PerformerError
from performer.memory import Memory
from performer.session.conductor import Conductor
from performer.session.stamp import ModelStamp
from performer.surfaces.follow import STEP_S
from performer.surfaces.hub import Hub
from performer.surfaces.link import LinkSession, load_link, play_link
from tests.performer.surfaces.test_follow import NUDGED, TEMPO, Played

RAW_AHEAD_S = 7.0
"""Link reads another clock than Python's monotonic one."""


class FakeLink:
    """A session as LinkPython gives it: a straight line of beats, and a number of others. It is its own clock."""

    def __init__(self, played: Played, *, ppm: float = 0.0) -> None:
        self.played, self.ppm = played, ppm
        self.enabled = False
        self.peers = 0
        self.bpm, self.anchor_beat, self.anchor_us = 120.0, 0.0, self.micros()
        self.waiting: tuple[float, float] | None = None
        self.commits = 0

    def micros(self) -> int:
        return round((self.played.now_s + RAW_AHEAD_S) * 1e6 * (1 + self.ppm * 1e-6))

    def clock(self) -> "FakeLink":
        return self

    def numPeers(self) -> int:  # noqa: N802
        return self.peers if self.enabled else 0

    def captureSessionState(self) -> "FakeLink":  # noqa: N802
        if self.enabled and self.waiting is not None:
            self.join(*self.waiting)
        return self

    def commitSessionState(self, state: "FakeLink") -> None:  # noqa: N802
        self.commits += 1

    def join(self, tempo_bpm: float, first_beat: float) -> None:
        """An older session is found."""
        self.waiting, self.peers, self.bpm = None, 1, tempo_bpm
        self.anchor_beat, self.anchor_us = first_beat, self.micros()

    def tempo(self) -> float:
        return self.bpm

    def setTempo(self, tempo_bpm: float, at_us: int) -> None:  # noqa: N802
        self.anchor_beat, self.anchor_us = self.beatAtTime(at_us, 8.0), at_us
        self.bpm = tempo_bpm

    def beatAtTime(self, at_us: int, quantum: float) -> float:  # noqa: N802
        return self.anchor_beat + (at_us - self.anchor_us) * self.bpm / 60e6

    def requestBeatAtTime(self, beat: float, at_us: int, quantum: float) -> None:  # noqa: N802
        assert self.numPeers() == 0, "the session of others is hijacked"
        self.anchor_beat, self.anchor_us = beat, at_us


class Stage:
    """An instrument of made-up time in a session."""

    def __init__(self, **options: float) -> None:
        self.played = Played(**options)
        self.link = FakeLink(self.played)
        self.session = LinkSession(self.link, self.played.memory, now_s=lambda: self.played.now_s)

    def go(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.played.play(STEP_S)
            self.session.step()

    @property
    def tempo_bpm(self) -> float:
        return float(self.played.controls[TEMPO][0])

    def behind(self, cycle: float = 1.0) -> float:
        """Beats that the newest sample is behind the session."""
        heard_s, tick = self.played.ticks[-1]
        beat = self.link.beatAtTime(round((heard_s + RAW_AHEAD_S) * 1e6), 8.0)
        return (beat - tick / TICKS_A_BEAT + cycle / 2) % cycle - cycle / 2


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_joining_adopts_the_tempo_and_slides_into_phase_with_the_bars(stage: Stage) -> None:
    stage.link.waiting = (133.0, 1.7)
    stage.go(40)
    assert stage.tempo_bpm == 133
    assert stage.behind(4.0) == pytest.approx(0, abs=0.002)
    assert stage.link.bpm == 133
    speeds = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(stage.played.ticks, stage.played.ticks[1:], strict=False)]
    assert max(speeds) <= 133 / 60 * TICKS_A_BEAT * (1 + NUDGE) + 1e-6


def test_music_that_has_played_for_a_while_keeps_its_bar(stage: Stage) -> None:
    stage.go(20)
    stage.link.join(120.0, 101.6)
    stage.go(12)
    assert stage.behind() == pytest.approx(0, abs=0.002)


def test_enabling_alone_changes_nothing(stage: Stage) -> None:
    stage.played.controls[TEMPO] = 97.0
    stage.go(30)
    assert stage.link.enabled
    assert stage.tempo_bpm == stage.link.bpm == 97
    assert stage.played.controls[NUDGED] == 0
    assert stage.behind(8.0) == pytest.approx(0, abs=0.002)


def test_somebody_who_joins_finds_us_in_phase_and_moves_nothing() -> None:
    stage = Stage(ppm=200.0)
    stage.go(60)
    stage.link.peers = 1
    stage.go(20)
    assert abs(stage.played.controls[NUDGED][0]) <= 0.02
    assert stage.tempo_bpm == 120
    assert stage.behind() == pytest.approx(0, abs=0.002)


def test_a_hand_sets_the_tempo_for_all_and_others_set_ours(stage: Stage) -> None:
    stage.link.waiting = (126.0, 0.0)
    stage.go(1)
    stage.played.controls[TEMPO] = 140.0
    stage.go(0.1)
    assert stage.link.bpm == 140
    assert stage.tempo_bpm == 140
    stage.link.setTempo(101.5, stage.link.micros())
    stage.go(0.1)
    assert stage.tempo_bpm == 101.5


def test_a_tempo_out_of_range_is_played_by_multiples_and_set_by_them(stage: Stage) -> None:
    stage.link.waiting = (300.0, 0.0)
    stage.go(20)
    assert stage.tempo_bpm == 150
    stage.played.controls[TEMPO] = 140.0
    stage.go(0.1)
    assert stage.link.bpm == 280


@pytest.mark.parametrize(("session_bpm", "hand_bpm"), [(300.0, 95.0), (40.0, 140.0)])
def test_a_hands_tempo_is_heard_whatever_the_session_was(stage: Stage, session_bpm: float, hand_bpm: float) -> None:
    stage.link.waiting = (session_bpm, 0.0)
    stage.go(1)
    stage.played.controls[TEMPO] = hand_bpm
    stage.go(0.1)
    assert (stage.link.bpm, stage.tempo_bpm) == (hand_bpm, hand_bpm)


def test_is_not_enabled_before_the_music_is_heard(stage: Stage) -> None:
    stage.session.step()
    assert not stage.link.enabled


def test_left_alone_the_session_goes_on_and_a_hand_may_nudge(stage: Stage) -> None:
    stage.link.waiting = (126.0, 0.3)
    stage.go(30)
    stage.link.peers = 0
    commits = stage.link.commits
    stage.played.controls[NUDGED] = 0.5
    stage.go(2)
    stage.played.controls[NUDGED] = 0.0
    stage.go(2)
    assert stage.tempo_bpm == 126
    assert stage.link.commits > commits
    assert stage.behind() == pytest.approx(0, abs=0.002)


def test_left_before_it_is_in_phase_the_instrument_slides_on(stage: Stage) -> None:
    stage.go(20)
    stage.link.join(120.0, 101.6)
    stage.go(1)
    stage.link.peers, commits = 0, stage.link.commits
    stage.go(1)
    assert stage.link.commits == commits
    assert abs(stage.played.controls[NUDGED][0]) == 1


def test_leaving_ends_the_nudge(stage: Stage) -> None:
    stage.link.waiting = (126.0, 0.3)
    stage.go(1)
    assert stage.played.controls[NUDGED] != 0
    stage.session.close()
    assert stage.played.controls[NUDGED] == 0
    assert not stage.link.enabled


def test_who_is_there_is_said_once(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.link.waiting = (126.0, 0.3)
    stage.go(1)
    stage.link.peers = 2
    stage.go(1)
    stage.link.peers = 0
    stage.go(1)
    assert capsys.readouterr().err.splitlines() == [
        "loopmorph: Link: 1 other, 126.00 BPM",
        "loopmorph: Link: 2 others, 126.00 BPM",
        "loopmorph: Link: nobody else, 126.00 BPM",
    ]


@pytest.mark.parametrize("found", [None, types.ModuleType("link")])
def test_without_the_package_one_line_says_what_to_install(
    found: types.ModuleType | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "link", found)
    with pytest.raises(PerformerError, match=r"LinkPython-extern is needed.*loopmorph\[link\]"):
        load_link()
    warnings = Warnings()
    memory = Memory.private()
    conductor = Conductor(memory, None, (ModelStamp(name="drums", sha256=""),), warnings=warnings)
    asyncio.run(Hub(memory, conductor, warnings=warnings).keep("Link", play_link))
    (line,) = capsys.readouterr().err.splitlines()
    assert "the other surfaces play on" in line
