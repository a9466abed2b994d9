"""Prototype weights -> the first model file.

The prototype is a drum model that was trained to show that the networks learn; its file holds plain tensors without
MelFormat, architecture or card. This converter gives them the names of today's networks.
"""

import pathlib
import re

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file

from melgan_vocoder.format import OneChannelFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import generator_tensors
from stylegan_audio.model_file import ModelIdentity, write_model
from training.errors import TrainingError

DRUMS_CARD = {
    "corpus": "16 384 two-bar drum loops at 120 BPM: techno, house, breaks and electro patterns drawn at random",
    "license": "CC0-1.0",
    "provenance": "CC0 one-shots (freesound.org, Sonic Pi's sample set) and synthesised drums",
    "kimg": 567,
    "metrics": {"js_divergence": 0.047, "js_divergence_floor": 0.0156, "coverage_of_floor": 0.99},
}


def convert_drums(source: pathlib.Path, target: pathlib.Path) -> None:
    """Convert the prototype's drum generator into the model file `drums`, without directions.

    Parameters
    ----------
    source : pathlib.Path
        The prototype's `drums.safetensors`.
    target : pathlib.Path
        Where the model file goes.

    Raises
    ------
    TrainingError
        If the source's tensors are not the prototype's.
    """
    renamed = {drums_name(name): array.astype(np.float32) for name, array in read_prototype(source).items()}
    generator = Generator(OneChannelFormat(), ModelConfig())
    load_state(generator, renamed, source=source)
    write_model(
        target,
        generator_tensors(generator),
        identity=ModelIdentity(name="drums", genre="techno, house, breaks, electro", role="rhythm", card=DRUMS_CARD),
        config=generator.config,
        mel_format=generator.mel_format,
    )


def read_prototype(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Read a prototype file's tensors.

    Raises
    ------
    TrainingError
        If it is missing or broken.
    """
    if not path.is_file():
        raise TrainingError(f"{path}: no such file; a prototype's safetensors file is needed; check the folder")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise TrainingError(
            f"{path}: not a whole safetensors file ({error}); a prototype's file is needed; copy it again"
        ) from error


def drums_name(name: str) -> str:
    """Today's name of a tensor of the prototype's generator."""
    name = re.sub(r"^level(\d)\.", r"synthesis.levels.\1.", name)
    name = re.sub(r"^mapping\.", "mapping.layers.", name)
    name = re.sub(r"^const$", "synthesis.const", name)
    return name.replace(".to_mel.", ".to_spectrogram.")


def load_state(network: torch.nn.Module, arrays: dict[str, np.ndarray], *, source: pathlib.Path) -> None:
    """Fill a network with arrays.

    Raises
    ------
    TrainingError
        If names or shapes differ from the network's.
    """
    try:
        network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise TrainingError(
            f"{source.name}: not the prototype's tensors ({reason}); choose the prototype's file"
        ) from error
