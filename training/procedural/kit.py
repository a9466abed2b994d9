"""A kit: the sounds of a loop's drum voices, synthesised or recorded."""

import functools
from collections.abc import Callable

import numpy as np

from training.procedural import drum_voices, metal_voices
from training.procedural.drum_voices import KitStyle
from training.procedural.one_shots import OneShots
from training.procedural.seeding import chance

STYLED_VOICES: dict[str, Callable[[np.random.Generator, KitStyle], np.ndarray]] = {
    "kick": drum_voices.kick,
    "snare": drum_voices.snare,
    "rumble": drum_voices.rumble,
    "hat": metal_voices.hat,
}
"""How the voices are synthesised whose ranges depend on the genre."""
PLAIN_VOICES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "clap": drum_voices.clap,
    "rim": drum_voices.rim,
    "shaker": drum_voices.shaker,
    "fm_drum": drum_voices.fm_drum,
    "tom_low": functools.partial(drum_voices.tom, low_hz=75.0),
    "tom_mid": functools.partial(drum_voices.tom, low_hz=110.0),
    "tom_high": functools.partial(drum_voices.tom, low_hz=160.0),
    "hand_low": functools.partial(drum_voices.hand_drum, low_hz=150.0),
    "hand_mid": functools.partial(drum_voices.hand_drum, low_hz=240.0),
    "hand_high": functools.partial(drum_voices.hand_drum, low_hz=380.0),
    "open_hat": metal_voices.open_hat,
    "ride": metal_voices.ride,
    "crash": metal_voices.crash,
    "cowbell": metal_voices.cowbell,
    "bell": metal_voices.bell,
    "block": metal_voices.block,
}
"""How the other voices are synthesised."""
VOICES = (*STYLED_VOICES, *PLAIN_VOICES)
"""Names of all voices."""
STYLES = {
    "techno": KitStyle(kick_decay_s=(0.25, 0.6), kick_drive=(1.5, 5.0), hat_s=(0.04, 0.1), one_shots=0.4),
    "house": KitStyle(kick_hz=(48.0, 62.0), kick_decay_s=(0.2, 0.4), one_shots=0.5),
    "breaks": KitStyle(
        kick_hz=(55.0, 75.0),
        kick_decay_s=(0.12, 0.28),
        snare_hz=(175.0, 260.0),
        snare_decay_s=(0.2, 0.45),
        hat_s=(0.06, 0.18),
        one_shots=0.6,
    ),
    "percussion": KitStyle(kick_hz=(50.0, 80.0), kick_decay_s=(0.3, 0.7), one_shots=0.5),
}
"""Each drum genre's ranges."""


def draw_voice(voice: str, rng: np.random.Generator, *, style: KitStyle, one_shots: OneShots | None) -> np.ndarray:
    """Draw the sound of one voice.

    Parameters
    ----------
    voice : str
        One of `VOICES`.
    rng : np.random.Generator
        Where its parameters are drawn.
    style : KitStyle
        The ranges.
    one_shots : OneShots or None
        Recorded hits that may stand in for it.

    Returns
    -------
    np.ndarray [shape=(n,)]
        float32, peak 1.
    """
    recorded = chance(rng, style.one_shots)
    sound = one_shots.draw(voice, rng) if one_shots is not None and recorded else None
    if sound is None:
        sound = STYLED_VOICES[voice](rng, style) if voice in STYLED_VOICES else PLAIN_VOICES[voice](rng)
    return sound / np.float32(max(float(np.max(np.abs(sound))), 1e-6))
