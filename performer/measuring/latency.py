"""From hand to sound: how long a move of a control takes until it is heard, measured on the real path.

An OSC packet goes out, and the first sample that differs is found in what the sound server's monitor gives back. The
decks play loops that repeat to the sample, so what would have been heard without the move is known. What the
instrument itself says of the same move is noted beside it: the two must agree.
"""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from performer.controls import N_DECKS, SLOTS
from performer.errors import PerformerError
from performer.measuring.capture import RATE, Capture
from performer.measuring.hand import Hand
from performer.memory import KIND_CONTROL, N_SLOTS, Memory
from performer.settings import DeckSettings

LOUD_DB = -40.0
"""A sample differs if it is off by more than this, against the level of what sounds."""
MARGIN_DB = 6.0
"""Or by so much more than drawing the same anew makes it differ, if that is more."""
PATIENCE_S = 16.0
"""A move that is not heard for so long is missed. (On a machine that is too slow, four moving decks take turns.)"""
FORGET_S = 2.0
"""After a gap the capture needs so long to place samples in time without what was before it."""
REST_S = 60.0
"""How long deck 1 may take to come to rest."""
TURN = 4 * RATE
"""Samples of a loop at the tempo that an instrument starts with."""
HEARD = RATE // 5
"""Samples by which it is told where in its turn the sound is, if it is not where it was; else a quarter of them do."""
SETTLED_S = 0.05
"""After this the monitor has what sounds."""
MOVING_S = (0.06, 0.2)
"""How long decks move before the move that is measured, at least and at most."""
FASTER_S = 0.010
"""What is heard so much earlier than the instrument plays it is no move, but a gap."""
TRIES = 3
"""How often a move is tried in which there was a gap."""
POLL_S = 0.0005
SEEDS = (9, 6)
"""Two loops of `drums` without a pause: from any moment on, they differ within 0.3 ms."""
LEVEL = 0.5
"""Fader of each deck."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way of moving."""

    name: str
    """What is measured."""
    moving: int
    """Decks whose hands do not stop moving, deck 1 first."""
    path: str
    """The control of deck 1 whose move is listened for."""
    values: tuple[float, float]
    """Between which two values it goes to and fro."""


