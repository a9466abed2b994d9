"""What is behind the actions: taps, the decks' histories, scenes and the session, and the files that keep them."""

import pathlib
import time
from collections.abc import Callable, Sequence
from typing import IO

from performer.actions import Action, Values
from performer.console import Warnings
from performer.controls import SLOTS
from performer.errors import ControlError
from performer.memory import Memory
from performer.repertoire import Repertoire, deck_repertoire
from performer.session.chronicle import Chronicle
from performer.session.history import read_histories, write_histories
from performer.session.keeper import Keeper, lock, set_aside
from performer.session.pad import preset_corner
from performer.session.session import Session, SessionError, history_beside, read_session
from performer.session.stamp import ModelStamp
from performer.session.tap import TapTempo
from performer.session.values import set_values

POLL_S = 0.02
"""Time between two looks at the music."""
SAVE_HISTORY_S = 5.0
"""Least time between two saves of the histories."""


class Conductor:
    """Obey actions, note what is played, and save.

    Nothing here raises into the live loop, except a `ControlError` for an action that cannot be obeyed.

    Parameters
    ----------
    memory : Memory
        Controls and what is played.
    path : pathlib.Path or None
        The session file; the histories lie beside it. None keeps nothing.
    stamps : sequence of ModelStamp
        The loaded models.
    repertoires : sequence of Repertoire
        What decks can do with the loaded models.
    warnings : Warnings
        Where lines for the performer go.
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(
        self,
        memory: Memory,
        path: pathlib.Path | None,
        stamps: Sequence[ModelStamp],
        *,
        repertoires: Sequence[Repertoire] = (Repertoire(),),
        warnings: Warnings,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.memory = memory
        self.path = path
        self.repertoires = repertoires
        self.warnings = warnings
        self.now_s = now_s
        self.taps = TapTempo()
        self.chronicle = Chronicle(memory, stamps, remark=lambda text: warnings.warn("history", text), now_s=now_s)
        self.session = Session(memory, stamps, remark=lambda text: warnings.warn("scene", text), now_s=now_s)
        self.keeper = Keeper()
        self.polled_s = self.history_saved_s = float("-inf")
        self.claim: IO[str] | None = None
        if path is not None:
            self.guard("the session", lambda: self.open(path))

    def open(self, path: pathlib.Path) -> None:
        """Claim the session file, and take up what it and the file of the histories hold."""
        try:
            self.claim = lock(path)
            if self.claim is None:
                self.say_unsaved(f"{path} is played by another instrument")
            self.read(path, self.take_session)
            self.read(history_beside(path), self.take_histories)
        except OSError as error:
            self.claim = None
            self.say_unsaved(f"{path}: {error.strerror}")
        self.chronicle.rejoin()

    def say_unsaved(self, reason: str) -> None:
        """Tell that the session is not saved."""
        self.warnings.warn("session", f"{reason}; nothing is saved; name a file of your own with --session")

    def read(self, path: pathlib.Path, take: Callable[[pathlib.Path], None]) -> None:
        """Read a file if there is one; a broken one is set aside."""
        if not path.exists():
            return
        try:
            take(path)
        except SessionError as error:
            if self.claim is None:
                self.warnings.warn(path.name, str(error))
            else:
                self.warnings.warn(path.name, f"{error}; it is kept as {set_aside(path).name}")

    def take_session(self, path: pathlib.Path) -> None:
        """Take up the scenes."""
        _, self.session.scenes = read_session(path)

    def take_histories(self, path: pathlib.Path) -> None:
        """Take up the histories."""
        text = path.read_text(encoding="utf-8", errors="replace")
        problems = read_histories(text, self.chronicle.histories)
        if problems:
            for history in self.chronicle.histories:
                history.is_changed = True
            raise SessionError(f"{path}: {problems[0]}" + (f" ({len(problems)} such lines)" if problems[1:] else ""))

    def obey(self, action: Action, values: Values, *, at_s: float) -> None:
        """Do what an action says.

        Parameters
        ----------
        action : Action
            Which one.
        values : tuple of float or str
            From `Action.accept`.
        at_s : float
            Monotonic time at which its message came.

        Raises
        ------
        ControlError
            If it cannot be done: there is nothing to undo, no such scene or preset.
        """
        if action.is_button and not values[0]:
            return
        deck = action.deck

        def number() -> int:
            return int(values[0])

        deeds: dict[str, Callable[[], None]] = {
            "/tap": lambda: self.tap(at_s),
            "undo": lambda: self.chronicle.step(deck, -1),
            "redo": lambda: self.chronicle.step(deck, 1),
            "star": lambda: self.chronicle.star(deck),
            "cancel": lambda: self.chronicle.cancel(deck),
            "recall": lambda: self.chronicle.recall(deck, number()),
            "pin": lambda: self.chronicle.pin(deck, number()),
            "preset": lambda: self.play_preset(deck, values[0]),
            "/scene/save": lambda: self.session.save_scene(number()),
            "/scene/recall": lambda: self.session.recall_scene(number()),
            "/scene/morph": lambda: self.session.morph_scene(number(), float(values[1])),
        }
        self.guard(action.path, deeds[action.name])

    def play_preset(self, deck: int, wanted: float | str) -> None:
        """Put a preset of a deck's model into the pad's first corner, and the pad there; see `pad.preset_corner`."""
        model = int(self.memory.state["controls"][0, SLOTS[f"/deck/{deck}/model"].start])
        corner = preset_corner(deck_repertoire(self.repertoires, model).presets, wanted)
        corners, morph = SLOTS[f"/deck/{deck}/corners"].start, SLOTS[f"/deck/{deck}/morph"].start
        set_values(self.memory, [corners, morph, morph + 1], [corner, 0.0, 0.0])

    def tap(self, at_s: float) -> None:
        """Take a tap of the tempo."""
        tempo_bpm = self.taps.tap(at_s)
        if tempo_bpm is not None:
            set_values(self.memory, [SLOTS["/tempo"].start], [tempo_bpm])

    def poll(self) -> None:
        """Note what was played, end what a morph has begun, and save what has changed, if it is time."""
        now_s = self.now_s()
        if now_s - self.polled_s < POLL_S:
            return
        self.polled_s = now_s
        self.guard("the history", self.chronicle.poll)
        self.guard("the scene", self.session.settle)
        self.guard("the session", self.save)
        for path in list(self.keeper.problems):
            self.memory.count("session_failures")
            self.warnings.warn(path.name, self.keeper.problems.pop(path))

    def save(self, *, is_last: bool = False) -> None:
        """Have written what has changed."""
        if self.path is None or self.claim is None:
            return
        text = self.session.changed_text() if is_last else self.session.poll()
        if text is not None:
            self.keeper.keep(self.path, text)
        histories = self.chronicle.histories
        is_due = is_last or self.now_s() - self.history_saved_s >= SAVE_HISTORY_S
        if is_due and any(history.is_changed for history in histories):
            self.history_saved_s = self.now_s()
            for history in histories:
                history.is_changed = False
            self.keeper.keep(history_beside(self.path), write_histories(histories))

    def guard(self, what: str, work: Callable[[], None]) -> None:
        """Do some work; what fails unforeseen is counted and said, and the music goes on."""
        try:
            work()
        except ControlError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost live loop: the music goes on
            self.memory.count("session_failures")
            self.warnings.warn("failure", f"{what} failed ({error!r}); the music goes on")

    def close(self) -> None:
        """Save what has changed, and end."""
        self.guard("the session", lambda: self.save(is_last=True))
        self.keeper.close()
        if self.claim is not None:
            self.claim.close()
