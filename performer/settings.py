"""What makes a page: the controls that are rendered into the loops of a deck."""

import dataclasses

import numpy as np

from performer.controls import DIRECTION_NAMES, SLOTS


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeckSettings:
    """The latent side of a deck at one moment."""

    seed: int
    """Loop in the pad's first corner."""
    morph: tuple[float, float] = (0.0, 0.0)
    """Place on the pad, right and up, 0 to 1."""
    strengths: tuple[float, ...] = (0.0,) * len(DIRECTION_NAMES)
    """Strength of each of `DIRECTION_NAMES`, in sigma."""
    spread: float = 0.8
    """How much the four loops differ, in sigma."""

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
            morph=(right, up),
            strengths=tuple(read(name)[0] for name in DIRECTION_NAMES),
            spread=read("spread")[0],
        )

    def to_array(self) -> np.ndarray:
        """Flatten the settings, to note them in shared memory.

        Returns
        -------
        np.ndarray [shape=(N_SETTINGS,)]
            float64.
        """
        return np.array([self.seed, *self.morph, *self.strengths, self.spread])
