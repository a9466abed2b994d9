"""A seeded hand that plays everything that a deck and the desk have."""

from collections.abc import Callable

import numpy as np

from performer.controls import N_DECKS, SLOTS, find_control
from performer.session.session import Session
from performer.session.stamp import ModelStamp
from tests.performer.real_stage import RealStage

DRAWN = ("seed", "density", "bass", "morph", "spread", "psi", "transpose", "glide", "drift")
MIXED = ("low", "mid", "high", "filter", "level", "send", "trim", "width", "balance", "mute", "assign", "cue")
BANDS = ("low", "mid", "high")
"""Bands that are killed as often as they are turned."""
PLAYED = ("flip", "freeze", "repeat", "rotate", "bars")
MASTER = ("/tempo", "/nudge", "/crossfader", "/echo/time", "/echo/feedback", "/echo/level")
SEEDS = 40
"""So many seeds are played: places in W that are met again need no mapping."""
N_STEPS = 20
"""Steps of a control that is turned."""
N_SCENES = 4
LET_GO = ("mute", "freeze", "repeat", "nudge", "low", "mid", "high", "filter", "cue", "level", "flip", "drift")
"""Controls that are let go after a while, or a set would soon be silent, or stand still."""
LIMITS = {"seed": (0, SEEDS), "tempo": (100, 140), "glide": (0, 2), "drift": (0, 0.5), "trim": (-6, 3)}
"""Between which values a control is moved, if not all."""


class ScriptedHand:
    """Plays a stage by chance: jumps and turns of every control, scenes, and kills.

    Parameters
    ----------
    stage : RealStage
        What it plays.
    seed : int
        Of what it does.
    gap_s : float
        Mean time between two moves.
    """

    def __init__(self, stage: RealStage, *, seed: int, gap_s: float = 0.4) -> None:
        self.stage, self.rng, self.gap_s = stage, np.random.default_rng(seed), gap_s
        self.done: list[tuple[float, str]] = []
        self.session = Session(
            stage.memory, [ModelStamp(name="drums", sha256="")], remark=lambda text: None, now_s=stage.clock
        )

    def play(self, seconds: float) -> np.ndarray:
        """Play; float32 `[n, 4]`."""
        self.next(until_s=self.stage.clock.time_s + seconds)
        return self.stage.run(seconds)

    def next(self, *, until_s: float) -> None:
        """Make the next move, and look forward to the one after it."""
        self.move()
        self.session.poll()
        then_s = self.stage.clock.time_s + self.rng.exponential(self.gap_s)
        if then_s < until_s:
            self.stage.at(then_s, lambda: self.next(until_s=until_s))

    def move(self) -> None:
        """Make one move."""
        deck = self.rng.integers(N_DECKS) + 1
        kinds: list[tuple[float, Callable[[], None]]] = [
            (0.25, lambda: self.change(f"/deck/{deck}/{self.rng.choice(DRAWN)}")),
            (0.3, lambda: self.change(f"/deck/{deck}/{self.rng.choice(MIXED)}")),
            (0.2, lambda: self.change(f"/deck/{deck}/{self.rng.choice(PLAYED)}")),
            (0.15, lambda: self.change(str(self.rng.choice(MASTER)))),
            (0.1, self.play_scene),
        ]
        chosen = self.rng.choice(len(kinds), p=[share for share, _ in kinds])
        kinds[chosen][1]()

    def change(self, path: str) -> None:
        """Let a control jump, or turn it within a second; what silences or holds a deck is let go after a while."""
        control, name = find_control(path), path.rsplit("/", 1)[1]
        low, high = LIMITS.get(name, (control.minimum, control.maximum))
        goal = self.rng.uniform(low, high, len(control.types))
        if control.types[0] == "i":
            goal = np.round(goal)
        if name in BANDS and self.rng.random() < 0.5:
            goal[:] = 0.0
        here = self.stage.memory.state["controls"][0, SLOTS[path]].copy()
        steps = N_STEPS if control.types[0] == "f" and self.rng.random() < 0.4 else 1
        self.note(f"{path} {'jumps' if steps == 1 else 'turns'} to {np.round(goal, 3).tolist()}")
        for step in range(steps):
            value = here + (goal - here) * (step + 1) / steps
            self.stage.at(self.stage.clock.time_s + step / N_STEPS, lambda value=value: self.stage.set(path, *value))
        if name in LET_GO:
            back_s = self.stage.clock.time_s + 1 + self.rng.exponential(3)
            self.stage.at(back_s, lambda: self.back(path))

    def back(self, path: str) -> None:
        """Let a control go back to where a set is heard."""
        self.note(f"{path} is let go")
        self.stage.set(path, *((0.8,) if path.endswith("level") else find_control(path).default))

    def play_scene(self) -> None:
        """Save a scene, recall one or morph into it."""
        number = int(self.rng.integers(N_SCENES)) + 1
        kind = self.rng.choice(["save", "recall", "morph"])
        self.note(f"scene {number} {kind}")
        if kind == "save" or number not in self.session.scenes:
            self.session.save_scene(number)
        elif kind == "recall":
            self.session.recall_scene(number)
        else:
            for step in range(N_STEPS):
                x = (step + 1) / N_STEPS
                at_s = self.stage.clock.time_s + 2 * step / N_STEPS
                self.stage.at(at_s, lambda x=x: self.session.morph_scene(number, x))

    def note(self, text: str) -> None:
        """Remember a move, to tell what made a pop."""
        self.done.append((self.stage.clock.time_s, text))

    def before(self, time_s: float) -> list[str]:
        """Tell the moves of half a second."""
        return [text for done_s, text in self.done if time_s - 0.5 < done_s < time_s + 0.01]
