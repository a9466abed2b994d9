"""spectrogram -> audio.

::

    audio --spectrogram--> log-magnitude and band frequency --generator--> sub-bands --pqmf--> audio
                                 |                         ^
                                 +--excitation: sinusoids--+
            (all sized by format.MelFormat; weights come through vocoder_file; one_channel and stand_in serve models
            that draw log-magnitude alone)

Names that need torch are loaded when first used, so that the audio and control processes never import it.
"""

import pathlib

from melgan_vocoder.errors import LoopmorphError, VocoderError
from melgan_vocoder.format import MelFormat, OneChannelFormat
from melgan_vocoder.lazy import load_later

__all__ = [
    "PQMF",
    "SHIPPED_VOCODER",
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

SHIPPED_VOCODER = pathlib.Path(__file__).parent / "weights" / "vocoder.safetensors"
"""The vocoder that comes with the package."""

__getattr__ = load_later(
    __name__,
    {
        "PQMF": "pqmf",
        "SpectrogramTransform": "spectrogram",
        "Vocoder": "generator",
        "VocoderConfig": "generator",
        "load_vocoder": "vocoder_file",
        "save_vocoder": "vocoder_file",
    },
)
