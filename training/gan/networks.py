"""Networks of a run: equalised for training, their running mean, and how they begin with what others learned."""

import copy
import dataclasses
import pathlib
from typing import TypeVar

import torch
from torch import nn

from melgan_vocoder.format import LoopFormat
from stylegan_audio.discriminator import Discriminator
from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.layers import equalise, fold, unfold
from stylegan_audio.model_file import read_model_header
from training.errors import TrainingError
from training.gan.config import GanTrainingConfig

Network = TypeVar("Network", bound=nn.Module)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Networks:
    """What a checkpoint holds beside optimisers; all equalised, or all folded."""

    generator: Generator
    """Learns."""
    averaged: Generator
    """The running mean of its weights: what is played."""
    discriminator: Discriminator | None
    """Learns; None where only a generator is known."""

    def folded(self) -> "Networks":
        """Copy them without the factors of equalised learning rate."""
        discriminator = None if self.discriminator is None else fold_copy(self.discriminator)
        return Networks(
            generator=fold_copy(self.generator), averaged=fold_copy(self.averaged), discriminator=discriminator
        )

    def named(self) -> dict[str, nn.Module]:
        """Those that there are, by name."""
        networks = {"generator": self.generator, "averaged": self.averaged, "discriminator": self.discriminator}
        return {name: network for name, network in networks.items() if network is not None}


def make_networks(config: GanTrainingConfig, mel_format: LoopFormat) -> Networks:
    """Make the networks of a run, with weights drawn from its seed.

    Parameters
    ----------
    config : GanTrainingConfig
        Sizes, seed and the mapping network's step size.
    mel_format : LoopFormat
        The format of the spectrograms.

    Returns
    -------
    Networks
        Equalised, on the CPU.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        generator = Generator(mel_format, config.model)
        equalise(generator.mapping, lr_multiplier=config.optimiser.mapping_lr_multiplier)
        equalise(generator.synthesis)
        discriminator = Discriminator(mel_format, config.discriminator)
        equalise(discriminator)
    averaged = copy.deepcopy(generator).eval().requires_grad_(False)
    return Networks(generator=generator, averaged=averaged, discriminator=discriminator)


def fold_copy(network: Network) -> Network:
    """Copy a network without the factors of equalised learning rate."""
    copied = copy.deepcopy(network)
    fold(copied)
    return copied


def read_model(path: pathlib.Path) -> Networks:
    """Read a model file's generator, to train it further.

    Raises
    ------
    LoopmorphError
        If it is missing, broken or of another kind.
    """
    generator = load_generator(read_model_header(path))
    return Networks(generator=generator, averaged=generator, discriminator=None)


def begin_with(networks: Networks, start: Networks, *, source: str) -> None:
    """Give networks the weights of others; a discriminator that is not there stays as it was drawn.

    Parameters
    ----------
    networks : Networks
        Equalised; changed.
    start : Networks
        Folded, of the same sizes and format.
    source : str
        Where they are from, for the error message.

    Raises
    ------
    TrainingError
        If sizes or format differ.
    """
    wanted, got = networks.generator, start.generator
    if got.mel_format != wanted.mel_format:
        raise TrainingError(
            f"{source}: its spectrograms have {got.mel_format.n_channels} channels of format version "
            f"{got.mel_format.version}, {wanted.mel_format.n_channels} of version {wanted.mel_format.version} are "
            "needed; begin with a model of the same format, or anew"
        )
    if got.config != wanted.config:
        raise TrainingError(
            f"{source}: its generator has {got.config}, the preset needs {wanted.config}; choose another file or preset"
        )
    for name, network in networks.named().items():
        if (known := start.named().get(name)) is not None:
            try:
                network.load_state_dict(unfold(network, known.state_dict()))
            except RuntimeError as error:
                reason = str(error).splitlines()[-1].strip()
                raise TrainingError(
                    f"{source}: its {name} does not fit ({reason[:160]}), the preset's sizes are needed; choose "
                    "another preset"
                ) from error
