"""The session: scenes and what plays now, kept in a file that is always whole."""

import contextlib
import json
import pathlib
import time
from collections.abc import Callable, Sequence

import numpy as np

from performer.actions import N_SCENES
from performer.crate import crate_folders
from performer.errors import ControlError, PerformerError
from performer.memory import Memory
from performer.session.keeper import lock, write_whole
from performer.session.scene_morph import SceneMorph
from performer.session.snapshot import IN_SCENES, IN_SESSIONS, Snapshot
from performer.session.stamp import ModelStamp, read_stamps
from performer.session.values import present_values, set_values

KIND, VERSION = "loopmorph session", 1
SAVE_S = 1.0
"""Least time between two saves."""


class SessionError(PerformerError):
    """A file that is no session."""


def default_session() -> pathlib.Path:
    """Name the session file in the owner's folder."""
    models, _ = crate_folders()
    return models.parent / "session.json"


def history_beside(session: pathlib.Path) -> pathlib.Path:
    """Name the file that holds the decks' histories of a session."""
    return session.with_name(f"{session.stem}-history.jsonl")


def write_session(now: Snapshot, scenes: dict[int, Snapshot]) -> str:
    """Write a session as JSON.

    Parameters
    ----------
    now : Snapshot
        What plays.
    scenes : dict of int to Snapshot
        By number.
    """
    lines = ",\n".join(f'  "{number}": {scene.text}' for number, scene in sorted(scenes.items()))
    head = f'"kind": {json.dumps(KIND)},\n "version": {VERSION}'
    return f'{{\n {head},\n "now": {now.text},\n "scenes": {{\n{lines}\n }}\n}}\n'


