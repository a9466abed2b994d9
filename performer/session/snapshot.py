"""All controls at one moment, with the names of the models: what a scene is, and what a session goes on from."""

import dataclasses
import functools
import json
from collections.abc import Sequence

import numpy as np

from performer.controls import CONTROLS, N_DECKS, N_VALUES, SLOTS, default_values, find_control
from performer.errors import ControlError
from performer.memory import Memory
from performer.session.stamp import ModelStamp, choose_model
from performer.session.values import present_values

MOMENTARY = {"/nudge", "/panic", "/record"}
"""What a hand holds for a moment: neither in a scene nor in a session."""
CLOCK = {"/tempo", "/midi/clock", "/midi/offset"}
OUT_OF_SCENES = {*MOMENTARY, *CLOCK, "/cue/level", *(f"/deck/{deck + 1}/cue" for deck in range(N_DECKS))}
"""Besides, scenes leave the tempo to the clock, and the headphones to the ear that listens."""
MODEL_SLOTS = [SLOTS[f"/deck/{deck + 1}/model"].start for deck in range(N_DECKS)]


def slots_without(paths: set[str]) -> np.ndarray:
    """Tell where all values stand but those of some controls, as an array of booleans `[N_VALUES]`."""
    mask = np.ones(N_VALUES, bool)
    for path in paths & set(SLOTS):
        mask[SLOTS[path]] = False
    return mask


IN_SESSIONS, IN_SCENES = slots_without(MOMENTARY), slots_without(OUT_OF_SCENES)
"""Which values a session and a scene hold, `[N_VALUES]`."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """All controls at one moment."""

    values: np.ndarray
    """float64 `[N_VALUES]`."""
    models: tuple[ModelStamp, ...]
    """Each deck's model."""

    @classmethod
    def take(cls, memory: Memory, stamps: Sequence[ModelStamp]) -> "Snapshot":
        """Read all controls as they are now.

        Parameters
        ----------
        memory : Memory
            Where they are.
        stamps : sequence of ModelStamp
            The loaded models.
        """
        values = present_values(memory)
        return cls(values=values, models=tuple(stamps[min(int(values[slot]), len(stamps) - 1)] for slot in MODEL_SLOTS))

    @functools.cached_property
    def text(self) -> str:
        """As JSON: the values of each control by its address, and each deck's model."""
        entries = {
            control.path: self.values[SLOTS[control.path]].tolist()
            for control in CONTROLS
            if control.path not in MOMENTARY
        }
        lines = [f"    {json.dumps(path)}: {json.dumps(values)}" for path, values in entries.items()]
        models = json.dumps([dataclasses.asdict(stamp) for stamp in self.models])
        return '{{\n   "models": {},\n   "controls": {{\n{}\n   }}\n  }}'.format(models, ",\n".join(lines))

    @classmethod
    def from_entry(cls, entry: object) -> "Snapshot":
        """Read what `text` wrote; a control that is not named is at its default.

        Raises
        ------
        ControlError
            If it is something else, names an unknown control or a value that its control cannot take.
        """
        if not isinstance(entry, dict) or set(entry) != {"models", "controls"}:
            raise ControlError("models and controls are needed")
        controls, models = entry["controls"], entry["models"]
        if not isinstance(models, list) or len(models) != N_DECKS or not isinstance(controls, dict):
            raise ControlError(f"controls by address and {N_DECKS} models are needed")
        values = default_values()
        for path, arguments in controls.items():
            if not isinstance(arguments, list):
                raise ControlError(f"{path} is {arguments!r:.60}, a list of values is needed")
            control = find_control(path)
            values[SLOTS[path]] = control.accept(arguments)
        return cls(values=values, models=tuple(ModelStamp.from_entry(model) for model in models))

    def for_models(self, stamps: Sequence[ModelStamp], present: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """Say the decks' models by their places among those that are loaded now.

        Parameters
        ----------
        stamps : sequence of ModelStamp
            The loaded models.
        present : np.ndarray [shape=(N_VALUES,)]
            Values of all controls; a deck whose model is not loaded keeps the one that it has there.

        Returns
        -------
        tuple of np.ndarray [shape=(N_VALUES,)] and list of str
            The values, and a line for each deck whose model is another one.
        """
        values, remarks = self.values.copy(), []
        for deck, slot in enumerate(MODEL_SLOTS):
            values[slot], remark = choose_model(stamps, self.models[deck], present=int(present[slot]))
            if remark:
                remarks.append(f"deck {deck + 1}: {remark}")
        return values, remarks
