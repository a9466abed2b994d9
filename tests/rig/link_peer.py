"""Somebody else on the local network, with an instrument beside: what both play is printed as JSON.

Run as `python -m tests.rig.link_peer FOLDER` in a network namespace of its own.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import link

from performer.clock import TICKS_A_BEAT, read_clock
from performer.controls import SLOTS
from tests.rig.conftest import Instrument, oscsend, wait_until

SLIDE_S = 32
"""Two beats at 4 %, and the rest of the way."""
SETTLE_S = 8
BAR_BEATS = 4.0


class Peer:
    """A participant of the session."""

    def __init__(self, tempo_bpm: float) -> None:
        self.link = link.Link(tempo_bpm)
        self.link.enabled = True

    @property
    def tempo_bpm(self) -> float:
        return round(float(self.link.captureSessionState().tempo()), 2)

    def set_tempo(self, tempo_bpm: float) -> None:
        state = self.link.captureSessionState()
        state.setTempo(tempo_bpm, self.link.clock().micros())
        self.link.commitSessionState(state)

    def phase(self, at_s: float) -> float:
        """Beat of the bar at a monotonic time."""
        micros = self.link.clock().micros() + (at_s - time.monotonic()) * 1e6
        return float(self.link.captureSessionState().phaseAtTime(int(micros), BAR_BEATS))


class Duet:
    """An instrument and a peer."""

    def __init__(self, instrument: Instrument, peer: Peer) -> None:
        self.instrument, self.peer = instrument, peer

    @property
    def tempo_bpm(self) -> float:
        return float(self.instrument.memory.state["controls"][0, SLOTS["/tempo"].start])

    def behind_ms(self, *, cycle: float = 1.0, seconds: float = 4.0, factor: float = 1.0) -> dict[str, float]:
        """How far the newest samples are behind the session, of `factor` times their beats, when they are heard."""
        state, found = self.instrument.memory.state, []
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            reading, heard_s = read_clock(self.instrument.memory), float(state["position_time_s"][0])
            if int(state["position"][0]) == reading.position:
                beats = self.peer.phase(heard_s) * factor - reading.tick / TICKS_A_BEAT
                found.append(((beats + cycle / 2) % cycle - cycle / 2) * 60_000 / self.tempo_bpm)
            time.sleep(0.01)
        worst = max(abs(value) for value in found)
        return {"median": round(statistics.median(found), 3), "worst": round(worst, 3)}

    def tempi(self) -> list[float]:
        return [round(self.tempo_bpm, 2), self.peer.tempo_bpm]


def main(folder: pathlib.Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    report: dict[str, object] = {}
    peer = Peer(126.0)
    time.sleep(1)
    arguments = ["--link", "--device", "null", "--session", str(folder / "session.json")]
    instrument = Instrument(*arguments, environment=dict(os.environ), folder=folder)
    duet = Duet(instrument, peer)
    try:
        instrument.wait_for("playing")
        wait_until(lambda: peer.link.numPeers() == 1, what="they find each other", patience_s=20)
        time.sleep(SLIDE_S)
        report["joined"] = {"tempi": duet.tempi(), "behind_ms": duet.behind_ms(cycle=BAR_BEATS)}
        peer.set_tempo(140.0)
        time.sleep(SETTLE_S)
        report["peer set 140"] = {"tempi": duet.tempi(), "behind_ms": duet.behind_ms(cycle=BAR_BEATS)}
        oscsend(instrument.osc_port, "/tempo", "f", 101.5)
        time.sleep(SETTLE_S)
        report["hand set 101.5"] = {"tempi": duet.tempi(), "behind_ms": duet.behind_ms(cycle=BAR_BEATS)}
        third = Peer(90.0)
        time.sleep(3)
        report["third joined"] = {"tempi": [*duet.tempi(), third.tempo_bpm], "behind_ms": duet.behind_ms(seconds=3)}
        third.link.enabled = False
        peer.set_tempo(300.0)
        time.sleep(SETTLE_S)
        report["peer set 300"] = {"tempi": duet.tempi(), "behind_ms": duet.behind_ms(factor=0.5)}
        peer.set_tempo(120.0)
        time.sleep(SETTLE_S)
        peer.link.enabled = False
        instrument.wait_for("nobody else")
        oscsend(instrument.osc_port, "/tempo", "f", 97.0)
        time.sleep(5)
        duet.peer = Peer(120.0)
        wait_until(lambda: duet.peer.link.numPeers() == 1, what="they find each other again", patience_s=20)
        time.sleep(1)
        report["joined by another"] = {"tempi": duet.tempi(), "behind_ms": duet.behind_ms()}
        report["summary"] = instrument.stop()
    finally:
        instrument.end()
    print(json.dumps(report))


main(pathlib.Path(sys.argv[1]))
