"""A deck's voice: which clip it reads, where, and how fast.

A clip is read in a straight line: the place in it is `base + (position - anchor) * rate`.
"""

import numpy as np

from performer.clock import TICKS_A_CELL
from performer.desk.compiled import compiled

FADE_MS = 20.0
"""Crossfade from one clip to another."""
FALL = 256
"""Samples over which a clip fades out behind its cell; a loose one before the next hit."""
FIT = 0.002
"""A clip is read at the clock's tempo if its own differs by no more; the pitch then by 3.5 cents at most."""
EXACT = 1e-9
"""Rates and places this near to a whole number are the number."""
DIGIT = 4
"""Base of the two digits of a word of `playing`: what sounds, and what fades out."""
FLIP_TICKS = (0, 8, 32, 64)
"""Ticks between the moments at which a deck flips, by its control: now, on the beat, the bar, the loop."""
REPEAT_TICKS = (0, 8, 4, 2, 1)
"""Length of a beat repeat, by its control: off, 1/4, 1/8, 1/16, 1/32."""

VOICE = np.dtype(
    [
        ("cell", "i8"), ("slot", "i8"), ("anchor", "i8"), ("base", "f8"), ("rate", "f8"),  # what sounds
        ("loose", "i8"),  # 1 for a clip of another tempo than the clock's: it ends before its cell does, or is cut off
        ("old_cell", "i8"), ("old_slot", "i8"), ("old_anchor", "i8"), ("old_base", "f8"), ("old_rate", "f8"),
        ("old_loose", "i8"),
        ("fade_left", "i8"),  # samples of the fade still to come
        ("correlation", "f8"),  # of the two clips
        ("tick", "i8"),  # boundary behind
        ("next_tick", "i8"),  # boundary ahead
        ("boundary", "i8"),  # its sample
        ("prepared", "i8"),  # 1 once it is known what comes then
        ("next_cell", "i8"), ("next_slot", "i8"), ("next_joins", "i8"),
        ("turn", "i8"),  # stretch of the clock that all this was reckoned with
        ("repeat", "i8"), ("repeat_from", "i8"),  # length and first tick of a beat repeat
    ],
    align=True,
)  # fmt: skip
"""State of a voice."""

PLAY = np.dtype(
    [
        ("flip", "i8"),  # of `FLIP_TICKS`
        ("frozen", "i8"),
        ("rotate", "i8"),  # sixteenths
        ("n_ticks", "i8"),  # of the loop: 64, or 32 for one bar
        ("repeat", "i8"),  # of `REPEAT_TICKS`
    ],
    align=True,
)
"""How a deck is played."""


def new_voice() -> np.ndarray:
    """Make the state of a silent voice.

    Returns
    -------
    np.ndarray [shape=(1,)]
        Of `VOICE`.
    """
    voice = np.zeros(1, VOICE)
    silence_voice(voice)
    return voice


@compiled
def silence_voice(voice: np.ndarray) -> None:
    """Let a voice play nothing; what it plays next it takes up where the clock is by then."""
    v = voice[0]
    v.slot = v.old_slot = v.next_slot = -1
    v.prepared = v.next_joins = v.fade_left = 0
    v.turn = -1


@compiled
def sample_of(tick: float, line: np.ndarray) -> float:
    """Place of a tick on the counter of samples."""
    return line[0].position + (tick - line[0].tick) / line[0].ticks_a_sample


@compiled
def tick_of(position: int, line: np.ndarray) -> float:
    """Tick at a sample."""
    return line[0].tick + (position - line[0].position) * line[0].ticks_a_sample


@compiled
def fitting_rate(length: float, line: np.ndarray) -> float:
    """Rate at which a cell of that length is read at the clock's tempo; 0 if its own differs too much."""
    rate = length * line[0].ticks_a_sample / TICKS_A_CELL
    if abs(rate / line[0].native_rate - 1.0) > FIT:
        return 0.0
    return 1.0 if abs(rate - 1.0) < EXACT else rate


@compiled
def loop_tick(tick: int, voice: np.ndarray, play: np.ndarray) -> int:
    """Turn a tick of the clock into a tick of the loop, by repeat, rotation and length."""
    if voice[0].repeat > 0:
        tick = voice[0].repeat_from + (tick - voice[0].repeat_from) % voice[0].repeat
    return (tick + play[0].rotate * TICKS_A_CELL) % play[0].n_ticks


@compiled
def step_ticks(tick: int, voice: np.ndarray) -> int:
    """Ticks from a boundary to the next one."""
    return 1 if voice[0].repeat == 1 else TICKS_A_CELL - tick % TICKS_A_CELL


@compiled
def place_of(position: int, voice: np.ndarray) -> float:
    """Place in the sounding clip at a sample."""
    v = voice[0]
    return v.base + (position - v.anchor) * v.rate
