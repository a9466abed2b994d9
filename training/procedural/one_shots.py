"""One-shots: recorded drum hits by the voice they can stand in for."""

import dataclasses
import re

import numpy as np

from training.procedural.seeding import pick

VOICE_NAMES: tuple[tuple[str, str], ...] = (
    ("kick", r"bd_|kick|drum_bass"),
    ("snare", r"sn_|snare"),
    ("clap", r"clap|cp_"),
    ("open_hat", r"hat_open|oh_|cymbal_open|hat_metal|hat_len"),
    ("hat", r"hat_|hh_|cymbal_closed|cymbal_pedal"),
    ("ride", r"ride|cymbal_soft|cymbal_hard"),
    ("crash", r"crash|splash"),
    ("tom_low", r"tom_lo"),
    ("tom_high", r"tom_hi"),
    ("tom_mid", r"tom"),
    ("cowbell", r"cowbell"),
    ("rim", r"rim|elec_tick|elec_pop|snap"),
    ("block", r"block|clave|stick|elec_plip|elec_blip"),
    ("bell", r"bell|triangle|elec_ping|elec_bong|elec_beep"),
    ("hand_low", r"tabla_(ghe|dhec|re)|conga"),
    ("hand_high", r"tabla_|bongo"),
    ("shaker", r"shak|swash|maraca"),
    ("fm_drum", r"elec_|perc"),
)
"""Voices and the file names that fit them (regular expressions, the first that fits wins)."""


def voice_of(name: str) -> str | None:
    """Voice that a file of this name can stand in for; None if it is no drum."""
    return next((voice for voice, pattern in VOICE_NAMES if re.search(pattern, name.lower())), None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class OneShots:
    """Recorded hits by voice."""

    sounds: dict[str, list[np.ndarray]]
    """float32 `[n]` at 48 kHz each, beginning with the hit, peak 1."""

    def draw(self, voice: str, rng: np.random.Generator) -> np.ndarray | None:
        """Draw a hit of a voice; None if there is none."""
        return pick(rng, self.sounds[voice]) if self.sounds.get(voice) else None

    def __len__(self) -> int:
        return sum(len(group) for group in self.sounds.values())
