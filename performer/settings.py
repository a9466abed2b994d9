"""What a loop is drawn from: the controls that reach the networks, at one moment."""

import dataclasses

import numpy as np

from performer.controls import FIRST_PRESET, OWN_CORNER, SLOTS
from performer.direction_names import DIRECTION_NAMES

PLACE_NAMES = (
    "seed", "corners", "morph", "timbre", "split", "psi", *DIRECTION_NAMES, "hold", "spread", "walk", "transpose",
)  # fmt: skip
"""Controls that say where a deck is in its model's latent space."""


def place_slots(deck: int) -> list[int]:
    """Tell where the values of `PLACE_NAMES` stand, for a deck counted from 0."""
    slots = [SLOTS[f"/deck/{deck + 1}/{name}"] for name in PLACE_NAMES]
    return [index for slot in slots for index in range(slot.start, slot.stop)]


def preset_index(corner: int) -> int | None:
    """Tell which of the model's presets a corner of the pad holds, counted from 0; None if it holds a seed."""
    return FIRST_PRESET - corner if corner <= FIRST_PRESET else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeckSettings:
    """The latent side of a deck."""

    seed: int
    """Loop in the pad's first corner."""
    model: int = 0
    """Which of the loaded models draws."""
    corners: tuple[int, ...] = (-1,) * 4
    """Seeds pinned to the pad's corners; -1 leaves a corner to the seed, -2 and less are presets."""
    morph: tuple[float, float] = (0.0, 0.0)
    """Place on the pad, right and up, 0 to 1."""
    timbre: tuple[float, float] = (0.0, 0.0)
    """Place on the pad of the timbre, over the same corners."""
    split: float = 0.0
    """How much the fine levels go over to the place of the timbre, 0 to 1."""
    truncation_psi: float = 0.8
    """0 (the average loop) to 1 (as drawn)."""
    strengths: tuple[float, ...] = ()
    """Strength of each of `DIRECTION_NAMES`, in sigma; those that are left out at the end are 0."""
    hold: int = 0
    """1 plays directions that hold all other attributes where they are."""
    spread: float = 0.8
    """How much the four loops differ, in sigma."""
    walk: float = 0.0
    """Steps gone along the seed's random walk."""
    transpose: int = 0
    """Semitones up."""
    tempo_bpm: float = 120.0
    """Beats a minute."""

    def __post_init__(self) -> None:
        missing = len(DIRECTION_NAMES) - len(self.strengths)
        object.__setattr__(self, "strengths", (*self.strengths, *(0.0,) * missing))

    @classmethod
    def from_controls(cls, values: np.ndarray, *, deck: int) -> "DeckSettings":
        """Read a deck's settings from the array of control values.

        Parameters
        ----------
        values : np.ndarray [shape=(N_VALUES,)]
            In the order of `SLOTS`.
        deck : int
            Counted from 1.
        """

        def read(name: str) -> tuple[float, ...]:
            return tuple(float(value) for value in values[SLOTS[f"/deck/{deck}/{name}"]])

        (right, up), (timbre_right, timbre_up) = read("morph"), read("timbre")
        return cls(
            seed=int(read("seed")[0]),
            model=int(read("model")[0]),
            corners=tuple(int(seed) for seed in read("corners")),
            morph=(right, up),
            timbre=(timbre_right, timbre_up),
            split=read("split")[0],
            truncation_psi=read("psi")[0],
            strengths=tuple(read(name)[0] for name in DIRECTION_NAMES),
            hold=int(read("hold")[0]),
            spread=read("spread")[0],
            walk=read("walk")[0],
            transpose=int(read("transpose")[0]),
            tempo_bpm=float(values[SLOTS["/tempo"].start]),
        )

    @property
    def place(self) -> tuple[float, ...]:
        """Values of `PLACE_NAMES`, one after the other."""
        return (
            self.seed, *self.corners, *self.morph, *self.timbre, self.split, self.truncation_psi, *self.strengths,
            self.hold, self.spread, self.walk, self.transpose,
        )  # fmt: skip

    @property
    def seeds(self) -> tuple[int, ...]:
        """What each corner of the pad holds, first, right, upper, upper right: a seed, or a preset (-2 and less)."""
        return tuple(
            self.seed + corner if pinned == OWN_CORNER else pinned for corner, pinned in enumerate(self.corners)
        )

    @classmethod
    def from_array(cls, array: np.ndarray) -> "DeckSettings":
        """Read what `to_array` wrote."""
        seed, model, *rest = array.tolist()
        corners, (right, up, timbre_right, timbre_up, split, psi), rest = rest[:4], rest[4:10], rest[10:]
        n_directions = len(DIRECTION_NAMES)
        strengths, (hold, spread, walk, transpose, tempo_bpm) = rest[:n_directions], rest[n_directions:]
        return cls(
            seed=int(seed),
            model=int(model),
            corners=tuple(int(corner) for corner in corners),
            morph=(right, up),
            timbre=(timbre_right, timbre_up),
            split=split,
            truncation_psi=psi,
            strengths=tuple(strengths),
            hold=int(hold),
            spread=spread,
            walk=walk,
            transpose=int(transpose),
            tempo_bpm=tempo_bpm,
        )

    def to_array(self) -> np.ndarray:
        """Flatten the settings, to note them in shared memory.

        Returns
        -------
        np.ndarray [shape=(N_SETTINGS,)]
            float64.
        """
        return np.array(
            [self.seed, self.model, *self.corners, *self.morph, *self.timbre, self.split, self.truncation_psi,
             *self.strengths, self.hold, self.spread, self.walk, self.transpose, self.tempo_bpm]
        )  # fmt: skip
