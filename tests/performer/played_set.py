"""The instrument in virtual time, with a recorder: what tests of recordings play."""

import pathlib
from collections.abc import Callable

import numpy as np
import soundfile

from performer.controls import SLOTS
from performer.desk.playback import Playback
from performer.generation.drawing_log import DrawingLog
from performer.generation.renderer import Grid, Window
from performer.generation.worker import Worker
from performer.memory import Memory
from performer.recording.control_log import read_entries, read_header, survey
from performer.recording.ledger import Ledger
from performer.recording.recorder import Recorder
from performer.recording.replay import Replay
from tests.performer.conftest import HOP, N_STATES, FakeClock, FakeRenderer
from tests.performer.stage import Slow

HEADER = {
    "kind": "loopmorph control log",
    "version": 1,
    "loopmorph": "0.1.0",
    "torch": "2.13.0",
    "vocoder": "",
    "models": [{"name": "fake", "sha256": ""}],
}
RATE = 48_000


class Chained(FakeRenderer):
    """Draws tones that tell where in W they are, and states each of which goes on from the one before."""

    def draw(self, ws: np.ndarray, grid: Grid, *, first: int, n: int) -> Window:
        return self.go_on(ws, grid, first=first, n=n, state=0.0)

    def window(self, ws: np.ndarray, grid: Grid, *, first: int, n: int, states_in: np.ndarray) -> Window:
        super().window(ws, grid, first=first, n=n, states_in=states_in)
        return self.go_on(ws, grid, first=first, n=n, state=float(states_in[0, 0, 0, -1]))

    def go_on(self, ws: np.ndarray, grid: Grid, *, first: int, n: int, state: float) -> Window:
        frames, place = (first + np.arange(n)) % grid.n_frames, float(ws[0, 0].sum())
        states = []
        for frame in frames:
            state = 0.97 * state + np.sin(place + frame)
            states.append(state)
        time = (first * HOP + np.arange(n * HOP)) / RATE
        turn = 2 * np.pi * (110 + 3 * place) * 2 ** (grid.semitones / 12) * time + np.repeat(states, HOP)
        loops = np.stack([0.3 * np.sin(turn * (1 + loop)) for loop in range(len(ws))])
        return Window(
            audio=loops.astype(np.float32),
            states=np.broadcast_to(np.float32(states), (len(ws), 2, N_STATES, n)).copy(),
        )


class SlowChained(Slow, Chained):
    """The same, as slow as the real one."""


class KilledError(BaseException):
    """The worker is killed in the middle of its work."""


class Set:
    """The instrument in virtual time, with blocks of any size, a ledger and a recorder."""

    def __init__(self, folder: pathlib.Path, clock: FakeClock, rng: np.random.Generator) -> None:
        self.folder, self.clock, self.rng = folder, clock, rng
        self.memory = Memory.private()
        self.heard = np.zeros((40 * RATE, 2), np.float32)
        self.renderer = SlowChained(self.spend)
        self.hands: list[tuple[float, Callable[[], None]]] = []
        self.start_s = clock.time_s
        self.recorders: list[Recorder] = []
        self.new_playback()
        self.playback.position = 0
        self.new_recorder()
        self.new_worker()

    def new_playback(self) -> None:
        self.is_alive = True
        self.playback = Playback(self.memory, now_s=self.clock)

    def new_worker(self) -> None:
        log = DrawingLog(Ledger(self.folder).append)
        self.worker = Worker(
            self.memory,
            [self.renderer],  # type: ignore[list-item]
            now_s=self.clock,
            wait=self.spend,
            log=log,
        )

    def new_recorder(self) -> None:
        self.recorder = Recorder(
            self.memory,
            ledger=Ledger(self.folder),
            make_header=lambda: HEADER,
            choose_path=lambda: self.folder / "set.wav",
        )
        self.recorders.append(self.recorder)

    def spend(self, seconds: float) -> None:
        """Let time pass; the music plays on, and the hands do what is due."""
        until_s = self.clock.time_s + seconds
        while self.clock.time_s < until_s:
            while self.hands and self.start_s + self.hands[0][0] <= self.clock.time_s:
                self.hands.pop(0)[1]()
            block = np.zeros((int(self.rng.choice([64, 100, 256, 441])), 2), np.float32)
            if self.is_alive:
                self.playback.render(block)
            if self.is_alive and self.playback.position is not None:
                self.heard[self.playback.position - len(block) : self.playback.position] = block
            self.clock.advance(len(block) / RATE)
            if self.rng.random() < 0.1:
                self.recorder.step()

    def at(self, second: float, path: str, *values: float) -> None:
        """Have a control moved."""
        self.do(second, lambda: self.memory.state["controls"][0].__setitem__(SLOTS[path], values))

    def do(self, second: float, work: Callable[[], None]) -> None:
        self.hands.append((second, work))
        self.hands.sort(key=lambda hand: hand[0])

    def close(self) -> None:
        for recorder in self.recorders:
            recorder.close()

    def play(self, seconds: float) -> None:
        while self.clock.time_s < self.start_s + seconds:
            try:
                if not self.worker.step():
                    self.spend(0.002)
            except KilledError:
                self.new_worker()
        self.recorder.step()


def replay(log: pathlib.Path) -> np.ndarray:
    """Play a log; float32 `[n, 10]`."""
    fake = Chained()
    again = Replay(read_header(log), end=survey(log).end, renderer_of=lambda _: fake)  # type: ignore[arg-type,return-value]
    return np.concatenate(list(again.blocks(read_entries(log))))


def require_same(played: Set, name: str = "set") -> np.ndarray:
    """Check that the log gives what was heard, and that the file holds it; returns it."""
    log = played.folder / f"{name}.jsonl"
    start, end = read_header(log)["start"], survey(log).end
    again = replay(log)[:, :2]
    assert len(again) == end - start > 0
    np.testing.assert_array_equal(again, played.heard[start:end])
    recorded, rate = soundfile.read(played.folder / f"{name}.wav", dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(recorded, again, atol=2**-22, rtol=0)
    return again
