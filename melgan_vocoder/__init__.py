"""spectrogram -> audio.

::

    audio --spectrogram--> log-magnitude and band frequency --generator--> sub-bands --pqmf--> audio
                                 |                         ^
                                 +--excitation: sinusoids--+
            (all sized by format.MelFormat; weights come through vocoder_file; one_channel and stand_in serve models
            that draw log-magnitude alone)

Names that need torch are loaded when first used, so that the audio and control processes never import it.
"""

import importlib
from typing import Any

from melgan_vocoder.errors import LoopmorphError, VocoderError
from melgan_vocoder.format import MelFormat, OneChannelFormat

__all__ = [
    "PQMF",
    "LoopmorphError",
    "MelFormat",
    "OneChannelFormat",
    "SpectrogramTransform",
    "Vocoder",
    "VocoderConfig",
    "VocoderError",
    "load_vocoder",
    "save_vocoder",
]

_ROOMS = {
    "PQMF": "pqmf",
    "SpectrogramTransform": "spectrogram",
    "Vocoder": "generator",
    "VocoderConfig": "generator",
    "load_vocoder": "vocoder_file",
    "save_vocoder": "vocoder_file",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
