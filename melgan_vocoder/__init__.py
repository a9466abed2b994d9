"""mel -> audio.

::

    audio --mel / differentiable_mel--> mel --generator--> sub-bands --pqmf--> audio
            (all sized by format.MelFormat; weights come through vocoder_file)

Names that need torch are loaded when first used, so that the audio and control processes never import it.
"""

import importlib
from typing import Any

from melgan_vocoder.errors import LoopmorphError, VocoderError
from melgan_vocoder.format import MelFormat

__all__ = [
    "PQMF",
    "DifferentiableMel",
    "LoopmorphError",
    "MelFormat",
    "Vocoder",
    "VocoderConfig",
    "VocoderError",
    "load_vocoder",
    "mel_spectrogram",
    "save_vocoder",
]

_ROOMS = {
    "PQMF": "pqmf",
    "DifferentiableMel": "differentiable_mel",
    "Vocoder": "generator",
    "VocoderConfig": "generator",
    "load_vocoder": "vocoder_file",
    "mel_spectrogram": "mel",
    "save_vocoder": "vocoder_file",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
