"""What is asked for: role, tempo and licence of the recordings."""

import dataclasses

from training.errors import TrainingError

ROLES = ("rhythm", "bass", "pad", "texture")
"""What a corpus's loops are for: rhythms must keep to the grid, textures need no beat."""
BPM_LIMITS = (40.0, 250.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How a folder of recordings is cut.

    Raises
    ------
    TrainingError
        If the role or the tempo does not exist.
    """

    role: str = "rhythm"
    """One of `ROLES`; the genre of the loops."""
    tempo_bpm: float | None = None
    """Tempo of all recordings, if it is known, 40 to 250."""
    licence: str = "unknown"
    """SPDX name of their licence."""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise TrainingError(f"role is {self.role!r}, one of {', '.join(ROLES)} is needed; choose one")
        low, high = BPM_LIMITS
        if self.tempo_bpm is not None and not low <= self.tempo_bpm <= high:
            raise TrainingError(f"bpm is {self.tempo_bpm:g}, {low:g} to {high:g} is needed; correct it")