def read_session(path: pathlib.Path) -> tuple[Snapshot, dict[int, Snapshot]]:
    """Read and check a session file.

    Parameters
    ----------
    path : pathlib.Path
        What `write_session` wrote.

    Returns
    -------
    tuple of Snapshot and dict of int to Snapshot
        What played, and the scenes.

    Raises
    ------
    SessionError
        If it cannot be read, is of another version, or anything in it is not as it must be.
    """
    try:
        session = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SessionError(
            f"{path}: {error.strerror}; a session file is needed; name another with --session"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SessionError(f"{path} is not whole JSON, a session file is needed ({error})") from error
    if not isinstance(session, dict) or session.get("kind") != KIND:
        raise SessionError(f"{path} is no {KIND}")
    if session.get("version") != VERSION:
        raise SessionError(f"{path} is a session of version {session.get('version')!r:.20}, {VERSION} is needed")
    if set(session) != {"kind", "version", "now", "scenes"} or not isinstance(session["scenes"], dict):
        raise SessionError(f"{path}: kind, version, now and scenes are needed, and nothing else")
    where = "what plays now"
    try:
        now, scenes = Snapshot.from_entry(session["now"]), {}
        for number, entry in session["scenes"].items():
            where = f"scene {number}"
            if number not in map(str, range(1, N_SCENES + 1)):
                raise ControlError(f"a number from 1 to {N_SCENES} is needed")
            scenes[int(number)] = Snapshot.from_entry(entry)
    except ControlError as error:
        raise SessionError(f"{path}, {where}: {error}") from error
    return now, scenes


def resume_session(memory: Memory, path: pathlib.Path, stamps: Sequence[ModelStamp]) -> list[str]:
    """Set all controls to what played when a session ended; before the processes start.

    Parameters
    ----------
    memory : Memory
        The controls.
    path : pathlib.Path
        The session file.
    stamps : sequence of ModelStamp
        The loaded models.

    Returns
    -------
    list of str
        Lines for the performer: what is not as it was.
    """
    if not path.exists():
        return [f"{path}: no session to resume yet, starting fresh"]
    try:
        now, _ = read_session(path)
    except SessionError:
        return []  # the control process tells, and sets it aside
    values, remarks = now.for_models(stamps, memory.state["controls"][0])
    memory.state["controls"][0, IN_SESSIONS] = values[IN_SESSIONS]
    return remarks


def begin_session(memory: Memory, path: pathlib.Path, models: Sequence[str], *, resume: bool) -> list[str]:
    """Go on with the session that ended last, or start fresh and keep a copy of it; before the processes start.

    Parameters
    ----------
    memory : Memory
        The controls.
    path : pathlib.Path
        The session file.
    models : sequence of str
        Files of the loaded models.
    resume : bool
        Whether to go on.

    Returns
    -------
    list of str
        Lines for the performer: what is not as it was.
    """
    if resume:
        return resume_session(memory, path, read_stamps(models))
    keep_previous(path)
    return []


def keep_previous(path: pathlib.Path) -> None:
    """Keep a copy of the session that ended last, before a fresh start saves over it; one that plays has not ended."""
    with contextlib.suppress(OSError, ValueError):
        if path.exists() and (claim := lock(path)) is not None:
            with claim:
                write_whole(path.with_name(f"{path.stem}-previous{path.suffix}"), path.read_text(encoding="utf-8"))


class Session:
    """The scenes, and what is to be saved.

    Parameters
    ----------
    memory : Memory
        The controls.
    stamps : sequence of ModelStamp
        The loaded models.
    remark : callable
        Called with a line that the performer should read.
    now_s : callable
        Monotonic time in seconds.
    """

    def __init__(
        self,
        memory: Memory,
        stamps: Sequence[ModelStamp],
        *,
        remark: Callable[[str], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.memory = memory
        self.stamps = stamps
        self.remark = remark
        self.now_s = now_s
        self.scenes: dict[int, Snapshot] = {}
        self.has_new_scene = False
        self.saved = present_values(memory)
        self.saved_s = -SAVE_S
        self.morphing: tuple[Snapshot, SceneMorph] | None = None

    def save_scene(self, number: int) -> None:
        """Save all decks and the master as a scene, counted from 1."""
        self.end_morph()
        again = number in self.scenes
        self.scenes[number] = Snapshot.take(self.memory, self.stamps)
        self.has_new_scene = True
        self.remark(f"scene {number} is saved{', over the one before' if again else ''}")

    def find_scene(self, number: int) -> Snapshot:
        """Find a scene.

        Raises
        ------
        ControlError
            If none was saved there.
        """
        if number not in self.scenes:
            there = f"there are {' '.join(map(str, sorted(self.scenes)))}" if self.scenes else "there is none yet"
            raise ControlError(f"scene {number} is empty, {there}; save it with /scene/save {number}")
        return self.scenes[number]

    def recall_scene(self, number: int) -> None:
        """Set all decks and the master to a scene at once; raises as `find_scene` does."""
        scene = self.find_scene(number)
        self.end_morph()
        values = self.values_of(scene, number)
        index = np.flatnonzero(IN_SCENES)
        set_values(self.memory, index.tolist(), values[index])

    def morph_scene(self, number: int, x: float) -> None:
        """Go part of the way to a scene; raises as `find_scene` does.

        The way begins at what plays when the first message comes; and anew, when it was gone to either end and
        something else has moved since.

        Parameters
        ----------
        number : int
            Of the scene.
        x : float
            0 as it was to 1, the scene.
        """
        scene = self.find_scene(number)
        if self.morphing is not None:
            begun, morph = self.morphing
            if begun is not scene or (morph.x in (0.0, 1.0) and morph.was_touched):
                self.end_morph()
        if self.morphing is None:
            self.morphing = scene, SceneMorph(self.memory, self.values_of(scene, number))
        self.morphing[1].go(x, now_s=self.now_s())

    def values_of(self, scene: Snapshot, number: int) -> np.ndarray:
        """Tell a scene's values for the models that are loaded now."""
        values, remarks = scene.for_models(self.stamps, self.memory.state["controls"][0])
        for remark in remarks:
            self.remark(f"scene {number}, {remark}")
        return values

    def end_morph(self) -> None:
        """Leave everything where a morph has brought it."""
        if self.morphing is not None:
            self.morphing[1].release()
            self.morphing = None

    def settle(self) -> None:
        """Let the glides that a morph has raised be what they were, once it is time."""
        if self.morphing is not None:
            self.morphing[1].settle(now_s=self.now_s())

    def poll(self) -> str | None:
        """Tell what is to be saved now.

        Returns
        -------
        str or None
            The text of the session file, if it is another one than before, and was not just saved.
        """
        is_due = self.has_new_scene or self.now_s() - self.saved_s >= SAVE_S
        return self.changed_text() if is_due else None

    def changed_text(self) -> str | None:
        """Tell the text of the session file, if it is another one than before."""
        now = Snapshot.take(self.memory, self.stamps)
        if not self.has_new_scene and np.array_equal(now.values[IN_SESSIONS], self.saved[IN_SESSIONS]):
            return None
        self.has_new_scene, self.saved, self.saved_s = False, now.values, self.now_s()
        return write_session(now, self.scenes)
