"""Ableton Link: one tempo and one beat with everybody on the local network who plays with Link.

Link itself is under the GPL and not part of Loopmorph: it comes with the optional package `LinkPython-extern`
(`pip install 'loopmorph[link]'`), and is loaded where `perform --link` asks for it.

References
----------
Ableton, Link documentation and TEST-PLAN.md: TEMPO-1 to 5, BEATTIME-1 and 2, AUDIOENGINE-1.
"""

import asyncio
import importlib
import time
from collections.abc import Callable
from typing import Any

from performer.console import say
from performer.controls import SLOTS
from performer.errors import PerformerError
from performer.memory import Memory
from performer.surfaces.follow import STEP_S, Follower, fold_tempo
from performer.surfaces.hub import Hub

TEMPO = SLOTS["/tempo"].start
CYCLE_BEATS = 8.0
"""Beats of a loop: those who join a session that began here are in phase with it."""
BAR_BEATS = 4.0
JUST_STARTED_S = 10.0
"""Music that is younger than this is brought into phase with the bars of a session, older music with its beats."""
IN_PHASE_S = 0.005
LEAD_S = 0.02
"""Nearer than this, a session of nobody else is brought to the instrument, and not the other way round."""
SLACK_S = 0.0005
"""Nearer than this nothing is done about it."""


def load_link() -> Any:
    """Load the package that speaks Link.

    Returns
    -------
    module
        `link`, with its class `Link`.

    Raises
    ------
    PerformerError
        If it is not installed.
    """
    try:
        module = importlib.import_module("link")
    except ImportError:
        module = None
    if not hasattr(module, "Link"):
        raise PerformerError(
            "Ableton Link is not installed; the package LinkPython-extern is needed for --link; "
            "pip install 'loopmorph[link]' and start again"
        )
    return module


class LinkSession:
    """The instrument's place in a Link session.

    Alone, the session follows the instrument. With others the instrument follows the session: it takes over the tempo,
    and slides into phase. A hand that sets /tempo sets it for all.

    Parameters
    ----------
    link : Link
        Not yet enabled.
    memory : Memory
        Of the instrument.
    now_s : callable
        Monotonic time in seconds.

    Notes
    -----
    Link's clock is not the one that Python calls monotonic (which is slewed by network time): the two are read
    together at every step. There is no start and no stop here, for the music does not stop: those of others are not
    listened to and none is sent.
    """

    def __init__(self, link: Any, memory: Memory, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self.link = link
        self.memory = memory
        self.now_s = now_s
        self.follower = Follower(memory, now_s=now_s)
        self.cycle = 1.0
        self.peers = 0

    def step(self) -> None:
        """Go on: hand the tempo of a hand to the session, or take over what the session plays."""
        state, micros, now_s = self.link.captureSessionState(), self.link.clock().micros(), self.now_s()

        def micros_at(at_s: float) -> int:
            return int(micros + (at_s - now_s) * 1e6)

        asked = float(self.memory.state["controls"][0, TEMPO])
        if asked != self.follower.tempo_bpm:
            self.follower.tempo_bpm = asked
            state.setTempo(self.unfold(asked, state.tempo()), micros)
            self.link.commitSessionState(state)
        if not self.link.enabled:
            self.begin(state, micros_at)
        elif self.link.numPeers() or not self.lead(state, micros_at):
            self.follow(state, micros_at)
        self.tell_peers(self.link.numPeers(), state.tempo())

    def unfold(self, asked_bpm: float, tempo_bpm: float) -> float:
        """Tell which tempo of a session at another one sounds as asked: folded the same way, if that is possible."""
        factor = fold_tempo(tempo_bpm)
        unfolded_bpm = asked_bpm / factor
        return unfolded_bpm if fold_tempo(unfolded_bpm) == factor else asked_bpm

    def begin(self, state: Any, micros_at: Callable[[float], int]) -> None:
        """Join once the music is heard, with its tempo and beat: those of a session that is there already win."""
        heard = self.follower.heard.read()
        if heard is None:
            return
        beat, heard_s = heard
        self.choose_cycle()
        state.requestBeatAtTime(beat, micros_at(heard_s), CYCLE_BEATS)
        self.link.commitSessionState(state)
        self.link.enabled = True

    def choose_cycle(self) -> None:
        """Prepare to join another session in phase with its bars or, where music has played for a while, its beats."""
        is_young = self.memory.state["position"][0] < JUST_STARTED_S * self.memory.state["sample_rate"][0]
        self.cycle = BAR_BEATS if is_young else 1.0

    def lead(self, state: Any, micros_at: Callable[[float], int]) -> bool:
        """Bring a session of nobody else to the instrument, unless it is too far: then somebody was there just now."""
        heard = self.follower.heard.read()
        if heard is None or fold_tempo(state.tempo()) != 1.0 or abs(state.tempo() - self.follower.tempo_bpm) > 0.001:
            return False
        beat, heard_s = heard
        wanted = beat + self.follower.trim_beats
        behind = (state.beatAtTime(micros_at(heard_s), CYCLE_BEATS) - wanted + 0.5) % 1 - 0.5
        behind_s = behind * 60 / state.tempo()
        if abs(behind_s) > LEAD_S:
            return False
        if abs(behind_s) > SLACK_S:
            at_beat = state.beatAtTime(micros_at(heard_s), CYCLE_BEATS) - behind
            state.requestBeatAtTime(at_beat, micros_at(heard_s), CYCLE_BEATS)
            self.link.commitSessionState(state)
        self.follower.rest()
        self.choose_cycle()
        return True

    def follow(self, state: Any, micros_at: Callable[[float], int]) -> None:
        """Take over the tempo of the session, and slide towards its beat."""
        self.follower.step(
            state.tempo(), lambda at_s: float(state.beatAtTime(micros_at(at_s), CYCLE_BEATS)), cycle=self.cycle
        )
        if self.follower.error_s is not None and abs(self.follower.error_s) < IN_PHASE_S:
            self.cycle = 1.0

    def tell_peers(self, peers: int, tempo_bpm: float) -> None:
        """Say who is there, when that changes."""
        if peers != self.peers:
            self.peers = peers
            others = {0: "nobody else", 1: "1 other"}.get(peers, f"{peers} others")
            say(f"Link: {others}, {tempo_bpm:.2f} BPM")

    def close(self) -> None:
        """Leave the session."""
        self.link.enabled = False
        self.follower.rest()


async def play_link(hub: Hub) -> None:
    """Play in a Link session until the instrument stops; see `Hub.keep`."""
    link = load_link().Link(float(hub.memory.state["controls"][0, TEMPO]))
    session = LinkSession(link, hub.memory)
    say("Link: on")
    try:
        while True:
            session.step()
            await asyncio.sleep(STEP_S)
    finally:
        session.close()
