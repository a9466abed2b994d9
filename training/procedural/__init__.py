"""Genre and seed -> loops from nothing: corpora that nobody had to record.

::

    seeding --> rhythm --> techno, house, breaks, percussion --> drums --+
                one_shots, drum_voices, metal_voices --> kit ----^       |
                harmony --> line, melodies --> bass, pads ---------------+--> genres --> synthesise --> a corpus
                weather, animals, motion --> nature ---------------------+
                tones, sweeps -------------------------------------------+
            (all placed by grid; sounding through oscillators, noise, filters, envelopes)

Names are loaded when first used, so that `--help` is fast.
"""

import importlib
from typing import Any

__all__ = ["GENRES", "OneShots", "draw_loop", "read_one_shots", "synthesise"]

_ROOMS = {
    "GENRES": "genres",
    "OneShots": "one_shots",
    "draw_loop": "genres",
    "read_one_shots": "sample_folder",
    "synthesise": "synthesis",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
