"""A folder of recordings, tracks or loops -> a corpus of 2-bar loops at their own tempi.

::

    audio_file --> tempo_hint ----------------------------------------+
        |          onsets --> tempo --> bar_profile --> downbeat -----+--> placement --> cutting --> loudness --+
        |                                evidence, onset_rise --^     |                                         |
        +--------- whole_bars ----------------------------------------+        rejection, meter, fingerprint <--+
                                                                                            |
                        file_loops (all of the above, for one file) --> journal --> build --> a corpus, summary, picture

Names are loaded when first used, so that `--help` is fast.
"""

import importlib
from typing import Any

__all__ = ["ROLES", "BarGrid", "Settings", "build_corpus", "find_grid"]

_ROOMS = {
    "ROLES": "settings",
    "BarGrid": "downbeat",
    "Settings": "settings",
    "build_corpus": "build",
    "find_grid": "downbeat",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