SCENARIOS = (
    Scenario(name="latent control, one deck moving", moving=1, path="/deck/1/seed", values=SEEDS),
    Scenario(name="latent control, four decks moving", moving=N_DECKS, path="/deck/1/seed", values=SEEDS),
    Scenario(name="mixer control", moving=0, path="/deck/1/level", values=(LEVEL, 0.7)),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """A move, as it was found."""

    heard_ms: float | None
    """From the packet to the first sample that differs at the monitor, the sound server's share included; None if none
    did."""
    played_ms: float | None
    """From the packet until the instrument said that it plays it."""
    threshold_db: float
    """By how much a sample had to differ, against the level of what sounds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turn:
    """A turn of all loops at rest, as it was heard."""

    heard: np.ndarray
    """float32 `[n]`."""
    first: int
    """Index of its first sample in the capture."""

    def at(self, first: int, n: int) -> np.ndarray:
        """Tell what is heard at other indices, as long as nothing moves."""
        return np.take(self.heard, np.arange(first, first + n) - self.first, mode="wrap")

    def aligned(self, first: int, newest: np.ndarray) -> tuple["Turn", float]:
        """Find where in its turn the sound is by now.

        Parameters
        ----------
        first : int
            Index of the first of ...
        newest : np.ndarray [shape=(n,)]
            ... some samples.

        Returns
        -------
        tuple of Turn and float
            The turn, set right, and the largest difference from it.
        """
        n, heard = len(self.heard), self.heard.astype(np.float64)
        product = np.fft.irfft(np.fft.rfft(heard) * np.fft.rfft(newest, n).conj(), n)
        energy = np.cumsum(np.concatenate([[0.0], heard, heard[: len(newest)]]) ** 2)
        difference = energy[len(newest) : len(newest) + n] - energy[:n] - 2 * product  # and the energy of `newest`
        right = Turn(heard=self.heard, first=first - int(difference.argmin()))
        return right, float(np.abs(right.at(first, len(newest)) - newest).max())

    def threshold(self, still: float) -> float:
        """Tell by how much a sample must differ, if drawing the same anew makes it differ by `still`."""
        level = float(np.sqrt(np.mean(self.heard**2)))
        return max(10 ** (LOUD_DB / 20) * level, 10 ** (MARGIN_DB / 20) * still)

    def first_difference(self, first: int, heard: np.ndarray, threshold: float) -> int | None:
        """Find the first of some samples that is not of this turn; `first` is the index of the first one."""
        different = np.flatnonzero(np.abs(heard - self.at(first, len(heard))) > threshold)
        return int(different[0]) if len(different) else None


class LatencyBench:
    """Moves controls of a running instrument and listens for them.

    Parameters
    ----------
    memory : Memory
        Of the instrument, which plays a model of `still_model`.
    hand : Hand
        Moves it.
    capture : Capture
        Hears it.
    sink_s : float
        The sound server's share.
    """

    def __init__(self, *, memory: Memory, hand: Hand, capture: Capture, sink_s: float) -> None:
        self.memory = memory
        self.hand = hand
        self.capture = capture
        self.sink_s = sink_s
        self.random = np.random.default_rng(1)
        self.controls: dict[str, float] = {}
        self.turns: dict[tuple[tuple[str, float], ...], Turn] = {}

    def prepare(self) -> None:
        """Let four decks sound without a pause; of four equal loops each, so that narrowing changes nothing."""
        for deck in range(1, N_DECKS + 1):
            self.hand.set(f"/deck/{deck}/spread", 0.0)
            self.hand.set(f"/deck/{deck}/seed", SEEDS[deck > 1])
            self.hand.set(f"/deck/{deck}/level", LEVEL)
        self.controls = {"/deck/1/seed": SEEDS[0], "/deck/1/level": LEVEL}
        self.wait_for_rest(range(N_DECKS))

    def measure(self, scenario: Scenario, n_moves: int) -> Iterator[Move]:
        """Move a control to and fro, and find each move in what is heard.

        Parameters
        ----------
        scenario : Scenario
            Which control, and what moves beside it.
        n_moves : int
            How often.

        Yields
        ------
        Move
            Each of them. One in which there was a gap in the sound is tried again.

        Raises
        ------
        PerformerError
            If the sound has gaps all the time, or decks do not come to rest.
        """
        for value in scenario.values:
            self.set(scenario.path, value)
            self.hear_turn()
        done, tried = 0, 0
        while done < n_moves:
            move = self.move(scenario, scenario.values[tried % 2])
            tried += 1
            if move is not None:
                done += 1
                yield move
            elif tried - done > TRIES + n_moves:
                raise PerformerError(
                    f"{tried - done} of {tried} moves had a gap in the sound, a machine that keeps up is needed; end "
                    "what else it does, or measure with a larger --latency-ms"
                )
        self.hand.moving = 0

    def set(self, path: str, value: float) -> float:
        """Move a control of deck 1, and tell when."""
        self.controls[path] = value
        return self.hand.set(path, value)

    def move(self, scenario: Scenario, value: float) -> Move | None:
        """Make one move, and listen for it; None if there was a gap in the sound."""
        self.hand.moving = 0
        self.freeze(scenario.moving, 1.0)  # else the worker would see to the other decks first
        self.wait_for_rest(range(1))  # phases close over the loop again, and it is known what will be heard
        self.freeze(scenario.moving, 0.0)
        self.hand.moving = scenario.moving
        time.sleep(SETTLED_S + (self.random.uniform(*MOVING_S) if scenario.moving else 0))
        gaps = self.memory.counters()["underruns"]
        turn, still = self.find_turn()
        threshold = turn.threshold(still)
        noted = int(self.memory.state["noted"][0])
        sent_s = self.set(scenario.path, value)
        played_s = self.wait_until_played(scenario.path, value, noted=noted)
        heard_s = self.listen(turn, threshold, sent_s=sent_s, played_s=played_s)
        early = heard_s is not None and played_s is not None and heard_s - self.sink_s < played_s - FASTER_S
        if early or self.memory.counters()["underruns"] != gaps:
            time.sleep(FORGET_S)
            return None
        level = float(np.sqrt(np.mean(turn.heard**2)))
        return Move(
            heard_ms=None if heard_s is None else (heard_s - sent_s) * 1000,
            played_ms=None if played_s is None else (played_s - sent_s) * 1000,
            threshold_db=20 * float(np.log10(threshold / level)),
        )

    def listen(self, turn: Turn, threshold: float, *, sent_s: float, played_s: float | None) -> float | None:
        """Find in what is heard from a time on the first sample that is not of a turn; tells when it came."""
        first = self.capture.index_at(sent_s)
        soon_s = PATIENCE_S if played_s is None else min(played_s - sent_s + self.sink_s + SETTLED_S, PATIENCE_S)
        for n in (round(soon_s * RATE), round(PATIENCE_S * RATE)):
            found = turn.first_difference(first, self.capture.read(first, n), threshold)
            if found is not None:
                return sent_s + found / RATE
        return None

    def wait_until_played(self, path: str, value: float, *, noted: int) -> float | None:
        """Wait until the instrument plays deck 1 with a new value; tells when, None if it never does.

        Parameters
        ----------
        path : str
            The control: the seed, which is heard once a revision of it is under the playhead, or a mixer control,
            which is heard once the audio process obeys it.
        value : float
            Its new value.
        noted : int
            Entries of the journal before.
        """
        state, until_s = self.memory.state, time.monotonic() + PATIENCE_S
        revision, sounded = None, [(0.0, int(state["sounding"][0, 0]))]
        while (now_s := time.monotonic()) < until_s:
            if path != "/deck/1/seed":
                if self.obeyed(path, value, noted=noted):
                    return now_s
            else:
                if (sounding := int(state["sounding"][0, 0])) != sounded[-1][1]:
                    sounded.append((now_s, sounding))
                if revision is None and state["drawn"][0, 0, 0] == value:  # told after it was handed over
                    revision = int(state["published"][0, 0].max()) // N_SLOTS
                if revision is not None and sounding >= revision:
                    return next(at_s for at_s, sounding in sounded if sounding >= revision)
            time.sleep(POLL_S)
        return None

    def obeyed(self, path: str, value: float, *, noted: int) -> bool:
        """Whether the journal says, after some entries, that the audio process has obeyed a control's new value."""
        for number in range(noted, int(self.memory.state["noted"][0])):
            entry = self.memory.journal[number % len(self.memory.journal)]
            is_it = (entry["kind"], entry["index"]) == (KIND_CONTROL, SLOTS[path].start)
            if is_it and np.float32(entry["value"]) == np.float32(value):  # as OSC brings it
                return True
        return False

    def freeze(self, n_decks: int, value: float) -> None:
        """Freeze all but the first of some decks, or let them go on."""
        for deck in range(2, n_decks + 1):
            self.hand.set(f"/deck/{deck}/freeze", value)

    def find_turn(self) -> tuple[Turn, float]:
        """Give the turn that was heard with deck 1 as it is set, where it is now; and what drawing anew makes of it."""
        key = tuple(sorted(self.controls.items()))
        turn = self.turns[key]
        first, newest = self.capture.newest(HEARD // 4)
        still = float(np.abs(turn.at(first, len(newest)) - newest).max())
        if still > turn.threshold(0):  # there was a gap since it was heard last
            time.sleep(HEARD / RATE)
            turn, still = turn.aligned(*self.capture.newest(HEARD))
            self.turns[key] = turn
        return turn, still

    def hear_turn(self) -> None:
        """Listen to a turn of the loops as they are set, unless it was heard before; make sure that it repeats."""
        key = tuple(sorted(self.controls.items()))
        if key in self.turns:
            return
        self.wait_for_rest(range(1))
        time.sleep(SETTLED_S)
        for _ in range(TRIES):
            first = self.capture.n
            heard = self.capture.read(first, TURN + HEARD)
            turn = Turn(heard=heard[:TURN], first=first)
            if np.abs(heard[TURN:] - heard[:HEARD]).max() < turn.threshold(0):
                self.turns[key] = turn
                return
        raise PerformerError(
            "the loops do not repeat in what is heard: something else plays there, or the server resamples or drops "
            "samples; a sink of 48 kHz with nothing else on it, and a machine that keeps up, are needed"
        )

    def wait_for_rest(self, decks: Sequence[int]) -> None:
        """Wait until decks, counted from 0, play the whole loop that their controls ask for."""
        until_s = time.monotonic() + REST_S
        time.sleep(0.03)  # for packets that are on their way
        state = self.memory.state
        while time.monotonic() < until_s:
            if self.memory.stopping:
                raise PerformerError("stopped before all was measured")
            wanted = [DeckSettings.from_controls(state["controls"][0], deck=deck + 1).to_array() for deck in decks]
            at_rest = state["rested"][0, decks] == state["sounding"][0, decks]
            if np.array_equal(state["rendered"][0, decks], wanted) and at_rest.all():
                time.sleep(0.03)  # for the fade
                return
            time.sleep(0.01)
        raise PerformerError(f"the decks did not come to rest within {REST_S:g} s; see the lines above")


def report(name: str, moves: list[Move], sink_ms: list[float]) -> dict[str, Any]:
    """Sum a scenario up.

    Parameters
    ----------
    name : str
        What was measured.
    moves : list of Move
        From `LatencyBench.measure`.
    sink_ms : list of float
        From `capture.sink_share_ms`.

    Returns
    -------
    dict
        `name`, `moves`, `missed`, `p50_ms`, `p95_ms`, `p99_ms` (the sound server's median share subtracted),
        `played_p50_ms` and so on (what the instrument itself says), `threshold_db` (the highest) and `sink_ms`, that
        share.
    """
    share = float(np.median(sink_ms))
    heard = [move.heard_ms - share for move in moves if move.heard_ms is not None]
    played = [move.played_ms for move in moves if move.played_ms is not None]
    return {
        "name": name,
        "moves": len(moves),
        "missed": len(moves) - len(heard),
        **percentiles("p", heard),
        **percentiles("played_p", played),
        "threshold_db": round(max((move.threshold_db for move in moves), default=LOUD_DB), 1),
        "sink_ms": round(share, 1),
    }


def percentiles(prefix: str, values: list[float]) -> dict[str, float | None]:
    """Name the 50th, 95th and 99th percentile of some values; None for those of none."""
    return {
        f"{prefix}{rank}_ms": round(float(np.percentile(values, rank)), 1) if values else None for rank in (50, 95, 99)
    }
