"""The vocoder file: the generator's weights with their MelFormat, sizes and card."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping

import numpy as np
import torch

from melgan_vocoder import SHIPPED_VOCODER
from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from melgan_vocoder.json_entry import read_fields
from melgan_vocoder.weights_file import read_header, read_tensors, write_weights

KIND = "loopmorph vocoder"
VERSION = 2
SHIPPED = SHIPPED_VOCODER


def load_vocoder(path: pathlib.Path = SHIPPED) -> Vocoder:
    """Load a vocoder, ready to play.

    Parameters
    ----------
    path : pathlib.Path
        A vocoder file; the shipped one by default.

    Returns
    -------
    Vocoder
        float32 on the CPU, in evaluation mode, no gradients.

    Raises
    ------
    VocoderError
        If the file is missing, broken, of another kind, version or architecture, or of another MelFormat.
    """
    header = read_header(path, kind=KIND, version=VERSION)
    mel_format = MelFormat()
    mel_format.require(header.mel_format, source=header.source)
    names = {field.name for field in dataclasses.fields(VocoderConfig)}
    sizes = read_fields(header.metadata.get("architecture"), names, entry="architecture", source=header.source)
    tensors = read_tensors(header)
    try:
        vocoder = Vocoder(mel_format, VocoderConfig(**sizes))
        vocoder.load_state_dict({name: torch.from_numpy(array.astype(np.float32)) for name, array in tensors.items()})
    except (VocoderError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise VocoderError(
            f"{header.source}: its architecture entry and its tensors do not make a vocoder ({reason}); export the "
            "file again"
        ) from error
    return vocoder.eval().requires_grad_(False)


def save_vocoder(path: pathlib.Path, vocoder: Vocoder, *, card: Mapping[str, object]) -> None:
    """Write a vocoder file, weights in float16.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes.
    vocoder : Vocoder
        The network.
    card : mapping
        Where its weights come from: corpus, licence, steps, metrics.
    """
    tensors = {name: value.detach().cpu().numpy().astype(np.float16) for name, value in vocoder.state_dict().items()}
    architecture = json.dumps(dataclasses.asdict(vocoder.config))
    write_weights(
        path,
        tensors,
        kind=KIND,
        version=VERSION,
        mel_format=vocoder.mel_format,
        metadata={"architecture": architecture, "card": json.dumps(dict(card))},
    )
