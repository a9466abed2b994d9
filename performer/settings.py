"""What a loop is drawn from: the controls that reach the networks, at one moment."""

import dataclasses

import numpy as np

from performer.controls import DIRECTION_NAMES, SLOTS

PLACE_NAMES = ("seed", "corners", "morph", "psi", *DIRECTION_NAMES, "spread", "walk", "transpose")
"""Controls that say where a deck is in its model's latent space."""


def place_slots(deck: int) -> list[int]:
    """Tell where the values of `PLACE_NAMES` stand, for a deck counted from 0."""
    slots = [SLOTS[f"/deck/{deck + 1}/{name}"] for name in PLACE_NAMES]
    return [index for slot in slots for index in range(slot.start, slot.stop)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeckSettings:
    """The latent side of a deck."""

    seed: int
    """Loop in the pad's first corner."""
    model: int = 0
    """Which of the loaded models draws."""
    corners: tuple[int, ...] = (-1,) * 4
    """Seeds pinned to the pad's corners; -1 leaves a corner to the seed."""
    morph: tuple[float, float] = (0.0, 0.0)
    """Place on the pad, right and up, 0 to 1."""
    truncation_psi: float = 0.8
    """0 (the average loop) to 1 (as drawn)."""
    strengths: tuple[float, ...] = (0.0,) * len(DIRECTION_NAMES)
    """Strength of each of `DIRECTION_NAMES`, in sigma."""
    spread: float = 0.8
    """How much the four loops differ, in sigma."""
    walk: float = 0.0
    """Steps gone along the seed's random walk."""
    transpose: int = 0
    """Semitones up."""
    tempo_bpm: float = 120.0
    """Beats a minute."""

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

        right, up = read("morph")
        return cls(
            seed=int(read("seed")[0]),
            model=int(read("model")[0]),
            corners=tuple(int(seed) for seed in read("corners")),
            morph=(right, up),
            truncation_psi=read("psi")[0],
            strengths=tuple(read(name)[0] for name in DIRECTION_NAMES),
            spread=read("spread")[0],
            walk=read("walk")[0],
            transpose=int(read("transpose")[0]),
            tempo_bpm=float(values[SLOTS["/tempo"].start]),
        )

    @property
    def place(self) -> tuple[float, ...]:
        """Values of `PLACE_NAMES`, one after the other."""
        return (
            self.seed, *self.corners, *self.morph, self.truncation_psi, *self.strengths, self.spread, self.walk,
            self.transpose,
        )  # fmt: skip

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seed of each corner of the pad: first, right, upper, upper right."""
        return tuple(self.seed + corner if pinned < 0 else pinned for corner, pinned in enumerate(self.corners))

    @classmethod
    def from_array(cls, array: np.ndarray) -> "DeckSettings":
        """Read what `to_array` wrote."""
        seed, model, *rest = array.tolist()
        corners, (right, up, psi), rest = rest[:4], rest[4:7], rest[7:]
        strengths, (spread, walk, transpose, tempo_bpm) = rest[: len(DIRECTION_NAMES)], rest[len(DIRECTION_NAMES) :]
        return cls(
            seed=int(seed),
            model=int(model),
            corners=tuple(int(corner) for corner in corners),
            morph=(right, up),
            truncation_psi=psi,
            strengths=tuple(strengths),
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
            [self.seed, self.model, *self.corners, *self.morph, self.truncation_psi, *self.strengths, self.spread,
             self.walk, self.transpose, self.tempo_bpm]
        )  # fmt: skip
