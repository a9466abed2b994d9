"""z -> w -> mel.

::

    z --mapping--> w --synthesis--> mel
        (sized by config.ModelConfig; weights come through model_file and generator_weights)

Names that need torch are loaded when first used, so that the audio and control processes never import it.
"""

import pathlib

from melgan_vocoder.lazy import load_later
from stylegan_audio.config import ModelConfig
from stylegan_audio.errors import ModelError
from stylegan_audio.model_file import ModelHeader, ModelIdentity, read_model_header, write_model
from stylegan_audio.rewriting import rewrite_model

__all__ = [
    "SHIPPED_MODELS",
    "Discriminator",
    "Generator",
    "Mapping",
    "ModelConfig",
    "ModelError",
    "ModelHeader",
    "ModelIdentity",
    "Synthesis",
    "load_generator",
    "mix_styles",
    "read_model_header",
    "rewrite_model",
    "truncate",
    "write_model",
]

SHIPPED_MODELS = pathlib.Path(__file__).parent / "models"
"""Folder of the models that come with the package."""

__getattr__ = load_later(
    __name__,
    {
        "Discriminator": "discriminator",
        "Generator": "generator",
        "Mapping": "mapping",
        "Synthesis": "synthesis",
        "load_generator": "generator_weights",
        "mix_styles": "generator",
        "truncate": "mapping",
    },
)
